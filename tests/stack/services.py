"""The servers of a Sigstore on loopback: what runs, with which arguments, and when it counts as up.

Ports and names are fixed, because they end up in the evidence. `Stack` starts everything and stops everything it
started, however the work in between ends.
"""

import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from pki import CT_LOG_PASSWORD, FULCIO_PASSWORD
from registry import Registry
from token_issuer import TokenIssuer

HERE = Path(__file__).parent

ISSUER = "127.0.0.1:17001"
ISSUER_PROXY = "127.0.0.1:17002"
TRILLIAN = "127.0.0.1:17003"
CT_LOG = "127.0.0.1:17004"
FULCIO = "127.0.0.1:17005"
REKOR1 = "127.0.0.1:17008"
REKOR2 = "127.0.0.1:17009"
TSA = "127.0.0.1:17012"
REKOR2_DSSE = "127.0.0.1:17013"
REKOR1_NEXT = "127.0.0.1:17014"
FULCIO_GITHUB = "127.0.0.1:17015"
# The registry that lists referrers, and the one that does not.
REFERRERS = "127.0.0.1:17021"
NO_REFERRERS = "127.0.0.1:17022"

TIMESTAMP_URL = f"http://{TSA}/api/v1/timestamp"
PATIENCE_SECONDS = 20


@dataclass
class Service:
    """One program to start. `ready` is a URL that answers, or an address that accepts connections, once it is up."""

    name: str
    command: list
    ready: str
    environment: dict = field(default_factory=dict)


class Stack:
    """Everything up on entering, everything down on leaving."""

    def __init__(self, programs: Path, pki: Path, run: Path):
        self.programs = programs
        self.pki = pki
        self.run = run
        self.processes = []
        self.issuer = TokenIssuer(ISSUER, ISSUER_PROXY, pki)
        self.registries = {
            REFERRERS: Registry(REFERRERS, lists_referrers=True),
            NO_REFERRERS: Registry(NO_REFERRERS, lists_referrers=False),
        }

    def __enter__(self):
        try:
            for server in (self.issuer, *self.registries.values()):
                server.start()
            # In two rounds: the logs need the ids of the trees that Trillian creates, Fulcio needs the CT log.
            self.start([self.trillian()])
            ct_tree, rekor_tree, next_rekor_tree = self.tree_ids()
            self.start(
                [
                    self.ct_log(ct_tree),
                    self.rekor1("rekor1", REKOR1, rekor_tree),
                    self.rekor1("rekor1-next", REKOR1_NEXT, next_rekor_tree),
                    self.rekor2("rekor2", REKOR2, "posix"),
                    self.rekor2("rekor2-dsse", REKOR2_DSSE, "rt22/posix"),
                    self.timestamp_authority(),
                ]
            )
            ct_log = ["--ct-log-url", f"http://{CT_LOG}/ctlog", "--ct-log-public-key-path", self.pki / "ct.pub"]
            self.start([self.fulcio("fulcio", FULCIO, ct_log), self.fulcio("fulcio-github", FULCIO_GITHUB, ["--ct-log-url="])])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(timeout=3)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for server in (self.issuer, *self.registries.values()):
            server.stop()

    def start(self, services: list):
        """Start these, then wait until each of them answers."""
        for service in services:
            log = open(self.log(service), "wb")
            environment = {**os.environ, **service.environment}
            process = subprocess.Popen(service.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
            self.processes.append(process)
        for service, process in zip(services, self.processes[-len(services) :]):
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not answers(service.ready):
                if process.poll() is not None or time.monotonic() > deadline:
                    tail = "\n".join(self.log(service).read_text(errors="replace").splitlines()[-5:])
                    raise RuntimeError(f"{service.name} did not come up:\n{tail}")
                time.sleep(0.05)

    def log(self, service: Service) -> Path:
        """Where a service's output goes."""
        return self.run / f"{service.name}.log"

    def tree_ids(self) -> list:
        """The ids that Trillian wrote down."""
        return (self.run / "trees").read_text().split()

    def trillian(self) -> Service:
        """Storage for the CT log and Rekor v1."""
        command = [self.programs / "trillian-memory", "-address", TRILLIAN, "-trees", "3", "-ids", self.run / "trees"]
        return Service("trillian", command, TRILLIAN)

    def ct_log(self, tree: str) -> Service:
        """Where Fulcio logs its certificates; its signature is the SCT inside each of them."""
        config = self.run / "ct-log.config"
        config.write_text(f"""config {{
  log_id: {tree}
  prefix: "ctlog"
  roots_pem_file: "{self.pki}/fulcio-root.crt"
  private_key: {{
    [type.googleapis.com/keyspb.PEMKeyFile] {{ path: "{self.pki}/ct.encrypted.key" password: "{CT_LOG_PASSWORD}" }}
  }}
  ext_key_usages: [ "CodeSigning" ]
  max_merge_delay_sec: 86400
  expected_merge_delay_sec: 120
}}
""")
        command = [
            self.programs / "ct_server",
            "--log_config",
            config,
            "--log_rpc_server",
            TRILLIAN,
            "--http_endpoint",
            CT_LOG,
            "--logtostderr",
        ]
        return Service("ct-log", command, CT_LOG)

    def rekor1(self, name: str, address: str, tree: str) -> Service:
        """Rekor v1: signed entry timestamps, and inclusion proofs. Everything that wants a search index is off."""
        host, port = address.split(":")
        trillian_host, trillian_port = TRILLIAN.split(":")
        endpoints = "getLogInfo,getPublicKey,getLogProof,createLogEntry,getLogEntryByIndex,getLogEntryByUUID,searchLogQuery"
        command = [
            self.programs / "rekor-server",
            "serve",
            "--rekor_server.address",
            host,
            "--port",
            port,
            "--trillian_log_server.address",
            trillian_host,
            "--trillian_log_server.port",
            trillian_port,
            "--trillian_log_server.tlog_id",
            tree,
            "--rekor_server.signer",
            self.pki / f"{name}.key",
            "--rekor_server.hostname",
            f"{name}.fixture.test",
            "--enable_retrieve_api=false",
            "--enabled_api_endpoints",
            endpoints,
        ]
        return Service(name, command, f"http://{address}/api/v1/log")

    def rekor2(self, name: str, address: str, program: str) -> Service:
        """Rekor v2: inclusion proofs and checkpoints, no signed time. Told to batch for milliseconds, so that nobody waits."""
        host, port = address.split(":")
        storage = self.run / name
        storage.mkdir()
        # Its gRPC and metrics ports lie above the HTTP port; nobody calls them, but it cannot be told not to have them.
        command = [
            self.programs / program,
            "serve",
            "--http-address",
            host,
            "--http-port",
            port,
            "--grpc-address",
            host,
            "--grpc-port",
            str(int(port) + 100),
            "--http-metrics-port",
            str(int(port) + 200),
            "--hostname",
            f"{name}.fixture.test",
            "--storage-dir",
            storage,
            "--signer-filepath",
            self.pki / f"{name}.key",
            "--checkpoint-interval",
            "100ms",
            "--batch-max-age",
            "20ms",
            "--batch-max-size",
            "1",
        ]
        return Service(name, command, f"http://{address}/healthz")

    def timestamp_authority(self) -> Service:
        """RFC 3161. The hash has to fit its P-384 key."""
        host, port = TSA.split(":")
        command = [
            self.programs / "timestamp-server",
            "serve",
            "--host",
            host,
            "--port",
            port,
            "--timestamp-signer",
            "file",
            "--file-signer-key-path",
            self.pki / "tsa.key",
            "--certificate-chain-path",
            self.pki / "tsa-chain.pem",
            "--timestamp-signer-hash",
            "sha384",
            "--disable-ntp-monitoring",
        ]
        return Service("timestamp-authority", command, f"http://{TSA}/ping")

    def fulcio(self, name: str, address: str, ct_log: list) -> Service:
        """A certificate authority. It meets GitHub's issuer through our proxy."""
        host, port = address.split(":")
        command = [
            self.programs / "fulcio",
            "serve",
            "--host",
            host,
            "--port",
            port,
            "--grpc-host",
            host,
            "--grpc-port",
            str(int(port) + 100),
            "--metrics-port",
            str(int(port) + 200),
            "--legacy-unix-domain-socket",
            self.run / f"{name}.sock",
            "--config-path",
            HERE / "fulcio.yaml",
            "--ca",
            "fileca",
            "--fileca-cert",
            self.pki / f"{name}-chain.pem",
            "--fileca-key",
            self.pki / f"{name}-int.encrypted.key",
            "--fileca-key-passwd",
            FULCIO_PASSWORD,
            "--fileca-watch=false",
            *ct_log,
        ]
        environment = {"HTTPS_PROXY": f"http://{ISSUER_PROXY}", "SSL_CERT_FILE": str(self.pki / "github-tls-ca.crt")}
        return Service(name, command, f"http://{address}/healthz", environment)


def answers(ready: str) -> bool:
    """Does a URL answer, or an address accept a connection?"""
    try:
        if ready.startswith("http"):
            urllib.request.urlopen(ready, timeout=1).close()
        else:
            host, port = ready.split(":")
            socket.create_connection((host, int(port)), timeout=1).close()
        return True
    except OSError:
        return False
