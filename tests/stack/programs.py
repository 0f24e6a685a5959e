"""Which programs the stack runs, at which version, and how they get here.

Every one is a Go program, installed with `go install` into one folder (STACK_BIN, or .stack/bin) and asked for its
version before it is installed again: a folder that somebody has already filled is used as it is.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(__file__).parent / "tools"


@dataclass(frozen=True)
class Program:
    """One pinned program. `path` is where it lies in the folder; its last part is the name `go install` gives it."""

    path: str
    module: str
    package: str
    version: str
    what: str


PROGRAMS = [
    Program("cosign", "github.com/sigstore/cosign/v3", "/cmd/cosign", "v3.1.3", "cosign 3"),
    Program("v2/cosign", "github.com/sigstore/cosign/v2", "/cmd/cosign", "v2.6.5", "cosign 2"),
    Program("fulcio", "github.com/sigstore/fulcio", "", "v1.8.8", "Fulcio, the certificate authority"),
    # 1.5.5 and later want Go 1.27
    Program("rekor-server", "github.com/sigstore/rekor", "/cmd/rekor-server", "v1.5.4", "Rekor v1"),
    # 2.4 and later want Go 1.27
    Program("posix", "github.com/sigstore/rekor-tiles/v2", "/cmd/rekor-server/posix", "v2.3.0", "Rekor v2"),
    # the last one that takes the dsse 0.0.2 entries of cosign 2.6 (`attest --new-bundle-format`)
    Program("rt22/posix", "github.com/sigstore/rekor-tiles/v2", "/cmd/rekor-server/posix", "v2.2.1", "Rekor v2, dsse entries"),
    # 2.1.4 and later want Go 1.27
    Program(
        "timestamp-server",
        "github.com/sigstore/timestamp-authority/v2",
        "/cmd/timestamp-server",
        "v2.1.3",
        "timestamp authority",
    ),
    Program(
        "ct_server",
        "github.com/google/certificate-transparency-go",
        "/trillian/ctfe/ct_server",
        "v1.4.0",
        "certificate transparency log",
    ),
]

# Our own: the storage that the CT log and Rekor v1 write to.
TRILLIAN = "trillian-memory"


def install_missing(folder: Path):
    """Bring every program to its pinned version; say which ones had to be installed."""
    if shutil.which("go") is None:
        raise SystemExit("go is not on the PATH: Go 1.26 or later installs the Sigstore programs")
    for program in PROGRAMS:
        target = folder / program.path
        if installed_version(target) == (program.module, program.version):
            continue
        source = f"{program.module}{program.package}@{program.version}"
        print(f"installing {program.what}: {source}", flush=True)
        go_install(target.parent, [source])
    go_install(folder, ["./..."], cwd=TOOLS)


def installed_version(binary: Path):
    """(module, version) that the Go linker wrote into a binary; None when there is no such binary."""
    if not binary.exists():
        return None
    answer = subprocess.run(["go", "version", "-m", binary], capture_output=True, text=True)
    for line in answer.stdout.splitlines():
        fields = line.split()
        if fields and fields[0] == "mod":
            return fields[1], fields[2]
    return None


def go_install(folder: Path, what: list, cwd=None):
    """`go install` into a folder, which Go wants to be an absolute path."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "install", *what], cwd=cwd, env={**os.environ, "GOBIN": str(folder)}, check=True)
