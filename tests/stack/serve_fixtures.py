#!/usr/bin/env python3
"""Serves tests/fixtures/layouts from the two registries that they came from, until it is stopped.

For asking cosign (or anything else that speaks to registries) by hand about the evidence that is in place:

    python3 tests/stack/serve_fixtures.py &
    cd tests/fixtures
    cosign verify --trusted-root trust/trusted_root.json --key keys/k-p256.pub 127.0.0.1:17021/v3-multi:v1
"""

import sys

sys.dont_write_bytecode = True

import signal
from pathlib import Path

from layouts import registries_from_layouts

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"


def main():
    """Serve until Ctrl-C."""
    for registry in registries_from_layouts(FIXTURES):
        registry.start()
        api = "with" if registry.lists_referrers else "without"
        print(f"{registry.address}: {len(registry.repositories)} repositories, {api} referrers API")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pause()


if __name__ == "__main__":
    main()
