"""Where fixtures are made: runs cosign, and hands out the files that its flags name.

Two folders. `work` is private: tokens, imported keys, signing configs, a log of every command. `fixtures` is what will be
published: trusted roots, public keys, and later the layouts.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import trust
from pki import SIGNING_KEYS
from questions import V2_TRUST_FILES

CLIENTS = {"cosign-v3": "cosign", "cosign-v2": "v2/cosign"}
PUBLISHED_TRUST = [
    "fulcio-chain.pem",
    "tsa-chain.pem",
    "ct.pub",
    "rekor1.pub",
    "rekor1-next.pub",
    "rekor2.pub",
    "rekor2-dsse.pub",
]
PUBLISHED_KEYS = [
    *(f"{name}.pub" for name in SIGNING_KEYS),
    "byo-leaf.crt",
    "byo-expired.crt",
    "byo-int.crt",
    "byo-root.crt",
    "byo-chain.pem",
]


class Workshop:
    """The state that every step and question shares."""

    def __init__(self, programs: Path, pki: Path, work: Path, fixtures: Path, stack):
        self.programs = programs
        self.pki = pki
        self.work = work
        self.fixtures = fixtures
        self.stack = stack
        self.commands = 0
        self.log = open(work / "commands.log", "w")

    def set_up(self):
        """Trusted roots, public keys and signing configs: what every command needs."""
        for folder, names in (("trust", PUBLISHED_TRUST), ("keys", PUBLISHED_KEYS)):
            (self.fixtures / folder).mkdir(parents=True)
            for name in names:
                shutil.copyfile(self.pki / name, self.fixtures / folder / name)
        for path, flags in trust.trusted_roots(self.pki).items():
            self.cosign("cosign-v3", ["trusted-root", "create", *flags, "--out", self.fixtures / path])
            # cosign writes it for its owner only
            (self.fixtures / path).chmod(0o644)
        (self.work / "signing-configs").mkdir()
        for name, flags in trust.signing_configs().items():
            self.cosign("cosign-v3", ["signing-config", "create", *flags, "--out", self.signing_config(name)])

    def signing_config(self, name: str) -> Path:
        """The signing config for a combination of witnesses."""
        return self.work / "signing-configs" / f"{name}.json"

    def token_file(self, signer) -> Path:
        """A file with a fresh identity token for this signer."""
        path = self.work / "token"
        path.write_text(self.stack.issuer.token(signer.claims()))
        return path

    def imported_key(self, name: str) -> Path:
        """A private key as cosign wants it; imported once."""
        prefix = self.work / "keys" / name
        path = prefix.with_suffix(".key")
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            self.cosign("cosign-v3", ["import-key-pair", "--key", self.pki / f"{name}.key", "--output-key-prefix", prefix])
        return path

    def json_file(self, name: str, value: dict) -> Path:
        """A file for a flag that names one; overwritten by the next of the same name."""
        path = self.work / f"{name}.json"
        path.write_text(json.dumps(value))
        return path

    def cosign(self, client: str, arguments: list, environment: dict = None) -> str:
        """Run a cosign that has to succeed; returns what it printed."""
        done = self.run_cosign(client, arguments, environment or {})
        if done.returncode:
            raise RuntimeError(f"{client} {' '.join(map(str, arguments))}\n{done.stderr}")
        return done.stdout

    def run_cosign(self, client: str, arguments: list, environment: dict) -> subprocess.CompletedProcess:
        """Run a cosign in an environment that holds nothing but what is said here."""
        self.commands += 1
        command = [self.programs / CLIENTS[client], *arguments]
        clean = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work / "home"),
            "COSIGN_PASSWORD": "",
            "COSIGN_YES": "true",
            "SIGSTORE_NO_CACHE": "1",
        }
        if arguments[0] in ("sign", "attest"):
            # cosign 2 checks what Fulcio and Rekor hand it before it pushes
            clean.update(self.environment_of_trust() if client == "cosign-v2" else {})
        done = subprocess.run(command, env={**clean, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        print("$", client, *arguments, environment or "", f"-> {done.returncode}", file=self.log)
        print(done.stderr, file=self.log, flush=True)
        return done

    def environment_of_trust(self) -> dict:
        """The variables from which cosign 2 learns whom to trust."""
        return {name: str(self.fixtures / path) for name, path in V2_TRUST_FILES.items()}
