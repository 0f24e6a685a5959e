"""The table: which repositories there are, what was done to each, what is asked about it and what the answer has to be.

One entry is one repository. To add a scenario, add an entry and run `make fixtures`; a verdict that differs from the one
expected here stops the run. Read an entry as: *name*, what it is about, `make` (steps, in order), `ask` (label, question,
expected verdict of cosign 3 and of cosign 2; a client without a verdict is not asked).
"""

from dataclasses import dataclass, field

import predicates
from images import DOCKER, Image, Index
from questions import ACCEPTED as YES
from questions import KEY_ALONE, REFUSED as NO
from questions import TIMESTAMP_ONLY, ask, attested_by, signed_by
from services import NO_REFERRERS, REFERRERS
from signers import Key, OwnAuthority, Person, Workflow
from steps import (
    V2_BUNDLE,
    V2_LEGACY,
    V3_BUNDLE,
    V3_LEGACY,
    AttachEvidenceOf,
    AttachOpensslSignature,
    AttachStatement,
    Attest,
    CopyRepository,
    MistypeFallbackTag,
    PushJunkLayers,
    PushJunkReferrers,
    Sign,
    SwapInCertificate,
)
from trust import (
    AUTHORITY_ENDED,
    GITHUB_PRIVATE,
    GITHUB_TSA,
    LOG_NEW_KEY_ONLY,
    LOG_OLD_KEY_ENDED,
    LOG_ROTATED,
    NOTHING,
    REKOR1,
    REKOR1_AND_TSA,
    REKOR1_NEXT,
    REKOR2,
    REKOR2_DSSE,
    STACK,
    TIMESTAMPS_ENDED,
    TSA_ONLY,
)


@dataclass(frozen=True)
class Scenario:
    """One repository and its questions."""

    name: str
    about: str
    make: list = field(default_factory=list)
    ask: list = field(default_factory=list)
    images: tuple = (Image("v1"),)
    registry: str = REFERRERS


# --- who signs ---

ALICE = Person("alice@example.test")
MALLORY = Person("mallory@example.test")

OCTO = Workflow("octo-org/octo-repo")
# The same repository forked by somebody else, signing from a pull request.
FORK = Workflow(
    "evil-org/octo-repo",
    ref="refs/pull/1/merge",
    commit="fedcba9876543210fedcba9876543210fedcba98",
    repository_id="666",
    owner_id="667",
    event="pull_request",
    runner="self-hosted",
)

MYORG = Workflow("myorg/app", commit="4b825dc642cb6eb9a060e54bf8d69288fbee4904", repository_id="424242", owner_id="4242")
GENERATOR = "slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml"
# myorg's release workflow calls the SLSA generator: the generator signs, and names its caller as build config URI.
MYORG_VIA_GENERATOR = Workflow(
    "myorg/app", commit=MYORG.commit, repository_id="424242", owner_id="4242", builder=f"{GENERATOR}@refs/tags/v2.1.0"
)

ACME = Workflow("acme/api", commit="1111111111111111111111111111111111111111", repository_id="777", owner_id="70")
# A name that begins like another's.
OCTO_ORGANISATION = Workflow(
    "octo-organisation/octo-repo", commit="2222222222222222222222222222222222222222", repository_id="888", owner_id="80"
)
SHARED = "octo-org/shared/.github/workflows/build.yml"
SHARED_COMMIT = "abcdef0123456789abcdef0123456789abcdef01"
OCTO_VIA_TAG = Workflow("octo-org/octo-repo", builder=f"{SHARED}@refs/tags/v1.2.3")
OCTO_VIA_BRANCH = Workflow("octo-org/octo-repo", builder=f"{SHARED}@refs/heads/main")
OCTO_VIA_COMMIT = Workflow("octo-org/octo-repo", builder=f"{SHARED}@{SHARED_COMMIT}")
# Reusable workflows are public: anybody may call them, and gets a certificate in their name.
FORK_VIA_TAG = Workflow(
    "evil-org/octo-repo", commit=FORK.commit, repository_id="666", owner_id="667", builder=f"{SHARED}@refs/tags/v1.2.3"
)

P256, P384, RSA2048, RSA4096, ED25519 = (Key(f"k-{kind}") for kind in ("p256", "p384", "rsa2048", "rsa4096", "ed25519"))
OWN_CA = OwnAuthority()
OWN_CA_LEAF_ONLY = OwnAuthority(with_chain=False)
OWN_CA_EXPIRED = OwnAuthority(leaf="byo-expired")

# --- what is attested ---

OCTO_SLSA1 = predicates.slsa_v1(OCTO)
OCTO_SLSA02 = predicates.slsa_v02(OCTO)
SLSA1_TYPE = "https://slsa.dev/provenance/v1"

# --- variations of questions ---

WITH_TIMESTAMP = {"use_signed_timestamps": True}
AS_BUNDLE = {"new_bundle_format": True}
AS_LEGACY = {"new_bundle_format": False}
WITH_CHAIN = {"allow_certificate_chain": True}
# Trust in a company's own authority by certificate files instead of by a trusted root.
BY_CA_FILES = {"ca_roots": "keys/byo-root.crt", "ca_intermediates": "keys/byo-int.crt"}

# --- algorithms, as openssl is told ---

SHA256 = ("-digest", "sha256")
SHA512 = ("-digest", "sha512")
PSS_SHA256 = (*SHA256, "-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest")


STORY = [
    Scenario(
        "myorg/app",
        "The story's app. 1.4.2 was built, signed and attested by its release workflow; `laptop` was pushed by a person, who "
        "signed it as herself and forged provenance that names the workflow as builder. Bundles, by cosign 3.",
        images=(Image("1.4.2"), Image("laptop")),
        make=[
            Sign(V3_BUNDLE, MYORG, REKOR2, image="1.4.2"),
            Attest(V3_BUNDLE, MYORG, REKOR2, "slsaprovenance1", predicates.slsa_v1(MYORG), image="1.4.2"),
            Sign(V3_BUNDLE, MALLORY, REKOR2, image="laptop"),
            Attest(V3_BUNDLE, MALLORY, REKOR2, "slsaprovenance1", predicates.slsa_v1(MYORG), image="laptop"),
        ],
        ask=[
            ask("release-by-workflow", signed_by(MYORG), v3=YES, image="1.4.2"),
            ask("release-by-person", signed_by(MALLORY), v3=NO, image="1.4.2"),
            ask("release-provenance", attested_by(MYORG, "slsaprovenance1"), v3=YES, image="1.4.2"),
            ask("release-provenance-v02", attested_by(MYORG, "slsaprovenance02"), v3=NO, image="1.4.2"),
            ask("laptop-by-workflow", signed_by(MYORG), v3=NO, image="laptop"),
            ask("laptop-by-person", signed_by(MALLORY), v3=YES, image="laptop"),
            ask("laptop-provenance-by-workflow", attested_by(MYORG, "slsaprovenance1"), v3=NO, image="laptop"),
            ask("laptop-provenance-by-person", attested_by(MALLORY, "slsaprovenance1"), v3=YES, image="laptop"),
        ],
    ),
    Scenario(
        "myorg/app-legacy",
        "The same app, signed and attested by cosign 2: .sig and .att tags.",
        images=(Image("1.4.2"), Image("laptop")),
        make=[
            Sign(V2_LEGACY, MYORG, REKOR1, image="1.4.2"),
            Attest(V2_LEGACY, MYORG, REKOR1, "slsaprovenance1", predicates.slsa_v1(MYORG), image="1.4.2"),
            Sign(V2_LEGACY, MALLORY, REKOR1, image="laptop"),
            Attest(V2_LEGACY, MALLORY, REKOR1, "slsaprovenance1", predicates.slsa_v1(MYORG), image="laptop"),
        ],
        ask=[
            ask("release-by-workflow", signed_by(MYORG), v3=YES, v2=YES, image="1.4.2"),
            ask("release-by-person", signed_by(MALLORY), v3=NO, v2=NO, image="1.4.2"),
            ask("release-provenance", attested_by(MYORG, "slsaprovenance1"), v3=YES, v2=YES, image="1.4.2"),
            ask("release-provenance-v02", attested_by(MYORG, "slsaprovenance02"), v3=NO, v2=NO, image="1.4.2"),
            ask("laptop-by-workflow", signed_by(MYORG), v3=NO, v2=NO, image="laptop"),
            ask("laptop-by-person", signed_by(MALLORY), v3=YES, v2=YES, image="laptop"),
            ask("laptop-provenance-by-workflow", attested_by(MYORG, "slsaprovenance1"), v3=NO, v2=NO, image="laptop"),
            ask("laptop-provenance-by-person", attested_by(MALLORY, "slsaprovenance1"), v3=YES, v2=YES, image="laptop"),
        ],
    ),
    Scenario(
        "myorg/debug",
        "The debug image of the story's init container: nobody signed it.",
        images=(Image("1.2"),),
        ask=[
            ask("by-workflow", signed_by(MYORG), v3=NO, v2=NO, image="1.2"),
            ask("provenance", attested_by(MYORG, "slsaprovenance1"), v3=NO, v2=NO, image="1.2"),
        ],
    ),
    Scenario(
        "thirdparty/redis",
        "A third party's image from a Helm chart: unsigned, and nobody in this story can sign it.",
        images=(Image("7.2"),),
        ask=[ask("by-workflow", signed_by(MYORG), v3=NO, v2=NO, image="7.2")],
    ),
    Scenario(
        "myorg/generated",
        "Built through slsa-github-generator: the image is signed by myorg's workflow, its SLSA v0.2 provenance by the "
        "generator's workflow at a release tag, which myorg's workflow called (build config URI).",
        images=(Image("2.0"),),
        make=[
            Sign(V2_LEGACY, MYORG, REKOR1, image="2.0"),
            Attest(
                V2_LEGACY, MYORG_VIA_GENERATOR, REKOR1, "slsaprovenance", predicates.slsa_v02(MYORG_VIA_GENERATOR), image="2.0"
            ),
        ],
        ask=[
            ask("signature-by-workflow", signed_by(MYORG), v3=YES, v2=YES, image="2.0"),
            ask("signature-by-generator", signed_by(MYORG_VIA_GENERATOR), v3=NO, v2=NO, image="2.0"),
            ask("provenance-by-generator", attested_by(MYORG_VIA_GENERATOR, "slsaprovenance"), v3=YES, v2=YES, image="2.0"),
            ask("provenance-by-workflow", attested_by(MYORG, "slsaprovenance"), v3=NO, v2=NO, image="2.0"),
            ask("provenance-v1-by-generator", attested_by(MYORG_VIA_GENERATOR, "slsaprovenance1"), v3=NO, v2=NO, image="2.0"),
        ],
    ),
]


BUNDLES_KEYLESS = [
    Scenario(
        "v3-keyless-email",
        "A person signs: Rekor v2 entry and timestamp, no signed entry time.",
        make=[Sign(V3_BUNDLE, ALICE, REKOR2)],
        ask=[ask("right-identity", signed_by(ALICE), v3=YES)],
    ),
    Scenario(
        "v3-keyless-gha",
        "A GitHub workflow signs: Rekor v2 entry and timestamp.",
        make=[Sign(V3_BUNDLE, OCTO, REKOR2)],
        ask=[
            ask("right-identity", signed_by(OCTO), v3=YES),
            ask("wrong-identity", signed_by(ALICE), v3=NO),
            ask("as-bundle-with-timestamp", signed_by(OCTO, **AS_BUNDLE, **WITH_TIMESTAMP), v2=YES),
            ask("as-bundle-without-timestamp", signed_by(OCTO, **AS_BUNDLE), v2=NO),
        ],
    ),
    Scenario(
        "v3-keyless-rekor1",
        "Rekor v1 entry with signed entry time and inclusion proof, no timestamp.",
        make=[Sign(V3_BUNDLE, OCTO, REKOR1)],
        ask=[ask("right-identity", signed_by(OCTO), v3=YES)],
    ),
    Scenario(
        "v3-keyless-rekor1-tsa",
        "Rekor v1 entry and a timestamp.",
        make=[Sign(V3_BUNDLE, OCTO, REKOR1_AND_TSA)],
        ask=[ask("right-identity", signed_by(OCTO), v3=YES)],
    ),
    Scenario(
        "v3-keyless-tsaonly",
        "A timestamp and no log entry, as GitHub's own attestations of private repositories have it.",
        make=[Sign(V3_BUNDLE, OCTO, TSA_ONLY)],
        ask=[ask("timestamp-only", signed_by(OCTO, **TIMESTAMP_ONLY), v3=YES)],
    ),
    Scenario(
        "v3-keyless-fork",
        "Signed and attested by a fork's workflow: same workflow file name, same issuer, another owner.",
        make=[Sign(V3_BUNDLE, FORK, REKOR2), Attest(V3_BUNDLE, FORK, REKOR2, "slsaprovenance1", OCTO_SLSA1)],
        ask=[ask("by-the-original", signed_by(OCTO), v3=NO)],
    ),
]


BUNDLES_ATTESTATIONS = [
    Scenario(
        "v3-att-all",
        "Seven attestations of seven types, and no signature.",
        make=[
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1),
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance02", OCTO_SLSA02),
            Attest(V3_BUNDLE, OCTO, REKOR2, "vuln", predicates.VULNERABILITY_SCAN),
            Attest(V3_BUNDLE, OCTO, REKOR2, "cyclonedx", predicates.CYCLONEDX),
            Attest(V3_BUNDLE, OCTO, REKOR2, "spdxjson", predicates.SPDX),
            Attest(V3_BUNDLE, OCTO, REKOR2, "openvex", predicates.OPENVEX),
            Attest(V3_BUNDLE, OCTO, REKOR2, "custom", predicates.CUSTOM),
        ],
        ask=[
            ask("slsaprovenance1", attested_by(OCTO, "slsaprovenance1"), v3=YES),
            ask("slsaprovenance02", attested_by(OCTO, "slsaprovenance02"), v3=YES),
            ask("vuln", attested_by(OCTO, "vuln"), v3=YES),
            ask("cyclonedx", attested_by(OCTO, "cyclonedx"), v3=YES),
            ask("spdxjson", attested_by(OCTO, "spdxjson"), v3=YES),
            ask("openvex", attested_by(OCTO, "openvex"), v3=YES),
            ask("custom", attested_by(OCTO, "custom"), v3=YES),
        ],
    ),
    Scenario(
        "v3-att-slsa1",
        "SLSA v1 provenance and no signature. cosign's plain `verify` takes the attestation for a signature.",
        make=[Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("wrong-type", attested_by(OCTO, "vuln"), v3=NO),
            ask("attestation-as-signature", signed_by(OCTO), v3=YES),
        ],
    ),
    Scenario(
        "v3-att-slsa02",
        "SLSA v0.2 provenance.",
        make=[Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance02", OCTO_SLSA02)],
        ask=[ask("right-type", attested_by(OCTO, "slsaprovenance02"), v3=YES)],
    ),
    Scenario(
        "v3-att-othersubject",
        "A genuine attestation whose statement is about another digest, attached to this image.",
        make=[AttachStatement(OCTO, REKOR2, SLSA1_TYPE, OCTO_SLSA1, about="sha256:" + "00" * 32)],
        ask=[ask("other-subject", attested_by(OCTO, "slsaprovenance1"), v3=NO)],
    ),
]


def bundle_by_key(key: Key, services: str, question: dict = None) -> Scenario:
    """A bundle signed with a key, under each combination of witnesses."""
    kind = key.name.removeprefix("k-")
    return Scenario(
        f"v3-key-{kind}-{services}",
        f"A {kind} key; witnesses: {services}.",
        make=[Sign(V3_BUNDLE, key, services)],
        ask=[ask("right-key", signed_by(key, **(question or {})), v3=YES)],
    )


BUNDLES_KEYS = [
    bundle_by_key(P256, REKOR2),
    bundle_by_key(P256, REKOR1),
    bundle_by_key(P256, TSA_ONLY, TIMESTAMP_ONLY),
    bundle_by_key(P256, NOTHING, KEY_ALONE),
    # Rekor v1 refuses what cosign makes with this key: P-384 with SHA-384.
    bundle_by_key(P384, REKOR2),
    bundle_by_key(P384, TSA_ONLY, TIMESTAMP_ONLY),
    bundle_by_key(P384, NOTHING, KEY_ALONE),
    bundle_by_key(RSA2048, REKOR2),
    bundle_by_key(RSA2048, REKOR1),
    bundle_by_key(RSA2048, TSA_ONLY, TIMESTAMP_ONLY),
    bundle_by_key(RSA2048, NOTHING, KEY_ALONE),
    bundle_by_key(RSA4096, REKOR2),
    bundle_by_key(RSA4096, REKOR1),
    bundle_by_key(RSA4096, TSA_ONLY, TIMESTAMP_ONLY),
    bundle_by_key(RSA4096, NOTHING, KEY_ALONE),
    Scenario(
        "v3-key-att",
        "Provenance signed with a key.",
        make=[Attest(V3_BUNDLE, P256, REKOR2, "slsaprovenance1", OCTO_SLSA1)],
        ask=[ask("right-key", attested_by(P256, "slsaprovenance1"), v3=YES)],
    ),
    Scenario(
        "v3-annot",
        "A signature with annotations.",
        make=[Sign(V3_BUNDLE, P256, REKOR2, annotations={"a": "b", "env": "prod"})],
        ask=[
            ask("right-annotation", signed_by(P256, annotations={"a": "b"}), v3=YES),
            ask("wrong-annotation", signed_by(P256, annotations={"a": "c"}), v3=NO),
        ],
    ),
]


BUNDLES_OWN_AUTHORITY = [
    Scenario(
        "v3-byo",
        "A company's own certificate with its chain in the bundle, which cosign 3 reads only when told to; Rekor v1.",
        make=[Sign(V3_BUNDLE, OWN_CA, REKOR1)],
        ask=[ask("chain-allowed", signed_by(OWN_CA, **WITH_CHAIN), v3=YES)],
    ),
    Scenario(
        "v3-byo-tsa",
        "A company's own certificate with its chain; a timestamp and no log.",
        make=[Sign(V3_BUNDLE, OWN_CA, TSA_ONLY)],
        ask=[
            ask("chain-allowed", signed_by(OWN_CA, **TIMESTAMP_ONLY, **WITH_CHAIN), v3=YES),
            ask("chain-not-allowed", signed_by(OWN_CA, **TIMESTAMP_ONLY), v3=NO),
        ],
    ),
    Scenario(
        "v3-byo-nochain",
        "A company's own certificate, alone in the bundle.",
        make=[Sign(V3_BUNDLE, OWN_CA_LEAF_ONLY, REKOR2)],
        ask=[ask("leaf-only", signed_by(OWN_CA), v3=YES)],
    ),
]


BUNDLES_MANY = [
    Scenario(
        "v3-multi",
        "Three signers and an attestation on one image.",
        make=[
            Sign(V3_BUNDLE, ALICE, REKOR2),
            Sign(V3_BUNDLE, OCTO, REKOR2),
            Sign(V3_BUNDLE, P256, REKOR2),
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1),
        ],
        ask=[
            ask("by-person", signed_by(ALICE), v3=YES),
            ask("by-workflow", signed_by(OCTO), v3=YES),
            ask("by-key", signed_by(P256), v3=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1"), v3=YES),
        ],
    ),
    Scenario(
        "v3-index-rec",
        "An index, signed together with its children.",
        images=(Index("v1"),),
        make=[Sign(V3_BUNDLE, P256, REKOR2, recursive=True)],
        ask=[
            ask("index", signed_by(P256), v3=YES),
            ask("child", signed_by(P256), v3=YES, image="amd64"),
        ],
    ),
    Scenario(
        "v3-index-flat",
        "An index, signed without its children.",
        images=(Index("v1"),),
        make=[Sign(V3_BUNDLE, P256, REKOR2)],
        ask=[
            ask("index", signed_by(P256), v3=YES),
            ask("child", signed_by(P256), v3=NO, image="amd64"),
        ],
    ),
    Scenario(
        "v3-fallback",
        "A registry without the referrers API: bundles under the fallback tag `sha256-<hex>`.",
        registry=NO_REFERRERS,
        make=[Sign(V3_BUNDLE, P256, REKOR2), Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("signature", signed_by(P256), v3=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1"), v3=YES),
        ],
    ),
    Scenario(
        "v3-docker-subject",
        "An image with Docker's media types.",
        images=(Image("v1", DOCKER),),
        make=[Sign(V3_BUNDLE, P256, REKOR2)],
        ask=[ask("right-key", signed_by(P256), v3=YES)],
    ),
    Scenario(
        "v3-other-repo",
        "The bundle lies in another repository (COSIGN_REPOSITORY).",
        make=[Sign(V3_BUNDLE, P256, REKOR2, store=f"{REFERRERS}/sigs-v3")],
        ask=[
            ask("there", signed_by(P256, repository=f"{REFERRERS}/sigs-v3"), v3=YES),
            ask("here", signed_by(P256), v3=NO),
        ],
    ),
]


LEGACY_BY_COSIGN_3 = [
    Scenario(
        "v3-legacy-keyless",
        "cosign 3 told to write .sig and .att tags.",
        make=[Sign(V3_LEGACY, OCTO, REKOR1), Attest(V3_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("signature", signed_by(OCTO), v3=YES, v2=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1"), v3=YES),
        ],
    ),
    Scenario(
        "v3-legacy-key",
        "cosign 3 told to write a .sig tag, with a key.",
        make=[Sign(V3_LEGACY, P256, REKOR1)],
        ask=[ask("right-key", signed_by(P256), v3=YES)],
    ),
    Scenario(
        "v3-legacy-key-nolog",
        "cosign 3 told to write a .sig tag, with a key, and to log nothing.",
        make=[Sign(V3_LEGACY, P256, NOTHING)],
        ask=[ask("key-alone", signed_by(P256, **KEY_ALONE), v3=YES)],
    ),
]


LEGACY_KEYLESS = [
    Scenario(
        "v2-keyless-email",
        "A person signs; Rekor v1.",
        make=[Sign(V2_LEGACY, ALICE, REKOR1)],
        ask=[ask("right-identity", signed_by(ALICE), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-keyless-gha",
        "A GitHub workflow signs; Rekor v1.",
        make=[Sign(V2_LEGACY, OCTO, REKOR1)],
        ask=[ask("right-identity", signed_by(OCTO), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-keyless-tsa",
        "Rekor v1 and a timestamp.",
        make=[Sign(V2_LEGACY, OCTO, REKOR1_AND_TSA)],
        ask=[ask("log-and-timestamp", signed_by(OCTO, **WITH_TIMESTAMP), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-keyless-tsaonly",
        "A timestamp and no log entry.",
        make=[Sign(V2_LEGACY, OCTO, TSA_ONLY)],
        ask=[ask("timestamp-only", signed_by(OCTO, **TIMESTAMP_ONLY), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-keyless-fork",
        "Signed by a fork's workflow.",
        make=[Sign(V2_LEGACY, FORK, REKOR1)],
        ask=[ask("by-the-original", signed_by(OCTO), v3=NO, v2=NO)],
    ),
]


LEGACY_ATTESTATIONS = [
    Scenario(
        "v2-att-all",
        "Five attestations of five types under one .att tag.",
        make=[
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1),
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance", OCTO_SLSA02),
            Attest(V2_LEGACY, OCTO, REKOR1, "vuln", predicates.VULNERABILITY_SCAN),
            Attest(V2_LEGACY, OCTO, REKOR1, "cyclonedx", predicates.CYCLONEDX),
            Attest(V2_LEGACY, OCTO, REKOR1, "spdxjson", predicates.SPDX),
        ],
        ask=[
            ask("slsaprovenance1", attested_by(OCTO, "slsaprovenance1"), v3=YES, v2=YES),
            ask("slsaprovenance", attested_by(OCTO, "slsaprovenance"), v3=YES, v2=YES),
            ask("vuln", attested_by(OCTO, "vuln"), v3=YES, v2=YES),
            ask("cyclonedx", attested_by(OCTO, "cyclonedx"), v3=YES, v2=YES),
            ask("spdxjson", attested_by(OCTO, "spdxjson"), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "v2-att-slsa1",
        "SLSA v1 provenance.",
        make=[Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1)],
        ask=[ask("right-type", attested_by(OCTO, "slsaprovenance1"), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-att-slsa02",
        "SLSA v0.2 provenance.",
        make=[Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance02", OCTO_SLSA02)],
        ask=[ask("right-type", attested_by(OCTO, "slsaprovenance02"), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-att-intoto-entry",
        "Provenance whose log entry is of the old kind, intoto.",
        make=[Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1, log_kind="intoto")],
        ask=[ask("right-type", attested_by(OCTO, "slsaprovenance1"), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-key-att",
        "Provenance signed with a key.",
        make=[Attest(V2_LEGACY, P256, REKOR1, "slsaprovenance1", OCTO_SLSA1)],
        ask=[ask("right-key", attested_by(P256, "slsaprovenance1"), v3=YES, v2=YES)],
    ),
]


def legacy_by_key(key: Key) -> Scenario:
    """A .sig tag, signed with a key and logged."""
    kind = key.name.removeprefix("k-")
    return Scenario(
        f"v2-key-{kind}",
        f"A {kind} key; Rekor v1.",
        make=[Sign(V2_LEGACY, key, REKOR1)],
        ask=[ask("right-key", signed_by(key), v3=YES, v2=YES)],
    )


def legacy_by_key_unlogged(key: Key) -> Scenario:
    """A .sig tag, signed with a key and not logged anywhere."""
    kind = key.name.removeprefix("k-")
    return Scenario(
        f"v2-key-{kind}-nolog",
        f"A {kind} key and nothing else.",
        make=[Sign(V2_LEGACY, key, NOTHING)],
        ask=[ask("key-alone", signed_by(key, **KEY_ALONE), v3=YES, v2=YES)],
    )


LEGACY_KEYS = [
    legacy_by_key(P256),
    legacy_by_key(RSA2048),
    legacy_by_key(RSA4096),
    legacy_by_key_unlogged(P256),
    legacy_by_key_unlogged(P384),
    legacy_by_key_unlogged(RSA2048),
    legacy_by_key_unlogged(RSA4096),
    Scenario(
        "v2-key-ed25519-attached",
        "A plain Ed25519 signature: cosign verifies such signatures, but would itself make Ed25519ph ones.",
        make=[AttachOpensslSignature("k-ed25519")],
        ask=[ask("key-alone", signed_by(ED25519, **KEY_ALONE), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-key-p256-sha512-attached",
        "P-256 with SHA-512.",
        make=[AttachOpensslSignature("k-p256", SHA512)],
        ask=[
            ask("sha512", signed_by(P256, **KEY_ALONE, signature_digest_algorithm="sha512"), v3=YES, v2=YES),
            ask("sha256", signed_by(P256, **KEY_ALONE), v3=NO, v2=NO),
        ],
    ),
    Scenario(
        "v2-key-p384-sha256-attached",
        "P-384 with SHA-256.",
        make=[AttachOpensslSignature("k-p384", SHA256)],
        ask=[
            ask("sha256", signed_by(P384, **KEY_ALONE, signature_digest_algorithm="sha256"), v3=YES, v2=YES),
            ask("sha384", signed_by(P384, **KEY_ALONE), v3=NO, v2=NO),
        ],
    ),
    Scenario(
        "v2-key-p384-sha512-attached",
        "P-384 with SHA-512.",
        make=[AttachOpensslSignature("k-p384", SHA512)],
        ask=[ask("sha512", signed_by(P384, **KEY_ALONE, signature_digest_algorithm="sha512"), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-key-rsa2048-pss-attached",
        "RSA with PSS padding, which cosign cannot be told to expect.",
        make=[AttachOpensslSignature("k-rsa2048", PSS_SHA256)],
        ask=[ask("key-alone", signed_by(RSA2048, **KEY_ALONE), v3=NO, v2=NO)],
    ),
    Scenario(
        "v2-key-tsaonly",
        "A key and a timestamp.",
        make=[Sign(V2_LEGACY, P256, TSA_ONLY)],
        ask=[ask("timestamp-only", signed_by(P256, **TIMESTAMP_ONLY), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-annot",
        "A signature with annotations.",
        make=[Sign(V2_LEGACY, P256, REKOR1, annotations={"a": "b", "env": "prod"})],
        ask=[
            ask("right-annotation", signed_by(P256, annotations={"a": "b"}), v3=YES, v2=YES),
            ask("wrong-annotation", signed_by(P256, annotations={"a": "c"}), v3=NO, v2=NO),
        ],
    ),
]


LEGACY_OWN_AUTHORITY = [
    Scenario(
        "v2-byo",
        "A company's own certificate and chain; Rekor v1. Beside a trusted root, cosign 3 does not look at CA files.",
        make=[Sign(V2_LEGACY, OWN_CA, REKOR1)],
        ask=[
            ask("trusted-root", signed_by(OWN_CA), v3=YES, v2=YES),
            ask("ca-files", signed_by(OWN_CA, **BY_CA_FILES, trusted_root=STACK), v3=NO, v2=YES),
        ],
    ),
    Scenario(
        "v2-byo-tsa",
        "A company's own certificate and chain; a timestamp and no log.",
        make=[Sign(V2_LEGACY, OWN_CA, TSA_ONLY)],
        ask=[
            ask(
                "ca-files",
                signed_by(
                    OWN_CA,
                    **TIMESTAMP_ONLY,
                    **BY_CA_FILES,
                    timestamp_certificate_chain="trust/tsa-chain.pem",
                    trusted_root=None,
                ),
                v3=YES,
                v2=YES,
            ),
        ],
    ),
]


LEGACY_MANY = [
    Scenario(
        "v2-index-rec",
        "An index, signed together with its children.",
        images=(Index("v1"),),
        make=[Sign(V2_LEGACY, P256, REKOR1, recursive=True)],
        ask=[ask("index", signed_by(P256), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-multi",
        "Two signers and an attestation.",
        make=[
            Sign(V2_LEGACY, ALICE, REKOR1),
            Sign(V2_LEGACY, P256, REKOR1),
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1),
        ],
        ask=[
            ask("by-person", signed_by(ALICE), v3=YES, v2=YES),
            ask("by-key", signed_by(P256), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "v2-oci11",
        "cosign 2's experiment with referrers: the old format, without a tag.",
        make=[Sign(V2_LEGACY, P256, REKOR1, as_referrer=True)],
        ask=[
            ask("by-tag", signed_by(P256), v3=NO, v2=NO),
            ask("by-referrer", signed_by(P256, experimental_oci11=True), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "v2-noreferrers",
        "The .sig tag on a registry without the referrers API.",
        registry=NO_REFERRERS,
        make=[Sign(V2_LEGACY, P256, REKOR1)],
        ask=[ask("right-key", signed_by(P256), v3=YES, v2=YES)],
    ),
    Scenario(
        "v2-docker-subject",
        "An image with Docker's media types.",
        images=(Image("v1", DOCKER),),
        make=[Sign(V2_LEGACY, P256, REKOR1)],
        ask=[ask("right-key", signed_by(P256), v2=YES)],
    ),
    Scenario(
        "v2-other-repo",
        "The .sig tag lies in another repository (COSIGN_REPOSITORY).",
        make=[Sign(V2_LEGACY, P256, REKOR1, store=f"{REFERRERS}/sigs-v2")],
        ask=[ask("there", signed_by(P256, repository=f"{REFERRERS}/sigs-v2"), v2=YES)],
    ),
]


MIXED = [
    Scenario(
        "v2-newbundle-rekor1",
        "cosign 2 told to write bundles; Rekor v1.",
        make=[Sign(V2_BUNDLE, OCTO, REKOR1), Attest(V2_BUNDLE, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("signature", signed_by(OCTO, **AS_BUNDLE), v3=YES, v2=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1", **AS_BUNDLE), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "v2-newbundle",
        "cosign 2 told to write bundles; Rekor v2, with entries of kind dsse 0.0.2, which cosign 3 cannot read.",
        make=[Sign(V2_BUNDLE, OCTO, REKOR2_DSSE), Attest(V2_BUNDLE, OCTO, REKOR2_DSSE, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("signature", signed_by(OCTO, **AS_BUNDLE, **WITH_TIMESTAMP), v3=NO, v2=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1", **AS_BUNDLE, **WITH_TIMESTAMP), v3=NO, v2=YES),
        ],
    ),
    Scenario(
        "mixed-v2-v3",
        "One key, one image, both formats. cosign 2 finds the bundle, wants a trusted root for it, ignores the .sig.",
        make=[Sign(V2_LEGACY, P256, REKOR1), Sign(V3_BUNDLE, P256, REKOR2)],
        ask=[ask("right-key", signed_by(P256), v3=YES, v2=NO)],
    ),
    Scenario(
        "x-v2sig-v3att",
        "A .sig by a key and a bundle attestation by a workflow: with a bundle there, cosign 3 ignores the .sig.",
        make=[Sign(V2_LEGACY, P256, REKOR1), Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1)],
        ask=[
            ask("by-key", signed_by(P256), v3=NO),
            ask("by-workflow", signed_by(OCTO), v3=YES),
        ],
    ),
    Scenario(
        "x-v2a-v3b",
        "Key A in the old format, key B in the new one.",
        make=[Sign(V2_LEGACY, P256, REKOR1), Sign(V3_BUNDLE, RSA2048, REKOR2)],
        ask=[
            ask("key-a", signed_by(P256), v3=NO, v2=NO),
            ask("key-b", signed_by(RSA2048), v3=YES),
            ask("key-a-as-legacy", signed_by(P256, **AS_LEGACY), v3=YES),
        ],
    ),
]


# --- beyond single formats: situations that people are in ---


def by_pattern(pattern: str) -> dict:
    """Fields that ask for a pattern of identities instead of one. cosign's patterns match anywhere inside the string."""
    return {"certificate_identity": None, "certificate_identity_regexp": pattern}


def called_by(repository: str) -> dict:
    """Fields that also ask which repository the workflow ran in."""
    return {"certificate_github_workflow_repository": repository}


PEOPLE = [
    Scenario(
        "orgs/shared-image",
        "Two organisations sign one image: each vouches for itself.",
        make=[Sign(V3_BUNDLE, OCTO, REKOR2), Sign(V3_BUNDLE, ACME, REKOR2)],
        ask=[
            ask("by-first", signed_by(OCTO), v3=YES),
            ask("by-second", signed_by(ACME), v3=YES),
            ask("by-fork", signed_by(FORK), v3=NO),
            ask("by-either", signed_by(OCTO, **by_pattern("^https://github.com/(octo-org|acme)/.*$")), v3=YES),
        ],
    ),
    Scenario(
        "orgs/lookalike",
        "Signed by an organisation whose name begins like the one that is trusted.",
        make=[Sign(V3_BUNDLE, OCTO_ORGANISATION, REKOR2)],
        ask=[
            ask("exact", signed_by(OCTO), v3=NO),
            ask("pattern-with-slash", signed_by(OCTO, **by_pattern("^https://github.com/octo-org/.*$")), v3=NO),
            ask("pattern-without-slash", signed_by(OCTO, **by_pattern("^https://github.com/octo-org")), v3=YES),
        ],
    ),
    Scenario(
        "orgs/fork",
        "Signed from a fork's pull request, asked for by patterns.",
        make=[Sign(V3_BUNDLE, FORK, REKOR2)],
        ask=[
            ask("exact", signed_by(OCTO), v3=NO),
            ask("pattern-of-any-owner", signed_by(OCTO, **by_pattern("/octo-repo/.github/workflows/release.yml@")), v3=YES),
            ask(
                "pattern-of-any-owner-at-a-branch",
                signed_by(OCTO, **by_pattern("/octo-repo/.github/workflows/release.yml@refs/heads/")),
                v3=NO,
            ),
        ],
    ),
    Scenario(
        "orgs/fork-legacy",
        "The same in the old format.",
        make=[Sign(V2_LEGACY, FORK, REKOR1)],
        ask=[
            ask("exact", signed_by(OCTO), v3=NO, v2=NO),
            ask(
                "pattern-of-any-owner",
                signed_by(OCTO, **by_pattern("/octo-repo/.github/workflows/release.yml@")),
                v3=YES,
                v2=YES,
            ),
        ],
    ),
    Scenario(
        "reusable/pinned",
        "Three builds by one reusable workflow, called at a tag, a branch and a commit.",
        images=(Image("tag"), Image("branch"), Image("commit")),
        make=[
            Attest(V3_BUNDLE, OCTO_VIA_TAG, REKOR2, "slsaprovenance02", predicates.slsa_v02(OCTO_VIA_TAG), image="tag"),
            Attest(
                V3_BUNDLE, OCTO_VIA_BRANCH, REKOR2, "slsaprovenance02", predicates.slsa_v02(OCTO_VIA_BRANCH), image="branch"
            ),
            Attest(
                V3_BUNDLE, OCTO_VIA_COMMIT, REKOR2, "slsaprovenance02", predicates.slsa_v02(OCTO_VIA_COMMIT), image="commit"
            ),
        ],
        ask=[
            ask("tag-by-builder", attested_by(OCTO_VIA_TAG, "slsaprovenance02"), v3=YES, image="tag"),
            ask("tag-by-caller", attested_by(OCTO, "slsaprovenance02"), v3=NO, image="tag"),
            ask("branch-as-tag", attested_by(OCTO_VIA_TAG, "slsaprovenance02"), v3=NO, image="branch"),
            ask("branch-by-builder", attested_by(OCTO_VIA_BRANCH, "slsaprovenance02"), v3=YES, image="branch"),
            ask("commit-by-builder", attested_by(OCTO_VIA_COMMIT, "slsaprovenance02"), v3=YES, image="commit"),
            ask(
                "tag-by-release-pattern",
                attested_by(OCTO, "slsaprovenance02", **by_pattern(SHARED + "@refs/tags/v[0-9.]+$")),
                v3=YES,
                image="tag",
            ),
            ask(
                "branch-by-release-pattern",
                attested_by(OCTO, "slsaprovenance02", **by_pattern(SHARED + "@refs/tags/v[0-9.]+$")),
                v3=NO,
                image="branch",
            ),
        ],
    ),
    Scenario(
        "reusable/pinned-legacy",
        "The same in the old format.",
        images=(Image("tag"), Image("commit")),
        make=[
            Attest(V2_LEGACY, OCTO_VIA_TAG, REKOR1, "slsaprovenance02", predicates.slsa_v02(OCTO_VIA_TAG), image="tag"),
            Attest(
                V2_LEGACY, OCTO_VIA_COMMIT, REKOR1, "slsaprovenance02", predicates.slsa_v02(OCTO_VIA_COMMIT), image="commit"
            ),
        ],
        ask=[
            ask("tag-by-builder", attested_by(OCTO_VIA_TAG, "slsaprovenance02"), v3=YES, v2=YES, image="tag"),
            ask("commit-by-builder", attested_by(OCTO_VIA_COMMIT, "slsaprovenance02"), v3=YES, v2=YES, image="commit"),
            ask("commit-as-tag", attested_by(OCTO_VIA_TAG, "slsaprovenance02"), v3=NO, v2=NO, image="commit"),
        ],
    ),
    Scenario(
        "reusable/called-by-fork",
        "A fork calls octo-org's reusable workflow: the identity is octo-org's, only the caller tells them apart.",
        make=[
            Sign(V3_BUNDLE, FORK_VIA_TAG, REKOR2),
            Attest(V3_BUNDLE, FORK_VIA_TAG, REKOR2, "slsaprovenance02", predicates.slsa_v02(FORK_VIA_TAG)),
        ],
        ask=[
            ask("by-builder", signed_by(OCTO_VIA_TAG), v3=YES),
            ask("by-builder-called-by-original", signed_by(OCTO_VIA_TAG, **called_by("octo-org/octo-repo")), v3=NO),
            ask("by-builder-called-by-fork", signed_by(OCTO_VIA_TAG, **called_by("evil-org/octo-repo")), v3=YES),
        ],
    ),
    Scenario(
        "reusable/called-by-fork-legacy",
        "The same in the old format.",
        make=[Sign(V2_LEGACY, FORK_VIA_TAG, REKOR1)],
        ask=[
            ask("by-builder", signed_by(OCTO_VIA_TAG), v3=YES, v2=YES),
            ask("by-builder-called-by-original", signed_by(OCTO_VIA_TAG, **called_by("octo-org/octo-repo")), v3=NO, v2=NO),
            ask("by-builder-called-by-fork", signed_by(OCTO_VIA_TAG, **called_by("evil-org/octo-repo")), v3=YES, v2=YES),
        ],
    ),
]


OLD_SCAN = {**predicates.VULNERABILITY_SCAN, **predicates.scan_result("2026-10-01T00:00:00Z", ["CRITICAL"])}
NEW_SCAN = {**predicates.VULNERABILITY_SCAN, **predicates.scan_result("2026-11-20T00:00:00Z", [])}
LAPTOP_BUILD = predicates.slsa_v1(OCTO, build_type="https://example.test/built-by-hand/v1")

DOCUMENTS = [
    Scenario(
        "github/private",
        "A GitHub artifact attestation of a private repository: Statement v1, a timestamp, an authority that logs nothing.",
        make=[AttachStatement(OCTO, GITHUB_TSA, SLSA1_TYPE, OCTO_SLSA1)],
        ask=[
            ask(
                "github-root",
                attested_by(OCTO, "slsaprovenance1", trusted_root=GITHUB_PRIVATE, insecure_ignore_sct=True, **TIMESTAMP_ONLY),
                v3=YES,
            ),
            ask("sct-wanted", attested_by(OCTO, "slsaprovenance1", trusted_root=GITHUB_PRIVATE, **TIMESTAMP_ONLY), v3=NO),
            ask(
                "log-wanted", attested_by(OCTO, "slsaprovenance1", trusted_root=GITHUB_PRIVATE, insecure_ignore_sct=True), v3=NO
            ),
            ask("other-root", attested_by(OCTO, "slsaprovenance1", insecure_ignore_sct=True, **TIMESTAMP_ONLY), v3=NO),
        ],
    ),
    Scenario(
        "github/public",
        "A GitHub artifact attestation of a public repository: Statement v1, in the log.",
        make=[AttachStatement(OCTO, REKOR1, SLSA1_TYPE, OCTO_SLSA1)],
        ask=[ask("right-identity", attested_by(OCTO, "slsaprovenance1"), v3=YES)],
    ),
    Scenario(
        "documents/of-one-type",
        "Attested again and again: provenance of a build by hand, then of the workflow; a scan with a critical finding, then "
        "one without.",
        make=[
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", LAPTOP_BUILD),
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1),
            Attest(V3_BUNDLE, OCTO, REKOR2, "vuln", OLD_SCAN),
            Attest(V3_BUNDLE, OCTO, REKOR2, "vuln", NEW_SCAN),
        ],
        ask=[
            ask("provenance", attested_by(OCTO, "slsaprovenance1"), v3=YES),
            ask("scan", attested_by(OCTO, "vuln"), v3=YES),
        ],
    ),
    Scenario(
        "documents/of-one-type-legacy",
        "The same in the old format.",
        make=[
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", LAPTOP_BUILD),
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1),
            Attest(V2_LEGACY, OCTO, REKOR1, "vuln", OLD_SCAN),
            Attest(V2_LEGACY, OCTO, REKOR1, "vuln", NEW_SCAN),
        ],
        ask=[
            ask("provenance", attested_by(OCTO, "slsaprovenance1"), v3=YES, v2=YES),
            ask("scan", attested_by(OCTO, "vuln"), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "documents/all",
        "Signed, with an SBOM, a scan that finds a vulnerability and a VEX document that says it does not matter.",
        make=[
            Sign(V3_BUNDLE, OCTO, REKOR2),
            Attest(V3_BUNDLE, OCTO, REKOR2, "cyclonedx", predicates.CYCLONEDX),
            Attest(V3_BUNDLE, OCTO, REKOR2, "vuln", OLD_SCAN),
            Attest(V3_BUNDLE, OCTO, REKOR2, "openvex", predicates.OPENVEX),
        ],
        ask=[
            ask("signature", signed_by(OCTO), v3=YES),
            ask("sbom", attested_by(OCTO, "cyclonedx"), v3=YES),
            ask("scan", attested_by(OCTO, "vuln"), v3=YES),
            ask("vex", attested_by(OCTO, "openvex"), v3=YES),
            ask("provenance", attested_by(OCTO, "slsaprovenance1"), v3=NO),
        ],
    ),
    Scenario(
        "documents/all-legacy",
        "The same in the old format; cosign 2 has no short name for OpenVEX.",
        make=[
            Sign(V2_LEGACY, OCTO, REKOR1),
            Attest(V2_LEGACY, OCTO, REKOR1, "cyclonedx", predicates.CYCLONEDX),
            Attest(V2_LEGACY, OCTO, REKOR1, "vuln", OLD_SCAN),
            Attest(V2_LEGACY, OCTO, REKOR1, "https://openvex.dev/ns", predicates.OPENVEX),
        ],
        ask=[
            ask("signature", signed_by(OCTO), v3=YES, v2=YES),
            ask("sbom", attested_by(OCTO, "cyclonedx"), v3=YES, v2=YES),
            ask("scan", attested_by(OCTO, "vuln"), v3=YES, v2=YES),
            ask("vex", attested_by(OCTO, "https://openvex.dev/ns"), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "documents/mislabelled",
        "A custom attestation whose referrer says, in an annotation that nobody signed, that it is SLSA provenance.",
        make=[
            AttachStatement(OCTO, REKOR2, "https://cosign.sigstore.dev/attestation/v1", predicates.CUSTOM, labelled=SLSA1_TYPE)
        ],
        ask=[
            ask("as-labelled", attested_by(OCTO, "slsaprovenance1"), v3=NO),
            ask("as-signed", attested_by(OCTO, "custom"), v3=YES),
        ],
    ),
]


TIME = [
    Scenario(
        "time/expired-certificate",
        "A company's own certificates, one good and one that expired before it was used; the timestamps prove it.",
        images=(Image("good"), Image("expired")),
        make=[
            Sign(V3_BUNDLE, Key("byo-leaf"), TSA_ONLY, image="good"),
            SwapInCertificate("byo-leaf", image="good"),
            Sign(V3_BUNDLE, Key("byo-expired"), TSA_ONLY, image="expired"),
            SwapInCertificate("byo-expired", image="expired"),
        ],
        ask=[
            ask("good", signed_by(OWN_CA, **TIMESTAMP_ONLY), v3=YES, image="good"),
            ask("expired", signed_by(OWN_CA, **TIMESTAMP_ONLY), v3=NO, image="expired"),
        ],
    ),
    Scenario(
        "time/expired-certificate-legacy",
        "The same in the old format, with a log entry.",
        make=[Sign(V2_LEGACY, OWN_CA_EXPIRED, REKOR1)],
        ask=[ask("logged", signed_by(OWN_CA), v3=NO, v2=NO)],
    ),
    Scenario(
        "time/ended-trust",
        "A good signature; asked under trusted roots in which the authority's or the timestamp authority's time was over.",
        make=[Sign(V3_BUNDLE, OCTO, REKOR2)],
        ask=[
            ask("all-valid", signed_by(OCTO), v3=YES),
            ask("authority-ended", signed_by(OCTO, trusted_root=AUTHORITY_ENDED), v3=NO),
            ask("timestamps-ended", signed_by(OCTO, trusted_root=TIMESTAMPS_ENDED), v3=NO),
        ],
    ),
    Scenario(
        "time/ended-trust-legacy",
        "The same in the old format, where the log gives the time.",
        make=[Sign(V2_LEGACY, OCTO, REKOR1)],
        ask=[
            ask("all-valid", signed_by(OCTO), v3=YES, v2=YES),
            ask("authority-ended", signed_by(OCTO, trusted_root=AUTHORITY_ENDED), v3=NO, v2=NO),
        ],
    ),
    Scenario(
        "time/rotated-log",
        "Rekor v1 gets a new key: `before` was logged under the old one, `after` under the new one.",
        images=(Image("before"), Image("after")),
        make=[Sign(V3_BUNDLE, OCTO, REKOR1, image="before"), Sign(V3_BUNDLE, OCTO, REKOR1_NEXT, image="after")],
        ask=[
            ask("before-both-keys", signed_by(OCTO, trusted_root=LOG_ROTATED), v3=YES, image="before"),
            ask("after-both-keys", signed_by(OCTO, trusted_root=LOG_ROTATED), v3=YES, image="after"),
            ask("before-new-key-only", signed_by(OCTO, trusted_root=LOG_NEW_KEY_ONLY), v3=NO, image="before"),
            ask("after-new-key-only", signed_by(OCTO, trusted_root=LOG_NEW_KEY_ONLY), v3=YES, image="after"),
            ask("before-old-key-only", signed_by(OCTO), v3=YES, image="before"),
            ask("after-old-key-only", signed_by(OCTO), v3=NO, image="after"),
            ask("before-old-key-ended", signed_by(OCTO, trusted_root=LOG_OLD_KEY_ENDED), v3=NO, image="before"),
        ],
    ),
    Scenario(
        "time/rotated-log-legacy",
        "The same in the old format.",
        images=(Image("before"), Image("after")),
        make=[Sign(V3_LEGACY, OCTO, REKOR1, image="before"), Sign(V3_LEGACY, OCTO, REKOR1_NEXT, image="after")],
        ask=[
            ask("before-both-keys", signed_by(OCTO, trusted_root=LOG_ROTATED), v3=YES, v2=YES, image="before"),
            ask("after-both-keys", signed_by(OCTO, trusted_root=LOG_ROTATED), v3=YES, v2=YES, image="after"),
            ask("before-new-key-only", signed_by(OCTO, trusted_root=LOG_NEW_KEY_ONLY), v3=NO, v2=NO, image="before"),
            ask("after-old-key-only", signed_by(OCTO), v3=NO, v2=NO, image="after"),
            ask("before-old-key-ended", signed_by(OCTO, trusted_root=LOG_OLD_KEY_ENDED), v3=NO, v2=NO, image="before"),
        ],
    ),
]


PLACES = [
    Scenario(
        "mirror/v3-multi",
        "A copy of v3-multi, referrers and all.",
        images=(),
        make=[CopyRepository("v3-multi")],
        ask=[
            ask("by-workflow", signed_by(OCTO), v3=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1"), v3=YES),
        ],
    ),
    Scenario(
        "mirror/v3-multi-tags-only",
        "A copy of v3-multi by a tool that knows only tags: the bundles stayed behind.",
        images=(),
        make=[CopyRepository("v3-multi", with_referrers=False)],
        ask=[ask("by-workflow", signed_by(OCTO), v3=NO)],
    ),
    Scenario(
        "mirror/v2-multi",
        "A copy of v2-multi: the payload still names the original repository, and nobody minds.",
        images=(),
        make=[CopyRepository("v2-multi")],
        ask=[
            ask("by-key", signed_by(P256), v3=YES, v2=YES),
            ask("attestation", attested_by(OCTO, "slsaprovenance1"), v3=YES, v2=YES),
        ],
    ),
    Scenario(
        "index/children-only",
        "An index whose children are signed, but not the index.",
        images=(Index("v1"),),
        make=[Sign(V3_BUNDLE, P256, REKOR2, image="amd64"), Sign(V3_BUNDLE, P256, REKOR2, image="arm64")],
        ask=[
            ask("index", signed_by(P256), v3=NO),
            ask("child", signed_by(P256), v3=YES, image="amd64"),
        ],
    ),
    Scenario(
        "index/children-only-legacy",
        "The same in the old format.",
        images=(Index("v1"),),
        make=[Sign(V2_LEGACY, P256, REKOR1, image="amd64"), Sign(V2_LEGACY, P256, REKOR1, image="arm64")],
        ask=[
            ask("index", signed_by(P256), v3=NO, v2=NO),
            ask("child", signed_by(P256), v3=YES, v2=YES, image="amd64"),
        ],
    ),
    Scenario(
        "index/only-legacy",
        "An index, signed without its children, in the old format.",
        images=(Index("v1"),),
        make=[Sign(V2_LEGACY, P256, REKOR1)],
        ask=[
            ask("index", signed_by(P256), v3=YES, v2=YES),
            ask("child", signed_by(P256), v3=NO, v2=NO, image="amd64"),
        ],
    ),
    Scenario(
        "fallback-mistyped",
        "A fallback tag whose descriptors have the wrong artifactType, as some clients write them. cosign does not mind.",
        registry=NO_REFERRERS,
        make=[Sign(V3_BUNDLE, P256, REKOR2), MistypeFallbackTag()],
        ask=[ask("right-key", signed_by(P256), v3=YES)],
    ),
]


HOSTILE = [
    Scenario(
        "hostile/other-subject",
        "Bundles that are about v1, hung onto `impostor`.",
        images=(Image("v1"), Image("impostor")),
        make=[
            Sign(V3_BUNDLE, OCTO, REKOR2),
            Attest(V3_BUNDLE, OCTO, REKOR2, "slsaprovenance1", OCTO_SLSA1),
            AttachEvidenceOf("v1", "impostor"),
        ],
        ask=[
            ask("v1", signed_by(OCTO), v3=YES),
            ask("impostor", signed_by(OCTO), v3=NO, image="impostor"),
            ask("impostor-attestation", attested_by(OCTO, "slsaprovenance1"), v3=NO, image="impostor"),
        ],
    ),
    Scenario(
        "hostile/other-subject-legacy",
        "The .sig and .att tags of v1, under the tags of `impostor`.",
        images=(Image("v1"), Image("impostor")),
        make=[
            Sign(V2_LEGACY, OCTO, REKOR1),
            Attest(V2_LEGACY, OCTO, REKOR1, "slsaprovenance1", OCTO_SLSA1),
            AttachEvidenceOf("v1", "impostor"),
        ],
        ask=[
            ask("v1", signed_by(OCTO), v3=YES, v2=YES),
            ask("impostor", signed_by(OCTO), v3=NO, v2=NO, image="impostor"),
            ask("impostor-attestation", attested_by(OCTO, "slsaprovenance1"), v3=NO, v2=NO, image="impostor"),
        ],
    ),
    Scenario(
        "hostile/annotations-elsewhere",
        "The trusted key signed without annotations; another key signed with those that are asked for.",
        make=[Sign(V3_BUNDLE, P256, REKOR2), Sign(V3_BUNDLE, RSA2048, REKOR2, annotations={"env": "prod"})],
        ask=[
            ask("key", signed_by(P256), v3=YES),
            ask("key-and-annotation", signed_by(P256, annotations={"env": "prod"}), v3=NO),
        ],
    ),
    Scenario(
        "hostile/annotations-elsewhere-legacy",
        "The same in the old format.",
        make=[Sign(V2_LEGACY, P256, REKOR1), Sign(V2_LEGACY, RSA2048, REKOR1, annotations={"env": "prod"})],
        ask=[
            ask("key", signed_by(P256), v3=YES, v2=YES),
            ask("key-and-annotation", signed_by(P256, annotations={"env": "prod"}), v3=NO, v2=NO),
        ],
    ),
    Scenario(
        "hostile/junk-referrers",
        "A thousand referrers that look like bundles, and one good one in the middle.",
        make=[Sign(V3_BUNDLE, MALLORY, REKOR2), PushJunkReferrers(500), Sign(V3_BUNDLE, OCTO, REKOR2), PushJunkReferrers(500)],
        ask=[
            ask("by-workflow", signed_by(OCTO), v3=YES),
            ask("by-nobody", signed_by(ALICE), v3=NO),
        ],
    ),
    Scenario(
        "hostile/junk-layers",
        "A good signature between a hundred that are none, under one .sig tag.",
        make=[Sign(V2_LEGACY, OCTO, REKOR1), PushJunkLayers(100)],
        ask=[ask("by-workflow", signed_by(OCTO), v3=YES, v2=YES)],
    ),
]


SCENARIOS = [
    *STORY,
    *BUNDLES_KEYLESS,
    *BUNDLES_ATTESTATIONS,
    *BUNDLES_KEYS,
    *BUNDLES_OWN_AUTHORITY,
    *BUNDLES_MANY,
    *LEGACY_BY_COSIGN_3,
    *LEGACY_KEYLESS,
    *LEGACY_ATTESTATIONS,
    *LEGACY_KEYS,
    *LEGACY_OWN_AUTHORITY,
    *LEGACY_MANY,
    *MIXED,
    *PEOPLE,
    *DOCUMENTS,
    *TIME,
    *PLACES,
    *HOSTILE,
]
