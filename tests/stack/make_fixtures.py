#!/usr/bin/env python3
"""Makes tests/fixtures from nothing: installs and starts a Sigstore on loopback, signs, asks, writes, stops.

    python3 tests/stack/make_fixtures.py              make them and put them in place
    python3 tests/stack/make_fixtures.py --check      make them elsewhere and compare the verdicts with those in place
    python3 tests/stack/make_fixtures.py --ask-again  ask cosign again about those in place

Environment: STACK_WORK, the private folder for keys and logs (default .stack); STACK_BIN, a folder for the
programs, filled or not (default bin inside the former). See README.md.
"""

import sys

# No __pycache__ beside the sources.
sys.dont_write_bytecode = True

import argparse
import os
import shutil
import signal
import time
from pathlib import Path

import origin
import programs
from isolation import bring_loopback_up, enter_own_network
from layouts import LAYOUT_FOLDERS, registries_from_layouts, write_json, write_layout
from pki import Pki
from recording import ask_again, ask_scenario, compare, read_records
from scenarios import SCENARIOS
from services import Stack
from workshop import Workshop

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
WORK = Path(os.environ.get("STACK_WORK", ROOT / ".stack")).resolve()
PROGRAMS = Path(os.environ.get("STACK_BIN", WORK / "bin")).resolve()

# What this program writes under tests/fixtures, and replaces as a whole. Anything else there belongs to somebody else.
OUTPUTS = ["layouts", "trust", "keys", "questions.json", "ORIGIN.md"]


class ScenarioRepository:
    """The repository that a scenario happens in, as its steps and questions see it."""

    def __init__(self, scenario, registry):
        self.name = scenario.name
        self.address = registry.address
        self.layout = f"{LAYOUT_FOLDERS[registry.address]}/{scenario.name}"
        self.contents = registry.repository(scenario.name)
        for image in scenario.images:
            image.push(self.contents, scenario.name)

    def digest(self, tag: str) -> str:
        """The digest of a tagged image."""
        return self.contents.tags[tag]

    def reference(self, tag: str) -> str:
        """An image by digest: what cosign is given."""
        return f"{self.address}/{self.name}@{self.digest(tag)}"


def main():
    """Install, isolate, then do what the flags say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="make fixtures, compare their verdicts with those in place, change nothing"
    )
    mode.add_argument("--ask-again", action="store_true", help="make nothing; ask cosign again about the fixtures in place")
    parser.add_argument("--in-own-network", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.in_own_network:
        bring_loopback_up()
    else:
        programs.install_missing(PROGRAMS)
        # Installing needs the network; nothing after this line does, and where possible nothing has it.
        enter_own_network([*sys.argv, "--in-own-network"])
    # A polite kill unwinds like any other failure, so that everything started gets stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))

    begun = time.monotonic()
    if options.ask_again:
        fail_if("cosign has changed its mind", ask_about_fixtures_in_place())
        print("every verdict is the recorded one")
    else:
        fresh = make_fixtures()
        if options.check:
            fail_if("not as in the fixtures in place", compare(read_records(FIXTURES), read_records(fresh)))
            print("the same questions, images and verdicts as in the fixtures in place")
        else:
            put_in_place(fresh)
    print(f"done in {time.monotonic() - begun:.0f} s")


def make_fixtures() -> Path:
    """Everything, into a folder of the work folder; returns that folder."""
    pki = Pki(WORK / "pki")
    pki.make_missing()
    fresh, run, scratch = (emptied(WORK / name) for name in ("fixtures", "run", "scratch"))
    records, surprises = [], []
    with Stack(PROGRAMS, pki.folder, run) as stack:
        workshop = Workshop(PROGRAMS, pki.folder, scratch, fresh, stack)
        workshop.set_up()
        for scenario in SCENARIOS:
            repository = ScenarioRepository(scenario, stack.registries[scenario.registry])
            for step in scenario.make:
                step.run(workshop, repository)
            answers = ask_scenario(workshop, scenario, repository)
            records += answers[0]
            surprises += answers[1]
        print(f"{workshop.commands} cosign commands, {len(SCENARIOS)} scenarios, {len(records)} questions")
    for address, registry in stack.registries.items():
        for name, contents in registry.repositories.items():
            write_layout(contents, fresh / LAYOUT_FOLDERS[address] / name, registry.lists_referrers)
    write_json(fresh / "questions.json", records)
    (fresh / "ORIGIN.md").write_text(origin.describe(SCENARIOS, records))
    fail_if("verdicts other than scenarios.py expects", surprises)
    fail_if("private keys among the fixtures", private_keys(fresh))
    return fresh


def ask_about_fixtures_in_place() -> list:
    """Serve the fixtures from registries and ask what was asked before; returns the verdicts that changed.

    Evidence does not age: a verdict that changes with the day, or with a new cosign, shows here.
    """
    workshop = Workshop(PROGRAMS, WORK / "pki", emptied(WORK / "scratch"), FIXTURES, None)
    records = read_records(FIXTURES)
    registries = registries_from_layouts(FIXTURES)
    for registry in registries:
        registry.start()
    try:
        print(f"{len(records)} questions")
        return ask_again(workshop, records)
    finally:
        for registry in registries:
            registry.stop()


def emptied(folder: Path) -> Path:
    """A folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def private_keys(folder: Path) -> list:
    """Files that hold a private key, whatever brought it there."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [str(file.relative_to(folder)) for file in files if b"PRIVATE KEY" in file.read_bytes()]


def fail_if(headline: str, problems: list):
    """Stop the program, with a list, unless the list is empty."""
    if problems:
        sys.exit("\n  ".join([f"{headline}:", *problems]))


def put_in_place(fresh: Path):
    """Replace the fixtures by the fresh ones; each output is swapped in one go, so that readers never see half of one."""
    FIXTURES.mkdir(exist_ok=True)
    old = emptied(WORK / "old-fixtures")
    for name in OUTPUTS:
        if (FIXTURES / name).exists():
            shutil.move(FIXTURES / name, old / name)
        shutil.move(fresh / name, FIXTURES / name)
    print(f"written to {FIXTURES.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
