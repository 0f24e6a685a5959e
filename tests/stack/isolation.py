"""A network that holds nothing but loopback.

With it, a run cannot reach the public Sigstore by mistake, its fixed ports cannot clash with anybody's, and when it ends,
however it ends, the kernel stops every process that it started.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1
UNSHARE = ["unshare", "--net", "--pid", "--fork", "--kill-child"]


def enter_own_network(arguments: list):
    """Run this program again, with these arguments, in a network and process namespace of its own, if the machine lets us.

    Returns only when it does not: the caller then goes on in the network that it has.
    """
    for unshare in (UNSHARE, [*UNSHARE, "--map-root-user"]):
        if shutil.which("unshare") and subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
            sys.stdout.flush()
            os.execvp(unshare[0], [*unshare, sys.executable, *arguments])
    print("no network namespace on this machine: using its own loopback", file=sys.stderr)


def bring_loopback_up():
    """A new network namespace has loopback, but switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))
