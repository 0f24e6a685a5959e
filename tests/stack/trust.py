"""Whom a verifier trusts (trusted roots) and whom a signer asks (signing configs).

Both are written by cosign itself from flags that name addresses, keys and days. Paths of trusted roots are relative to
the fixtures.
"""

from pathlib import Path

import services

# From when on the roots trust their services: a fixed day before anything here was signed. And two days on which some
# services' time ends: one before anything here was signed, one after.
TRUST_SINCE = "2025-01-01T00:00:00Z"
LONG_OVER = "2025-06-01T00:00:00Z"
FAR_AWAY = "2099-01-01T00:00:00Z"

STACK = "trust/trusted_root.json"
OWN_AUTHORITY = "trust/trusted_root.byo.json"
# GitHub's authority for private repositories stands on timestamps alone: no transparency log of either kind.
GITHUB_PRIVATE = "trust/trusted_root.github.json"
# Rekor v1 got a new key; the old one stays good for what it signed.
LOG_ROTATED = "trust/trusted_root.log-rotated.json"
LOG_NEW_KEY_ONLY = "trust/trusted_root.log-new-key-only.json"
LOG_OLD_KEY_ENDED = "trust/trusted_root.log-old-key-ended.json"
AUTHORITY_ENDED = "trust/trusted_root.authority-ended.json"
TIMESTAMPS_ENDED = "trust/trusted_root.timestamps-ended.json"

# The combinations of witnesses that a signature can have, by the name of their signing config.
REKOR1, REKOR1_NEXT, REKOR2, REKOR2_DSSE = "rekor1", "rekor1-next", "rekor2", "rekor2-dsse"
REKOR1_AND_TSA, TSA_ONLY, NOTHING = "rekor1+tsa", "tsa", "none"
# a timestamp, and a certificate from the authority that logs nothing
GITHUB_TSA = "github-tsa"


def trusted_roots(pki: Path) -> dict:
    """For each trusted root its path and the flags of `cosign trusted-root create`."""

    def trusted(service, url, **more):
        fields = {"url": url, "start-time": TRUST_SINCE}
        fields.update({name.replace("_", "-"): value for name, value in more.items()})
        return f"--{service}=" + ",".join(f"{name}={value}" for name, value in fields.items())

    def authority(name, **more):
        return trusted("fulcio", f"https://{name}.fixture.test", certificate_chain=pki / f"{name}-chain.pem", **more)

    def rekor(name, **more):
        return trusted("rekor", f"https://{name}.fixture.test", public_key=pki / f"{name}.pub", **more)

    def tsa(**more):
        return trusted("tsa", "https://tsa.fixture.test/api/v1/timestamp", certificate_chain=pki / "tsa-chain.pem", **more)

    ct_log = trusted("ctfe", "https://ct.fixture.test/ctlog", public_key=pki / "ct.pub")
    # A Rekor v2 log's origin has to be the host name of its URL.
    rekor2 = [rekor(name, origin=f"{name}.fixture.test") for name in ("rekor2", "rekor2-dsse")]
    return {
        STACK: [authority("fulcio"), ct_log, rekor("rekor1"), *rekor2, tsa()],
        OWN_AUTHORITY: [authority("byo"), rekor("rekor1"), *rekor2, tsa()],
        GITHUB_PRIVATE: [authority("fulcio-github"), tsa()],
        LOG_ROTATED: [authority("fulcio"), ct_log, rekor("rekor1", end_time=FAR_AWAY), rekor("rekor1-next"), tsa()],
        LOG_NEW_KEY_ONLY: [authority("fulcio"), ct_log, rekor("rekor1-next"), tsa()],
        LOG_OLD_KEY_ENDED: [authority("fulcio"), ct_log, rekor("rekor1", end_time=LONG_OVER), rekor("rekor1-next"), tsa()],
        AUTHORITY_ENDED: [authority("fulcio", end_time=LONG_OVER), ct_log, rekor("rekor1"), *rekor2, tsa()],
        TIMESTAMPS_ENDED: [authority("fulcio"), ct_log, rekor("rekor1"), *rekor2, tsa(end_time=LONG_OVER)],
    }


def signing_configs() -> dict:
    """For each combination of witnesses the flags of `cosign signing-config create`."""

    def service(kind, url, api_version=1):
        return f"--{kind}=url={url},api-version={api_version},start-time={TRUST_SINCE},operator=fixture.test"

    def fulcio(address=services.FULCIO):
        return [service("fulcio", f"http://{address}"), service("oidc-provider", f"http://{services.ISSUER}")]

    def rekor(address, api_version):
        return [service("rekor", f"http://{address}", api_version), "--rekor-config=ANY"]

    tsa = [service("tsa", services.TIMESTAMP_URL), "--tsa-config=ANY"]
    return {
        REKOR1: fulcio() + rekor(services.REKOR1, 1),
        REKOR1_NEXT: fulcio() + rekor(services.REKOR1_NEXT, 1),
        REKOR1_AND_TSA: fulcio() + rekor(services.REKOR1, 1) + tsa,
        # Rekor v2 signs no time, so these need a timestamp.
        REKOR2: fulcio() + rekor(services.REKOR2, 2) + tsa,
        REKOR2_DSSE: fulcio() + rekor(services.REKOR2_DSSE, 2) + tsa,
        TSA_ONLY: fulcio() + tsa,
        GITHUB_TSA: fulcio(services.FULCIO_GITHUB) + tsa,
        NOTHING: fulcio(),
    }


def root_for_signing(signer, witnesses: str) -> str:
    """The trusted root against which cosign checks what its services hand it while it signs."""
    return {GITHUB_TSA: GITHUB_PRIVATE, REKOR1_NEXT: LOG_ROTATED}.get(witnesses, signer.trusted_root)
