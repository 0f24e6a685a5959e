"""Writes ORIGIN.md: what made the fixtures, when, and which secrets behind them are throwaway."""

import datetime
import subprocess

from programs import PROGRAMS
from questions import ACCEPTED


def describe(scenarios: list, records: list) -> str:
    """The text."""
    accepted = sum(record["verdict"] == ACCEPTED for record in records)
    refused = len(records) - accepted
    versions = "\n".join(f"| {program.what} | {program.module} {program.version} |" for program in PROGRAMS)
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.split("(")[0].strip()
    table = "\n".join(f"| {scenario.name} | {scenario.about} |" for scenario in scenarios)
    return f"""# Where these fixtures come from

Made on {datetime.date.today()} by `make fixtures` (`python3 tests/stack/make_fixtures.py`), which ran a real
Sigstore on loopback and real cosign 3 and 2 against it. Nothing here was written by hand; to change it, change
`tests/stack/scenarios.py` and make it again.

| program | version |
|---|---|
{versions}
| keys and certificates | {openssl} |

## What is here

- `layouts/referrers/REPOSITORY`, `layouts/noreferrers/REPOSITORY`: one OCI image layout for each repository of
  the two registries, 127.0.0.1:17021 (with the referrers API) and 127.0.0.1:17022 (without). Tags are in
  `org.opencontainers.image.ref.name`; referrers are further descriptors of `index.json`.
- `trust/`: the stack's trusted roots, and the same keys and chains as files, which is how cosign 2 reads them.
- `keys/`: the signers' public keys and certificates.
- `questions.json`: {len(records)} questions to cosign, with its verdicts: {accepted} accepted, {refused} refused.
  `question` is data, `args` and `environment` are what cosign was given; `$FIXTURES` stands for this folder.

## Secrets

Every private key behind these files (signing keys, certificate authorities, logs, timestamp authority, token
issuer) was made for this purpose, protects nothing, and is not in the project: it stays in the work folder of
the machine that made the fixtures. The identities are invented; certificates name GitHub's issuer because the
stack's Fulcio was told to believe a stand-in.

## Scenarios

| repository | about |
|---|---|
{table}
"""
