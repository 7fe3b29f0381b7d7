"""The pretend Docker on the path of a command, and what it was asked; its processes are gone at the end of the block."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e import pretend_docker
from tests.e2e.processes import ROOT


@dataclass(frozen=True)
class PretendDocker:
    """One of them; ``folder`` holds what it notes."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """For a command: the licences are accepted, and ``docker`` is this one."""
        return {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "PRETEND_DOCKER": str(self.folder), "ACCEPT_EULA": "Y"}

    @property
    def calls(self) -> list[list[str]]:
        """What it was asked, without where the project is."""
        return [_short(call) for call in self.all_calls]

    @property
    def all_calls(self) -> list[list[str]]:
        """What it was asked, word by word."""
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def running(self) -> list[str]:
        """The containers that were started and not stopped."""
        return [one["name"] for one in self._started if pretend_docker.is_running(one["pid"])]

    @property
    def _started(self) -> list[dict[str, Any]]:
        path = self.folder / "pids.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def kill(self, name: str) -> None:
        """End one of its containers."""
        [pid] = [one["pid"] for one in self._started if one["name"] == name]
        os.kill(pid, signal.SIGKILL)

    def break_down(self, *what: str) -> None:
        """From now on it cannot do this."""
        (self.folder / "broken").write_text(" ".join(what))


@contextmanager
def docker_in(folder: Path) -> Iterator[PretendDocker]:
    """A pretend Docker that notes everything in this folder."""
    (folder / "bin").mkdir(parents=True)
    script = folder / "bin" / "docker"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "{pretend_docker.__file__}" "$@"\n')
    script.chmod(0o700)
    try:
        yield PretendDocker(folder)
    finally:
        pretend_docker.stop(folder)


def _short(call: list[str]) -> list[str]:
    return [call[0], *call[7:]] if "--project-name" in call else call
