"""An OCI registry in memory, served on loopback, with or without the referrers API.

cosign talks to it over HTTP as to any registry; the rest of the stack reaches into the same memory, which makes copying a
repository, attaching odd evidence and writing layouts plain dictionary work. It follows the OCI distribution
specification 1.1 as far as a client that pushes, pulls and lists referrers can tell. Clients cannot delete.
"""

import hashlib
import json
import re
import uuid
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from loopback import LoopbackServer

IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE_INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY_CONFIG = "application/vnd.oci.empty.v1+json"


def digest_of(content: bytes) -> str:
    """The content's name, as registries write it."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Repository:
    """What one repository holds. Dictionaries keep the order of pushing, which is the order referrers are listed in."""

    def __init__(self):
        self.blobs = {}
        self.manifests = {}
        self.media_types = {}
        self.tags = {}

    def add_blob(self, content: bytes, media_type: str) -> dict:
        """Store a blob; returns a descriptor of it."""
        digest = digest_of(content)
        self.blobs[digest] = content
        return {"mediaType": media_type, "size": len(content), "digest": digest}

    def add_manifest(self, manifest: dict, tag: str = None) -> dict:
        """Store a manifest, written without spaces so that its digest depends on nothing but its content."""
        content = json.dumps(manifest, separators=(",", ":")).encode()
        self.put_manifest(content, manifest["mediaType"], tag)
        return {"mediaType": manifest["mediaType"], "size": len(content), "digest": digest_of(content)}

    def put_manifest(self, content: bytes, media_type: str, tag: str = None):
        """Store a manifest byte for byte."""
        digest = digest_of(content)
        self.manifests[digest] = content
        self.media_types[digest] = media_type
        if tag:
            self.tags[tag] = digest

    def manifest(self, digest: str) -> dict:
        """A stored manifest, parsed."""
        return json.loads(self.manifests[digest])

    def descriptor(self, digest: str) -> dict:
        """How an index or a `subject` field refers to a stored manifest."""
        return {"mediaType": self.media_types[digest], "size": len(self.manifests[digest]), "digest": digest}

    def referrers(self, subject: str = None) -> list:
        """Descriptors of the manifests that name `subject` (any subject when None), in the order they were pushed."""
        found = []
        for digest in self.manifests:
            manifest = self.manifest(digest)
            named = (manifest.get("subject") or {}).get("digest")
            if named and subject in (None, named):
                descriptor = self.descriptor(digest)
                # Specification: a manifest without artifactType is listed under its config's media type.
                kind = manifest.get("artifactType") or manifest.get("config", {}).get("mediaType")
                if kind:
                    descriptor["artifactType"] = kind
                if manifest.get("annotations"):
                    descriptor["annotations"] = manifest["annotations"]
                found.append(descriptor)
        return found

    def copy_from(self, other: "Repository", with_referrers: bool):
        """Take over what another repository holds; without referrers, only what tags lead to gets listed here."""
        left_out = set() if with_referrers else {referrer["digest"] for referrer in other.referrers()}
        self.blobs.update(other.blobs)
        self.tags.update(other.tags)
        for digest, content in other.manifests.items():
            if digest not in left_out:
                self.put_manifest(content, other.media_types[digest])


class Registry:
    """All repositories of one registry, and the HTTP server in front of them."""

    def __init__(self, address: str, lists_referrers: bool):
        self.address = address
        self.lists_referrers = lists_referrers
        self.repositories = {}
        self.uploads = {}
        self.server = None

    def repository(self, name: str) -> Repository:
        """The repository of that name, created when it is not there: registries do the same on the first push."""
        return self.repositories.setdefault(name, Repository())

    def start(self):
        """Serve until `stop`, in a thread."""
        self.server = LoopbackServer(self.address, RegistryHandler, self)

    def stop(self):
        """Close the port; what was pushed stays readable here."""
        if self.server:
            self.server.stop()


class RegistryHandler(BaseHTTPRequestHandler):
    """The distribution API over one Registry."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    ROUTES = [
        (re.compile(r"/v2/"), "version"),
        (re.compile(r"/v2/(?P<name>.+)/blobs/uploads/(?P<upload>[0-9a-f]*)"), "upload"),
        (re.compile(r"/v2/(?P<name>.+)/blobs/(?P<digest>sha256:[0-9a-f]{64})"), "blob"),
        (re.compile(r"/v2/(?P<name>.+)/manifests/(?P<reference>[^/]+)"), "manifest"),
        (re.compile(r"/v2/(?P<name>.+)/tags/list"), "tags"),
        (re.compile(r"/v2/(?P<name>.+)/referrers/(?P<digest>sha256:[0-9a-f]{64})"), "referrers"),
    ]

    def route(self):
        """Find the handler for path and method; anything else does not exist here."""
        url = urlsplit(self.path)
        self.query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.body = self.read_body()
        self.registry = self.server.owner
        method = "get" if self.command == "HEAD" else self.command.lower()
        for pattern, name in self.ROUTES:
            match = pattern.fullmatch(url.path)
            if match:
                handler = getattr(self, f"{method}_{name}", None)
                if handler is None:
                    return self.fail(405, "UNSUPPORTED")
                return handler(**match.groupdict())
        return self.fail(404, "NAME_UNKNOWN")

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = route

    def read_body(self) -> bytes:
        """The request's body; cosign streams blobs in chunks of unknown total length."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, status: int, content: bytes = b"", **headers):
        """One whole answer. HEAD gets the same headers and no body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def answer_json(self, value, media_type="application/json", **headers):
        """An answer that is a JSON document."""
        self.answer(200, json.dumps(value).encode(), Content_Type=media_type, **headers)

    def fail(self, status: int, code: str):
        """An error in the specification's shape."""
        body = json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()
        self.answer(status, body, Content_Type="application/json")

    def get_version(self):
        self.answer_json({})

    def get_tags(self, name):
        if name not in self.registry.repositories:
            return self.fail(404, "NAME_UNKNOWN")
        return self.answer_json({"name": name, "tags": sorted(self.registry.repository(name).tags)})

    def get_blob(self, name, digest):
        content = self.registry.repository(name).blobs.get(digest)
        if content is None:
            return self.fail(404, "BLOB_UNKNOWN")
        return self.answer(200, content, Content_Type="application/octet-stream", Docker_Content_Digest=digest)

    def post_upload(self, name, upload):
        if "digest" in self.query:
            return self.finish_upload(name, self.body)
        # A mount request (?mount=…&from=…) may always be answered as if it were an ordinary upload.
        upload = uuid.uuid4().hex
        self.registry.uploads[upload] = b""
        return self.answer(202, Location=f"/v2/{name}/blobs/uploads/{upload}")

    def patch_upload(self, name, upload):
        if upload not in self.registry.uploads:
            return self.fail(404, "BLOB_UPLOAD_UNKNOWN")
        self.registry.uploads[upload] += self.body
        return self.answer(202, Location=f"/v2/{name}/blobs/uploads/{upload}")

    def put_upload(self, name, upload):
        if upload not in self.registry.uploads:
            return self.fail(404, "BLOB_UPLOAD_UNKNOWN")
        return self.finish_upload(name, self.registry.uploads.pop(upload) + self.body)

    def finish_upload(self, name, content):
        """Store an upload, if it is what its digest says."""
        if digest_of(content) != self.query.get("digest"):
            return self.fail(400, "DIGEST_INVALID")
        digest = self.registry.repository(name).add_blob(content, "application/octet-stream")["digest"]
        return self.answer(201, Location=f"/v2/{name}/blobs/{digest}", Docker_Content_Digest=digest)

    def get_manifest(self, name, reference):
        repository = self.registry.repositories.get(name, Repository())
        digest = repository.tags.get(reference, reference)
        content = repository.manifests.get(digest)
        if content is None:
            return self.fail(404, "MANIFEST_UNKNOWN")
        return self.answer(200, content, Content_Type=repository.media_types[digest], Docker_Content_Digest=digest)

    def put_manifest(self, name, reference):
        digest = digest_of(self.body)
        if reference.startswith("sha256:") and reference != digest:
            return self.fail(400, "DIGEST_INVALID")
        tag = None if reference == digest else reference
        self.registry.repository(name).put_manifest(self.body, self.headers["Content-Type"], tag)
        headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker_Content_Digest": digest}
        subject = (json.loads(self.body).get("subject") or {}).get("digest")
        if subject and self.registry.lists_referrers:
            headers["OCI_Subject"] = subject
        return self.answer(201, **headers)

    def get_referrers(self, name, digest):
        if not self.registry.lists_referrers:
            return self.fail(404, "NOT_FOUND")
        found = self.registry.repositories.get(name, Repository()).referrers(digest)
        headers = {}
        if wanted := self.query.get("artifactType"):
            found = [descriptor for descriptor in found if descriptor.get("artifactType") == wanted]
            headers["OCI_Filters_Applied"] = "artifactType"
        index = {"schemaVersion": 2, "mediaType": IMAGE_INDEX, "manifests": found}
        return self.answer_json(index, IMAGE_INDEX, **headers)

    def log_message(self, *_):
        """Quiet: cosign's own log says what it asked for."""
