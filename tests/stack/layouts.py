"""Writes what a repository holds as an OCI image layout, and reads it back.

index.json lists every tag, with its name in `org.opencontainers.image.ref.name`, then every referrer, as the referrers API
would describe it. A registry without that API has only tags to show, and its layout only tags too. Nothing else is
written: manifests that no tag, index or subject leads to any more stay behind.
"""

import json
from pathlib import Path

from registry import IMAGE_INDEX, Registry, Repository, digest_of
from services import NO_REFERRERS, REFERRERS

LAYOUT_FOLDERS = {REFERRERS: "layouts/referrers", NO_REFERRERS: "layouts/noreferrers"}
REF_NAME = "org.opencontainers.image.ref.name"


def write_layout(repository: Repository, folder: Path, lists_referrers: bool):
    """One repository into one folder."""
    entries = [tag_entry(repository, tag) for tag in sorted(repository.tags)]
    if lists_referrers:
        tagged = set(repository.tags.values())
        entries += [descriptor for descriptor in repository.referrers() if descriptor["digest"] not in tagged]
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    written = set()
    for entry in entries:
        write_manifest(repository, entry["digest"], blobs, written)
    write_json(folder / "index.json", {"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": entries})
    write_json(folder / "oci-layout", {"imageLayoutVersion": "1.0.0"})


def tag_entry(repository: Repository, tag: str) -> dict:
    """How index.json names a tagged manifest."""
    digest = repository.tags[tag]
    entry = repository.descriptor(digest)
    if artifact_type := repository.manifest(digest).get("artifactType"):
        entry["artifactType"] = artifact_type
    return {**entry, "annotations": {REF_NAME: tag}}


def write_manifest(repository: Repository, digest: str, blobs: Path, written: set):
    """A manifest and everything below it, each file once."""
    if digest in written:
        return
    written.add(digest)
    write_blob(blobs, digest, repository.manifests[digest])
    manifest = repository.manifest(digest)
    for child in manifest.get("manifests", []):
        write_manifest(repository, child["digest"], blobs, written)
    for descriptor in [manifest.get("config"), *manifest.get("layers", [])]:
        if descriptor:
            write_blob(blobs, descriptor["digest"], repository.blobs[descriptor["digest"]])


def write_blob(blobs: Path, digest: str, content: bytes):
    """A file named by its digest."""
    (blobs / digest.removeprefix("sha256:")).write_bytes(content)


def write_json(path: Path, value):
    """JSON that reads well in a diff."""
    path.write_text(json.dumps(value, indent=1) + "\n")


def registries_from_layouts(fixtures: Path) -> list:
    """The two registries as they were, from the layouts that were made of them; not started yet."""
    registries = []
    for address, folder in LAYOUT_FOLDERS.items():
        registry = Registry(address, lists_referrers=address == REFERRERS)
        for marker in sorted((fixtures / folder).rglob("oci-layout")):
            name = marker.parent.relative_to(fixtures / folder).as_posix()
            read_layout(marker.parent, registry.repository(name))
        registries.append(registry)
    return registries


def read_layout(folder: Path, repository: Repository):
    """Put back into a repository what `write_layout` took from it."""

    def blob(descriptor):
        content = (folder / "blobs" / "sha256" / descriptor["digest"].removeprefix("sha256:")).read_bytes()
        if digest_of(content) != descriptor["digest"]:
            raise ValueError(f"{folder}: {descriptor['digest']} is not what its name says")
        return content

    def manifest(descriptor, tag=None):
        content = blob(descriptor)
        repository.put_manifest(content, descriptor["mediaType"], tag)
        parsed = json.loads(content)
        for child in parsed.get("manifests", []):
            manifest(child)
        for part in [parsed.get("config"), *parsed.get("layers", [])]:
            if part:
                repository.blobs[part["digest"]] = blob(part)

    for descriptor in json.loads((folder / "index.json").read_text())["manifests"]:
        manifest(descriptor, descriptor.get("annotations", {}).get(REF_NAME))
