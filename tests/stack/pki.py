"""Every key and certificate authority of the stack, made with openssl.

They are made once for a work folder and kept, so that fixtures made again on the same machine carry the same trust root
and public keys and differ only in what was signed. Nothing private ever leaves the work folder.
"""

import subprocess
from pathlib import Path

CA = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"]
LEAF = ["basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature"]
CODE_SIGNING = ["extendedKeyUsage=codeSigning"]
# RFC 3161 wants this one critical, and alone.
TIME_STAMPING = ["extendedKeyUsage=critical,timeStamping"]
# Validity, as openssl writes times. What has expired expired before anything was signed with it.
BEGINNING, LONG_OVER, FAR_AWAY = "20250101000000Z", "20250301000000Z", "20450101000000Z"

# Signing keys that people would hold, one of each kind that cosign verifies.
SIGNING_KEYS = {
    "k-p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "k-p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "k-rsa2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "k-rsa4096": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "k-ed25519": ["-algorithm", "ED25519"],
}
P256, P384, RSA2048, ED25519 = (SIGNING_KEYS[name] for name in ("k-p256", "k-p384", "k-rsa2048", "k-ed25519"))

# Passwords of key files whose programs insist on one. The files are throwaway and never leave the work folder.
FULCIO_PASSWORD = "fulcio"
CT_LOG_PASSWORD = "ct-log"

CA_CONFIG = """[ca]
default_ca = only
[only]
database = ca.database
unique_subject = no
new_certs_dir = .
rand_serial = yes
default_md = sha384
policy = anything
[anything]
organizationName = optional
commonName = supplied
"""


class Pki:
    """A folder of keys and certificates: `NAME.key`, `NAME.pub`, `NAME.crt`, and chains `NAME-chain.pem`."""

    def __init__(self, folder: Path):
        self.folder = folder

    def make_missing(self):
        """Make whatever an earlier run has not made."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.make_fulcio()
        self.make_logs()
        self.make_timestamp_authority()
        self.make_own_authority()
        self.make_token_issuer()
        for name, algorithm in SIGNING_KEYS.items():
            self.key(name, algorithm)

    def make_fulcio(self):
        """Root and intermediate on P-384, as the public instance has them; and the like of GitHub's private one."""
        for name in ("fulcio", "fulcio-github"):
            self.certificate(f"{name}-root", f"/O=fixture.test/CN=fixture {name} root", P384, CA)
            self.certificate(
                f"{name}-int", f"/O=fixture.test/CN=fixture {name} intermediate", P384, CA + CODE_SIGNING, f"{name}-root"
            )
            self.chain(f"{name}-chain.pem", f"{name}-int", f"{name}-root")
            self.openssl(
                "pkcs8",
                "-topk8",
                "-v2",
                "aes-256-cbc",
                "-in",
                f"{name}-int.key",
                "-out",
                f"{name}-int.encrypted.key",
                "-passout",
                f"pass:{FULCIO_PASSWORD}",
            )

    def make_logs(self):
        """The CT log, two Rekor v1 logs (one follows the other) and two Rekor v2 logs."""
        self.key("ct", P256)
        # The CT log reads only the old encrypted PEM form.
        self.openssl("ec", "-in", "ct.key", "-aes128", "-passout", f"pass:{CT_LOG_PASSWORD}", "-out", "ct.encrypted.key")
        self.key("rekor1", P256)
        self.key("rekor1-next", P256)
        self.key("rekor2", ED25519)
        self.key("rekor2-dsse", P256)

    def make_timestamp_authority(self):
        """Root and signer on P-384, nothing between them."""
        self.certificate("tsa-root", "/O=fixture.test/CN=fixture tsa root", P384, CA)
        self.certificate("tsa", "/O=fixture.test/CN=fixture tsa", P384, LEAF + TIME_STAMPING, issuer="tsa-root")
        self.chain("tsa-chain.pem", "tsa", "tsa-root")

    def make_own_authority(self):
        """A company's own authority, which signs without Fulcio: no SCT, an e-mail address as identity."""
        self.certificate("byo-root", "/O=byo.test/CN=byo root", P256, CA)
        self.certificate("byo-int", "/O=byo.test/CN=byo intermediate", P256, CA + CODE_SIGNING, issuer="byo-root")
        self.certificate(
            "byo-leaf",
            "/O=byo.test/CN=byo signer",
            P256,
            LEAF + CODE_SIGNING + ["subjectAltName=email:signer@byo.test"],
            issuer="byo-int",
        )
        self.chain("byo-chain.pem", "byo-int", "byo-root")
        self.certificate(
            "byo-expired",
            "/O=byo.test/CN=byo signer of last year",
            P256,
            LEAF + CODE_SIGNING + ["subjectAltName=email:signer@byo.test"],
            issuer="byo-int",
            ends=LONG_OVER,
        )

    def make_token_issuer(self):
        """The key that signs identity tokens, and the TLS certificate that makes Fulcio take our proxy for GitHub."""
        self.key("token-issuer", RSA2048)
        self.certificate("github-tls-ca", "/CN=fixture tls ca", P256, CA)
        self.certificate(
            "github-tls",
            "/CN=token.actions.githubusercontent.com",
            P256,
            LEAF + ["extendedKeyUsage=serverAuth", "subjectAltName=DNS:token.actions.githubusercontent.com"],
            issuer="github-tls-ca",
        )

    def key(self, name: str, algorithm: list):
        """NAME.key (PKCS#8, unencrypted) and NAME.pub."""
        if (self.folder / f"{name}.pub").exists():
            return
        self.openssl("genpkey", *algorithm, "-out", f"{name}.key")
        self.openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")

    def certificate(self, name: str, subject: str, algorithm: list, extensions: list, issuer: str = None, ends: str = FAR_AWAY):
        """NAME.key and NAME.crt, signed by `issuer`'s key, or by its own when there is none.

        `openssl ca` is clumsier than its sisters, but the only one that every openssl 3 lets choose the dates.
        """
        if (self.folder / f"{name}.crt").exists():
            return
        self.key(name, algorithm)
        (self.folder / "ca.config").write_text(CA_CONFIG)
        (self.folder / "ca.database").touch()
        lines = extensions + ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        (self.folder / f"{name}.extensions").write_text("\n".join(lines) + "\n")
        self.openssl("req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.request")
        signer = ["-cert", f"{issuer}.crt", "-keyfile", f"{issuer}.key"] if issuer else ["-selfsign", "-keyfile", f"{name}.key"]
        self.openssl(
            "ca",
            "-batch",
            "-notext",
            "-config",
            "ca.config",
            "-in",
            f"{name}.request",
            *signer,
            "-startdate",
            BEGINNING,
            "-enddate",
            ends,
            "-extfile",
            f"{name}.extensions",
            "-out",
            f"{name}.crt",
        )

    def chain(self, file: str, *names: str):
        """Certificates one after the other, leaf end first."""
        (self.folder / file).write_text("".join((self.folder / f"{name}.crt").read_text() for name in names))

    def openssl(self, *arguments: str):
        """Run openssl in the folder; what it says matters only when it fails."""
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.strip()}")
