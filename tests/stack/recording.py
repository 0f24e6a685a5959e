"""Asks cosign the questions and keeps its answers: what becomes questions.json, and how two of those are compared."""

import json
import re
from pathlib import Path

from layouts import LAYOUT_FOLDERS
from questions import ACCEPTED, REFUSED, cosign_arguments, written_question

LONGEST_MESSAGE = 220


def ask_scenario(workshop, scenario, repository) -> tuple:
    """Ask a scenario's questions; returns (records, surprises), the latter where a verdict is not what the table expects."""
    records, surprises = [], []
    for row in scenario.ask:
        for client, expected in row.verdicts.items():
            reference = repository.reference(row.image)
            arguments, environment = cosign_arguments(client, row.question, reference)
            record = {
                "name": f"{scenario.name}/{row.label}",
                "client": client,
                "image": reference,
                "layout": repository.layout,
                "question": written_question(row.question),
                **store_layout(row.question),
                "args": arguments,
                "environment": environment,
            }
            record.update(ask_cosign(workshop, record))
            records.append(record)
            if record["verdict"] != expected:
                surprises.append(f"{name_of(record)}: {record['verdict']}, expected {expected}. {record.get('message', '')}")
    return records, surprises


def ask_again(workshop, records: list) -> list:
    """Ask recorded questions once more; returns where the verdict has changed."""
    changes = []
    for record in records:
        answer = ask_cosign(workshop, record)
        if answer["verdict"] != record["verdict"]:
            changes.append(f"{name_of(record)}: {record['verdict']} -> {answer['verdict']}. {answer.get('message', '')}")
    return changes


def ask_cosign(workshop, record: dict) -> dict:
    """Ask one question of the client that it is for; returns the verdict and, for a refusal, the reason."""

    def with_paths(text):
        return text.replace("$FIXTURES", str(workshop.fixtures))

    arguments = [with_paths(argument) for argument in record["args"]]
    environment = {name: with_paths(value) for name, value in record["environment"].items()}
    done = workshop.run_cosign(record["client"], arguments, environment)
    if done.returncode == 0:
        return {"verdict": ACCEPTED}
    return {"verdict": REFUSED, "message": last_words(done.stderr, workshop)}


def store_layout(question: dict) -> dict:
    """The layout of the repository that a question sends cosign to for signatures, if it names one."""
    if "repository" not in question:
        return {}
    address, _, name = question["repository"].partition("/")
    return {"repository_layout": f"{LAYOUT_FOLDERS[address]}/{name}"}


def last_words(errors: str, workshop) -> str:
    """Why cosign refused, in its words: its last error on one line, short and without what differs from run to run."""
    message = " ".join(errors.rpartition("error during command execution:")[2].split())
    message = re.sub(r"\[\d+( \d+)*\]", "[bytes]", message)
    for folder, placeholder in ((workshop.fixtures, "$FIXTURES"), (workshop.work, "$WORK")):
        message = message.replace(str(folder), placeholder)
    return message[:LONGEST_MESSAGE]


def compare(before: list, after: list) -> list:
    """What differs between two recordings in that which has to be the same however often fixtures are made.

    Same: which questions are asked, of which image digest, and the verdict. Different each time: signatures, log entries.
    """
    before = {name_of(record): (record["image"], record["verdict"]) for record in before}
    after = {name_of(record): (record["image"], record["verdict"]) for record in after}
    return [
        f"{name}: {before.get(name)} -> {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def name_of(record: dict) -> str:
    """A question and whom it was asked of."""
    return f"{record['name']} ({record['client']})"


def read_records(fixtures: Path) -> list:
    """The recorded questions of a fixtures folder."""
    return json.loads((fixtures / "questions.json").read_text())
