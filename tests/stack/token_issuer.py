"""An OpenID Connect issuer that Fulcio believes, under its own name and under GitHub's.

Fulcio certifies a GitHub workflow only when the token's issuer is https://token.actions.githubusercontent.com, and it
fetches that issuer's keys over HTTPS. Here Fulcio is told to use a proxy, and the proxy answers in the issuer's stead:
it accepts CONNECT for any host and then speaks TLS itself, with a certificate that only Fulcio is told to trust.
So certificates come out with the true issuer, the workflow identity and every extension, and no packet leaves the machine.
"""

import base64
import json
import ssl
import subprocess
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from loopback import LoopbackServer

DISCOVERY = "/.well-known/openid-configuration"
LIFETIME_SECONDS = 3600


def base64url(content: bytes) -> str:
    """Base64 as JSON web tokens write it."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


class TokenIssuer:
    """Signs identity tokens, and publishes the key that they verify with."""

    def __init__(self, address: str, proxy_address: str, pki: Path):
        self.addresses = [address, proxy_address]
        self.key = pki / "token-issuer.key"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pki / "github-tls.crt", pki / "github-tls.key")
        self.servers = []

    def start(self):
        """Serve on both addresses until `stop`, in threads."""
        self.servers = [LoopbackServer(address, IssuerHandler, self) for address in self.addresses]

    def stop(self):
        """Close both ports."""
        for server in self.servers:
            server.stop()

    def token(self, claims: dict) -> str:
        """A signed token (RS256) with these claims, made for Sigstore and valid for an hour."""
        now = int(time.time())
        # A few seconds back: Fulcio reads the clock for itself.
        claims = {"aud": "sigstore", "iat": now - 5, "nbf": now - 5, "exp": now + LIFETIME_SECONDS, **claims}
        header = {"alg": "RS256", "typ": "JWT", "kid": "fixture"}
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        signing = ["openssl", "dgst", "-sha256", "-sign", self.key]
        signature = subprocess.run(signing, input=signed.encode(), capture_output=True, check=True).stdout
        return f"{signed}.{base64url(signature)}"

    def public_keys(self) -> dict:
        """The key set that a verifier of tokens downloads."""
        reading = ["openssl", "rsa", "-in", self.key, "-noout", "-modulus"]
        modulus = subprocess.run(reading, capture_output=True, text=True, check=True).stdout.strip().removeprefix("Modulus=")
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": "fixture",
            "n": base64url(bytes.fromhex(modulus)),
            "e": "AQAB",
        }
        return {"keys": [key]}


class IssuerHandler(BaseHTTPRequestHandler):
    """Discovery document and keys, on a plain connection or on one that began with CONNECT."""

    protocol_version = "HTTP/1.1"
    scheme = "http"

    def do_CONNECT(self):
        """Become the host that the client wanted to reach: from here on this connection speaks TLS."""
        self.send_response(200, "Connection established")
        self.end_headers()
        self.connection = self.server.owner.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.scheme = "https"
        self.close_connection = False

    def do_GET(self):
        if self.path.endswith(DISCOVERY):
            issuer = f"{self.scheme}://{self.headers['Host']}{self.path.removesuffix(DISCOVERY)}"
            self.answer(
                {
                    "issuer": issuer,
                    "jwks_uri": f"{issuer}/keys",
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "response_types_supported": ["id_token"],
                    "subject_types_supported": ["public"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif self.path.endswith("/keys"):
            self.answer(self.server.owner.public_keys())
        else:
            self.send_error(404)

    def answer(self, value: dict):
        """A JSON document."""
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Quiet: Fulcio's log says what went wrong, if anything does."""
