"""An ``az`` that runs nothing: it checks what it is told against the snapshot, writes it down, and answers as Azure would.

What it pretends to be follows from what it was told before (the ledger), so that it needs no process of its own between two calls. Put in
front on the PATH by ``put``. What it does not check are the values: whether a name is free, a parameter known, a right there.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from devtools.azure_cli import answers, snapshot

ROOT = Path(__file__).parents[2]
WRONG_ARGUMENTS: Final = 2
"""What the Azure CLI's own parser ends with."""


@dataclass(frozen=True)
class Failure:
    """One call that fails."""

    command: str
    """How it begins: ``group create``."""
    says: str
    """What stands on stderr."""
    times: int = 1_000
    """How often, from the first on."""


@dataclass(frozen=True)
class Script:
    """What the pretend subscription is like."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Of the deployment, in place of the usual ones."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of the apps, in place of the usual ones."""
    arm_url: str = "https://management.azure.com/"
    is_signed_in: bool = True
    is_person: bool = True
    """Or the identity of a pipeline."""
    may_assign_roles: bool = True
    locations: Sequence[str] = ("northeurope", "westeurope", "swedencentral")
    pythons: Sequence[str] = ("3.11", "3.12", "3.13")
    registered: Sequence[str] = ("Microsoft.Authorization", "Microsoft.Storage")
    groups: Mapping[str, str] = field(default_factory=dict)
    """Groups that are there, with their location."""
    is_vault_protected: bool = False
    """Whether a deleted vault cannot be purged."""
    foreign_assignments: Sequence[str] = ()
    """Scopes outside of the group where its identity has a role."""
    others: Sequence[str] = ()
    """What is in a group beside ours: type and name."""
    is_ours: bool = True
    """Whether anything in a group is ours."""
    gone: str = ""
    """A group of ours that was deleted before, and whose vault and account Azure keeps."""
    failure: Failure | None = None


@dataclass(frozen=True)
class Said:
    """One answer."""

    exit_code: int
    out: str
    err: str


def answer(words: Sequence[str], script: Script, ledger: Sequence[Sequence[str]]) -> Said:
    """What ``az`` says to these words, after those of the ledger."""
    if (fault := snapshot.fault_of(words, snapshot.read())) is not None:
        return Said(WRONG_ARGUMENTS, "", f"ERROR: {fault}\n")
    if (failure := script.failure) is not None and _is(words, failure) and sum(_is(before, failure) for before in ledger) < failure.times:
        return Said(1, "", failure.says)
    try:
        said = answers.said(words, script, ledger)
    except answers.Failed as failed:
        return Said(failed.exit_code, "", f"ERROR: {failed}\n")
    if said is None:
        return Said(0, "", "")
    is_plain = isinstance(said, str) and (words[0] == "bicep" or "tsv" in words)
    return Said(0, f"{said if is_plain else json.dumps(said, indent=2)}\n", "")


def _is(words: Sequence[str], failure: Failure) -> bool:
    return " ".join(words).startswith(failure.command)


def put(folder: Path, script: Script) -> Path:
    """Make an executable ``az`` in a folder, and return its ledger: a JSON list in each line."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.json").write_text(json.dumps(asdict(script)), encoding="utf-8")
    program = folder / "az"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m devtools.azure_cli.recorder "{folder}" "$@"\n')
    program.chmod(0o755)
    return folder / "ledger.jsonl"


def read_ledger(file: Path) -> list[list[str]]:
    """What was asked so far."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def main(folder: Path, words: Sequence[str]) -> int:
    """One call."""
    told = json.loads((folder / "script.json").read_text(encoding="utf-8"))
    told["failure"] = Failure(**told["failure"]) if told["failure"] else None
    ledger = read_ledger(folder / "ledger.jsonl")
    said = answer(words, Script(**told), ledger)
    with (folder / "ledger.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(list(words))}{os.linesep}")
    sys.stdout.write(said.out)
    sys.stderr.write(said.err)
    return said.exit_code


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
