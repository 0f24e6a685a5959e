"""Images that are the same, digest and all, whenever and wherever they are made.

An image is one file that says its own name, in an uncompressed layer (compression differs between library versions) with
no time, owner or path in it.
"""

import json
import tarfile
from dataclasses import dataclass

from registry import IMAGE_INDEX, IMAGE_MANIFEST, Repository, digest_of

OCI = (IMAGE_MANIFEST, "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar")
DOCKER = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.docker.image.rootfs.diff.tar",
)
TAR_BLOCK = 512


@dataclass(frozen=True)
class Image:
    """A plain image under one tag."""

    tag: str
    media_types: tuple = OCI

    def push(self, repository: Repository, name: str, architecture: str = "amd64") -> dict:
        """Put the image into a repository; returns its descriptor."""
        manifest_type, config_type, layer_type = self.media_types
        layer = tar_with_one_file("name.txt", f"{name}:{self.tag}\n".encode())
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]},
        }
        return repository.add_manifest(
            {
                "schemaVersion": 2,
                "mediaType": manifest_type,
                "config": repository.add_blob(json.dumps(config).encode(), config_type),
                "layers": [repository.add_blob(layer, layer_type)],
            },
            self.tag,
        )


@dataclass(frozen=True)
class Index:
    """A multi-platform image: an index over one image for each architecture, whose tag is the architecture."""

    tag: str
    architectures: tuple = ("amd64", "arm64")

    def push(self, repository: Repository, name: str) -> dict:
        """Put the index and its images into a repository; returns the index's descriptor."""
        children = []
        for architecture in self.architectures:
            child = Image(architecture).push(repository, name, architecture)
            children.append({**child, "platform": {"architecture": architecture, "os": "linux"}})
        return repository.add_manifest({"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": children}, self.tag)


def tar_with_one_file(name: str, content: bytes) -> bytes:
    """A tar archive without the ten kilobytes of padding that libraries add."""
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    padding = -len(content) % TAR_BLOCK
    end_of_archive = bytes(2 * TAR_BLOCK)
    return entry.tobuf(format=tarfile.USTAR_FORMAT) + content + bytes(padding) + end_of_archive
