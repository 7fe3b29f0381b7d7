"""A pretend subscription in this process: the recorder answers, nothing is run, and what was asked is written down."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devtools.artefact.packages import PLACE
from devtools.azure_cli import recorder
from devtools.azure_cli.recorder import Script
from ops.deployment.azure_cli import Done
from ops.deployment.smoke import Answer

READY = {"/api/health": 200, "/api/ready": 200, "/api/webhooks/slack": 401}


@dataclass
class Subscription:
    """What ``run`` and ``ask`` are in these tests."""

    script: Script = field(default_factory=Script)
    statuses: dict[str, int] = field(default_factory=lambda: dict(READY))
    provisioned: Done = field(default_factory=lambda: Done(0, "{}", ""))
    changed_files: str = ""
    called: list[list[str]] = field(default_factory=list)
    """Every program that was run, whole."""
    asked: list[str] = field(default_factory=list)
    """Addresses."""

    def run(self, words: Sequence[str]) -> Done:
        ledger = self.ledger
        self.called.append(list(words))
        if words[0] == "az":
            said = recorder.answer(list(words[1:]), self.script, ledger)
            return Done(said.exit_code, said.out, said.err)
        if words[0] == "git":
            return Done(0, "1a2b3c4\n" if "rev-parse" in words else self.changed_files, "")
        return self.provisioned

    def ask(self, method: str, address: str) -> Answer:
        self.asked.append(f"{method} {address}")
        path = address.removeprefix("https://").partition("/")
        consumer = "heavy" if "-heavy-" in path[0] else "light"
        return Answer(self.statuses[f"/{path[2]}"], json.dumps({"status": "alive", "consumerType": consumer}).encode())

    @property
    def ledger(self) -> list[list[str]]:
        """What ``az`` was told."""
        return [words[1:] for words in self.called if words[0] == "az"]

    def commands(self) -> list[str]:
        """The names of those commands."""
        return [" ".join(word for word in words if not word.startswith("-"))[:60] for words in self.ledger]


OURS = ("function_app.py", "host.json", f"{PLACE}/azure/functions/__init__.py", "__pycache__/function_app.cpython-311.pyc")


def package(folder: Path, names: Sequence[str] = OURS) -> Path:
    """Something to publish, so that no test builds."""
    file = folder / "shardline-0123456789ab.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file
