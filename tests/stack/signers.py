"""Who signs: people, GitHub workflows, holders of keys, a company with its own authority.

A signer knows three things: how cosign is told to sign as it (`signing_flags`), how it is asked for (`question`: the fields
of a question in questions.json), and which trusted root vouches for it.
"""

from dataclasses import dataclass

import trust
from services import ISSUER

GITHUB_ISSUER = "https://token.actions.githubusercontent.com"
LOCAL_ISSUER = f"http://{ISSUER}"


@dataclass(frozen=True)
class Person:
    """Somebody who logs in with an e-mail address and signs without a key of his own."""

    email: str
    keyless = True
    trusted_root = trust.STACK

    def claims(self) -> dict:
        """What the login says."""
        return {"iss": LOCAL_ISSUER, "sub": self.email, "email": self.email, "email_verified": True}

    def question(self) -> dict:
        return {"certificate_identity": self.email, "certificate_oidc_issuer": LOCAL_ISSUER}

    def signing_flags(self, workshop) -> list:
        return ["--identity-token", workshop.token_file(self)]


@dataclass(frozen=True)
class Workflow:
    """A GitHub workflow, as GitHub's token describes the run.

    `builder` is the reusable workflow that does the work, when it is another one: the certificate's identity is then the
    builder's, and the calling workflow is its build config URI.
    """

    repository: str
    path: str = ".github/workflows/release.yml"
    ref: str = "refs/heads/main"
    commit: str = "0123456789abcdef0123456789abcdef01234567"
    repository_id: str = "123456"
    owner_id: str = "7890"
    event: str = "push"
    runner: str = "github-hosted"
    builder: str = None
    keyless = True
    trusted_root = trust.STACK

    @property
    def workflow_ref(self) -> str:
        """Which workflow file, at which ref, was started."""
        return f"{self.repository}/{self.path}@{self.ref}"

    @property
    def identity(self) -> str:
        """The certificate's subject."""
        return f"https://github.com/{self.builder or self.workflow_ref}"

    def claims(self) -> dict:
        """What GitHub says about the run."""
        return {
            "iss": GITHUB_ISSUER,
            "sub": f"repo:{self.repository}:" + ("pull_request" if self.event == "pull_request" else f"ref:{self.ref}"),
            "job_workflow_ref": self.builder or self.workflow_ref,
            "job_workflow_sha": self.commit if self.builder is None else "abcdef0123456789abcdef0123456789abcdef01",
            "workflow_ref": self.workflow_ref,
            "workflow_sha": self.commit,
            "workflow": "release",
            "repository": self.repository,
            "repository_id": self.repository_id,
            "repository_owner": self.repository.split("/")[0],
            "repository_owner_id": self.owner_id,
            "repository_visibility": "public",
            "ref": self.ref,
            "sha": self.commit,
            "event_name": self.event,
            "runner_environment": self.runner,
            "run_id": "42",
            "run_attempt": "1",
        }

    def question(self) -> dict:
        return {"certificate_identity": self.identity, "certificate_oidc_issuer": GITHUB_ISSUER}

    def signing_flags(self, workshop) -> list:
        return ["--identity-token", workshop.token_file(self)]


@dataclass(frozen=True)
class Key:
    """The holder of a key."""

    name: str
    keyless = False
    trusted_root = trust.STACK

    def question(self) -> dict:
        question = {"key": f"keys/{self.name}.pub"}
        if self.name == "k-p384":
            # cosign signs with SHA-384 here, and assumes SHA-256 when it verifies.
            question["signature_digest_algorithm"] = "sha384"
        return question

    def signing_flags(self, workshop) -> list:
        return ["--key", workshop.imported_key(self.name)]


@dataclass(frozen=True)
class OwnAuthority:
    """The holder of a key with a certificate that some company's own authority issued ("bring your own PKI")."""

    leaf: str = "byo-leaf"
    with_chain: bool = True
    keyless = False
    trusted_root = trust.OWN_AUTHORITY

    def question(self) -> dict:
        # No issuer and no SCT in such certificates. cosign insists on an issuer flag all the same.
        return {"certificate_identity": "signer@byo.test", "certificate_oidc_issuer_regexp": ".*", "insecure_ignore_sct": True}

    def signing_flags(self, workshop) -> list:
        flags = ["--key", workshop.imported_key(self.leaf), "--certificate", workshop.pki / f"{self.leaf}.crt"]
        if self.with_chain:
            flags += ["--certificate-chain", workshop.pki / "byo-chain.pem"]
        return flags
