"""What is asked about an image, how cosign is asked, and how its answer is written down.

A question is plain data. `cosign_arguments` says it in cosign's words; the entry in questions.json holds the data and
the words, so that our own command line can be asked the same.
"""

from dataclasses import dataclass

import trust

ACCEPTED, REFUSED = "accepted", "refused"

# cosign 2 takes the public keys and chains of Sigstore's services from files that the environment names.
V2_TRUST_FILES = {
    "SIGSTORE_ROOT_FILE": "trust/fulcio-chain.pem",
    "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": "trust/ct.pub",
    "SIGSTORE_REKOR_PUBLIC_KEY": "trust/rekor1.pub",
    "SIGSTORE_TSA_CERTIFICATE_FILE": "trust/tsa-chain.pem",
}
PATH_FLAGS = {
    "key": "--key",
    "ca_roots": "--ca-roots",
    "ca_intermediates": "--ca-intermediates",
    "timestamp_certificate_chain": "--timestamp-certificate-chain",
}
VALUE_FLAGS = {
    "certificate_identity": "--certificate-identity",
    "certificate_identity_regexp": "--certificate-identity-regexp",
    "certificate_oidc_issuer": "--certificate-oidc-issuer",
    "certificate_oidc_issuer_regexp": "--certificate-oidc-issuer-regexp",
    "certificate_github_workflow_repository": "--certificate-github-workflow-repository",
    "certificate_github_workflow_ref": "--certificate-github-workflow-ref",
    "certificate_github_workflow_trigger": "--certificate-github-workflow-trigger",
    "signature_digest_algorithm": "--signature-digest-algorithm",
}
SWITCHES = {
    "insecure_ignore_sct": "--insecure-ignore-sct",
    "insecure_ignore_tlog": "--insecure-ignore-tlog",
    "use_signed_timestamps": "--use-signed-timestamps",
    "allow_certificate_chain": "--allow-certificate-chain",
    "experimental_oci11": "--experimental-oci11",
}
ALWAYS_WRITTEN = ("insecure_ignore_tlog", "insecure_ignore_sct", "use_signed_timestamps")


@dataclass(frozen=True)
class Ask:
    """One row: a question about one image of the scenario, and the verdict expected from each client that is asked."""

    label: str
    question: dict
    verdicts: dict
    image: str


def ask(label: str, question: dict, v3: str = None, v2: str = None, image: str = "v1") -> Ask:
    """A row of the table. A client without an expected verdict is not asked."""
    verdicts = {"cosign-v3": v3, "cosign-v2": v2}
    return Ask(label, question, {client: verdict for client, verdict in verdicts.items() if verdict}, image)


def signed_by(signer, **fields) -> dict:
    """`cosign verify`: has `signer` signed the image? `fields` add to the question or replace parts of it."""
    return {"kind": "verify", "trusted_root": signer.trusted_root, **signer.question(), **fields}


def attested_by(signer, type: str, **fields) -> dict:
    """`cosign verify-attestation`: has `signer` attested something of this type about the image?"""
    return {"kind": "verify-attestation", "type": type, "trusted_root": signer.trusted_root, **signer.question(), **fields}


# Variations, to be given to the above with two stars.
TIMESTAMP_ONLY = {"insecure_ignore_tlog": True, "use_signed_timestamps": True}
KEY_ALONE = {"insecure_ignore_tlog": True, "trusted_root": None}


def cosign_arguments(client: str, question: dict, reference: str) -> tuple:
    """(arguments, environment) that ask a cosign this question. Files of the fixtures are written `$FIXTURES/…`."""
    arguments, environment = [question["kind"]], {}
    if "type" in question:
        arguments += ["--type", question["type"]]
    form = question.get("new_bundle_format")
    if form is not None:
        arguments.append(f"--new-bundle-format={str(form).lower()}")
    root = question.get("trusted_root")
    if client == "cosign-v2" and not form and root in (None, trust.STACK):
        environment.update({name: f"$FIXTURES/{path}" for name, path in V2_TRUST_FILES.items()})
        # The log's own signature is enough; the network holds no log to ask by the time somebody else asks this.
        arguments += ["--offline"] if root else []
    elif root:
        arguments += ["--trusted-root", f"$FIXTURES/{root}"]
    for name, flag in PATH_FLAGS.items():
        if question.get(name):
            arguments += [flag, f"$FIXTURES/{question[name]}"]
    for name, flag in VALUE_FLAGS.items():
        if question.get(name):
            arguments += [flag, question[name]]
    arguments += [flag for name, flag in SWITCHES.items() if question.get(name)]
    for name, value in question.get("annotations", {}).items():
        arguments += ["-a", f"{name}={value}"]
    if question.get("experimental_oci11"):
        environment["COSIGN_EXPERIMENTAL"] = "1"
    if "repository" in question:
        environment["COSIGN_REPOSITORY"] = question["repository"]
    return [*arguments, reference], environment


def written_question(question: dict) -> dict:
    """The question as questions.json holds it: what is unset is left out, but for the switches that everybody looks at."""
    written = {name: value for name, value in question.items() if value not in (None, False)}
    return {**written, **{name: bool(question.get(name)) for name in ALWAYS_WRITTEN}}
