"""How evidence comes to an image: the verbs of the scenario table.

Each step is one thing that somebody does to a repository. Most of them are one cosign command; those that cosign has no
command for (evidence about something else, copies, junk) work on the registry directly.
"""

import base64
import json
import ssl
import subprocess
from dataclasses import dataclass, field

import services
from registry import EMPTY_CONFIG, IMAGE_MANIFEST, Repository
from trust import REKOR1, REKOR1_AND_TSA, REKOR1_NEXT, TSA_ONLY, root_for_signing

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"


@dataclass(frozen=True)
class Writer:
    """A cosign and the format it is told to write: `bundle` (Sigstore bundle, a referrer) or `legacy` (.sig and .att tags)."""

    client: str
    form: str


V3_BUNDLE = Writer("cosign-v3", "bundle")
V3_LEGACY = Writer("cosign-v3", "legacy")
V2_LEGACY = Writer("cosign-v2", "legacy")
V2_BUNDLE = Writer("cosign-v2", "bundle")

# The old format has no signing configs: its writers are given addresses.
LEGACY_REKOR = {REKOR1: services.REKOR1, REKOR1_AND_TSA: services.REKOR1, REKOR1_NEXT: services.REKOR1_NEXT}
LEGACY_TSA = {REKOR1_AND_TSA, TSA_ONLY}


def signing_flags(writer: Writer, signer, witnesses: str, workshop) -> list:
    """The flags that make a cosign sign as this signer, before these witnesses and no others."""
    root = ["--trusted-root", workshop.fixtures / root_for_signing(signer, witnesses)]
    if writer.form == "bundle":
        flags = ["--signing-config", workshop.signing_config(witnesses), *root]
        if writer.client == "cosign-v2":
            flags.append("--new-bundle-format")
        return flags + signer.signing_flags(workshop)
    flags = ["--new-bundle-format=false", "--use-signing-config=false"] if writer.client == "cosign-v3" else []
    if witnesses in LEGACY_REKOR:
        flags += ["--rekor-url", f"http://{LEGACY_REKOR[witnesses]}"]
    else:
        flags.append("--tlog-upload=false")
    if witnesses in LEGACY_TSA:
        flags += ["--timestamp-server-url", services.TIMESTAMP_URL]
    if signer.keyless:
        flags += ["--fulcio-url", f"http://{services.FULCIO}"]
        # cosign 2 gets its trust from the environment
        flags += root if writer.client == "cosign-v3" else []
    return flags + signer.signing_flags(workshop)


@dataclass(frozen=True)
class Sign:
    """`cosign sign`. `store` is another repository to put the signature into (COSIGN_REPOSITORY)."""

    writer: Writer
    signer: object
    witnesses: str
    image: str = "v1"
    annotations: dict = field(default_factory=dict)
    recursive: bool = False
    as_referrer: bool = False
    store: str = None

    def run(self, workshop, repository):
        flags = signing_flags(self.writer, self.signer, self.witnesses, workshop)
        for name, value in self.annotations.items():
            flags += ["-a", f"{name}={value}"]
        environment = {}
        if self.recursive:
            flags.append("--recursive")
        if self.as_referrer:
            flags += ["--registry-referrers-mode", "oci-1-1"]
            environment["COSIGN_EXPERIMENTAL"] = "1"
        if self.store:
            environment["COSIGN_REPOSITORY"] = self.store
        workshop.cosign(self.writer.client, ["sign", *flags, repository.reference(self.image)], environment)


@dataclass(frozen=True)
class Attest:
    """`cosign attest`: a predicate of a type, about an image."""

    writer: Writer
    signer: object
    witnesses: str
    type: str
    predicate: dict
    image: str = "v1"
    log_kind: str = None

    def run(self, workshop, repository):
        flags = signing_flags(self.writer, self.signer, self.witnesses, workshop)
        if self.log_kind:
            flags += ["--rekor-entry-type", self.log_kind]
        flags += ["--type", self.type, "--predicate", workshop.json_file("predicate", self.predicate)]
        workshop.cosign(self.writer.client, ["attest", *flags, repository.reference(self.image)])


@dataclass(frozen=True)
class AttachStatement:
    """A statement of one's own making, signed and pushed as a referrer, as GitHub's tools do it.

    `about` is the digest that the statement speaks of (None: the image). `labelled` is the predicate type that the
    referrer's annotation claims (None: the true one); no signature covers that annotation.
    """

    signer: object
    witnesses: str
    predicate_type: str
    predicate: dict
    about: str = None
    labelled: str = None
    image: str = "v1"

    def run(self, workshop, repository):
        image = repository.digest(self.image)
        algorithm, value = (self.about or image).split(":")
        statement = workshop.json_file(
            "statement",
            {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": repository.name, "digest": {algorithm: value}}],
                "predicateType": self.predicate_type,
                "predicate": self.predicate,
            },
        )
        bundle = workshop.work / "statement.bundle"
        flags = signing_flags(V3_BUNDLE, self.signer, self.witnesses, workshop)
        workshop.cosign("cosign-v3", ["attest-blob", *flags, "--statement", statement, "--bundle", bundle])
        attach_bundle(
            repository.contents,
            image,
            bundle.read_bytes(),
            {
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": self.labelled or self.predicate_type,
            },
        )


@dataclass(frozen=True)
class AttachOpensslSignature:
    """A .sig tag whose signature openssl made, with an algorithm that cosign never chooses but key services do."""

    key: str
    options: tuple = ()
    image: str = "v1"

    def run(self, workshop, repository):
        reference = repository.reference(self.image)
        payload, signature = workshop.work / "openssl.payload", workshop.work / "openssl.signature"
        payload.write_text(workshop.cosign("cosign-v2", ["generate", reference]))
        signing = [
            "openssl",
            "pkeyutl",
            "-sign",
            "-inkey",
            workshop.pki / f"{self.key}.key",
            "-rawin",
            "-in",
            payload,
            *self.options,
        ]
        signature.write_bytes(base64.b64encode(subprocess.run(signing, capture_output=True, check=True).stdout))
        workshop.cosign("cosign-v2", ["attach", "signature", "--payload", payload, "--signature", signature, reference])


@dataclass(frozen=True)
class AttachEvidenceOf:
    """All evidence about one image, hung onto another: genuine signatures of something else."""

    other: str
    image: str

    def run(self, workshop, repository):
        contents, source, target = repository.contents, repository.digest(self.other), repository.digest(self.image)
        for referrer in contents.referrers(source):
            bundle = contents.manifest(referrer["digest"])["layers"][0]["digest"]
            attach_bundle(contents, target, contents.blobs[bundle], referrer["annotations"])
        for suffix in (".sig", ".att"):
            if evidence := contents.tags.get(tag_for(source) + suffix):
                contents.tags[tag_for(target) + suffix] = evidence


@dataclass(frozen=True)
class SwapInCertificate:
    """Puts a certificate where the image's last bundle names a key: cosign 3 refuses to sign under an expired certificate.

    Neither the signature nor the timestamp covers the certificate, so the result is what a careless client would make.
    """

    leaf: str
    image: str = "v1"

    def run(self, workshop, repository):
        contents, image = repository.contents, repository.digest(self.image)
        referrer = contents.referrers(image)[-1]
        by_key = contents.manifests.pop(referrer["digest"])
        bundle = json.loads(contents.blobs[json.loads(by_key)["layers"][0]["digest"]])
        certificate = ssl.PEM_cert_to_DER_cert((workshop.pki / f"{self.leaf}.crt").read_text())
        del bundle["verificationMaterial"]["publicKey"]
        bundle["verificationMaterial"]["certificate"] = {"rawBytes": base64.b64encode(certificate).decode()}
        attach_bundle(contents, image, json.dumps(bundle).encode(), referrer["annotations"])


@dataclass(frozen=True)
class CopyRepository:
    """Everything that another repository of the same registry holds, or everything but the referrers: a mirror."""

    source: str
    with_referrers: bool = True

    def run(self, workshop, repository):
        source = workshop.stack.registries[repository.address].repository(self.source)
        repository.contents.copy_from(source, self.with_referrers)


@dataclass(frozen=True)
class MistypeFallbackTag:
    """Rewrites the fallback tag's index as some clients write it: every artifactType is the empty config's media type."""

    image: str = "v1"

    def run(self, workshop, repository):
        contents, tag = repository.contents, tag_for(repository.digest(self.image))
        index = contents.manifest(contents.tags[tag])
        entries = [{**entry, "artifactType": EMPTY_CONFIG} for entry in index["manifests"]]
        contents.add_manifest({**index, "manifests": entries}, tag)


@dataclass(frozen=True)
class PushJunkReferrers:
    """Referrers that look like bundles: no JSON, empty JSON, and the image's first bundle again and again.

    They share three blobs, so that a thousand of them stay small.
    """

    count: int
    image: str = "v1"

    def run(self, workshop, repository):
        contents, image = repository.contents, repository.digest(self.image)
        before = contents.referrers(image)
        first = contents.manifest(before[0]["digest"])["layers"][0]["digest"]
        for number in range(len(before), len(before) + self.count):
            bundle = [b"not a bundle", b"{}", contents.blobs[first]][number % 3]
            attach_bundle(contents, image, bundle, {"junk": str(number)})


@dataclass(frozen=True)
class PushJunkLayers:
    """Layers in front of and behind those of the .sig tag: the same payload under signatures that are none."""

    count: int
    image: str = "v1"

    def run(self, workshop, repository):
        contents, tag = repository.contents, tag_for(repository.digest(self.image)) + ".sig"
        manifest = contents.manifest(contents.tags[tag])
        payload = {name: manifest["layers"][0][name] for name in ("mediaType", "size", "digest")}
        junk = [
            {**payload, "annotations": {"dev.cosignproject.cosign/signature": base64.b64encode(b"junk %d" % number).decode()}}
            for number in range(self.count)
        ]
        half = self.count // 2
        contents.add_manifest({**manifest, "layers": junk[:half] + manifest["layers"] + junk[half:]}, tag)


def tag_for(digest: str) -> str:
    """The tag that stands for a digest: cosign's tags begin with it, and the fallback tag is it."""
    return digest.replace(":", "-")


def attach_bundle(contents: Repository, subject: str, bundle: bytes, annotations: dict):
    """Push a bundle as a referrer of `subject`, in the form in which cosign 3 does it."""
    contents.add_manifest(
        {
            "schemaVersion": 2,
            "mediaType": IMAGE_MANIFEST,
            "artifactType": BUNDLE_TYPE,
            "config": contents.add_blob(b"{}", EMPTY_CONFIG),
            "layers": [contents.add_blob(bundle, BUNDLE_TYPE)],
            "subject": contents.descriptor(subject),
            "annotations": annotations,
        }
    )
