"""Running the Azure CLI: each answer as JSON, each failure as one sentence that says which command and what Azure said."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ops.refusals import Refused

Command = tuple[str, ...]
"""The words after ``az``."""
ALWAYS: Final = ("--output", "json", "--only-show-errors")
_SECRET: Final = re.compile(
    r"(?i)((?:accountkey|sharedaccesskey|sig|password|client_secret|secret|instrumentationkey)=|bearer )[^;&\s'\"]+"
)


@dataclass(frozen=True)
class Done:
    """What a process said before it ended."""

    exit_code: int
    out: str
    err: str


Run = Callable[[Sequence[str]], Done]
"""Runs a program by its words, and waits for its end."""


def run(words: Sequence[str]) -> Done:
    """Run a program of this machine."""
    try:
        done = subprocess.run(list(words), check=False, capture_output=True, text=True)  # noqa: S603 - the words are ours, and no shell reads them
    except FileNotFoundError:
        return Done(127, "", f"{words[0]}: not found")
    return Done(done.returncode, done.stdout, done.stderr)


class AzureCli:
    """``az``, as whoever is signed in."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def ask(self, command: Command) -> Any:
        """What it answers; None where it says nothing.

        Raises:
            Refused: it failed, or said what is no JSON.
        """
        said = self.text(command)
        try:
            return json.loads(said) if said else None
        except ValueError:
            raise Refused(f"{shown(command)}: answered what is no JSON") from None

    def text(self, command: Command) -> str:
        """What it prints, without the space around it.

        Raises:
            Refused: it failed.
        """
        done = self._run(["az", *command, *ALWAYS])
        if done.exit_code:
            raise Refused(f"{shown(command)}: {_said(done)}")
        return done.out.strip()


def shown(command: Command) -> str:
    """As it would be typed."""
    return f"az {shlex.join(command)}"


def without_secrets(text: str) -> str:
    """With what follows the name of a secret taken out: an error may repeat what it was given."""
    return _SECRET.sub(r"\1…", text)


def _said(done: Done) -> str:
    """The first line of what went wrong. The Azure CLI begins it with ERROR."""
    lines = [line.strip() for line in (done.err or done.out).splitlines() if line.strip()]
    line = next((line for line in lines if line.startswith("ERROR:")), lines[0] if lines else f"exit code {done.exit_code}")
    return without_secrets(line.removeprefix("ERROR:").strip())
