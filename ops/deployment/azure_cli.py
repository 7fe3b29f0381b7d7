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
NOT_FOUND: Final = 3
"""What the Azure CLI ends with where Azure has no such thing."""
_ANYWHERE: Final = "cloud"
"""The one group of our commands that takes no ``--subscription``."""
_MOST_REASONS: Final = 4
_SECRET: Final = re.compile(
    r"(?i)((?:accountkey|sharedaccesskey|sig|password|client_secret|secret|instrumentationkey)=|bearer )[^;&\s'\"]+"
)

_REASON: Final = re.compile(r"(?:ERROR:\s*|Exception Details:\s*)?(\([A-Za-z]+\) .+|\S+\.bicep(?:param)?\(\d+,\d+\) : Error .+)")


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
    """``az``, as whoever is signed in.

    Once ``subscription`` is known it is said with every command: ``az account set`` in another window would turn the rest of a deployment
    to another subscription otherwise.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.subscription: str | None = None

    def ask(self, command: Command) -> Any:
        """What it answers; None where it says nothing.

        Raises:
            Refused: it failed, or said what is no JSON.
        """
        return self._read(command, self.text(command))

    def _read(self, command: Command, said: str) -> Any:
        try:
            return json.loads(said) if said else None
        except ValueError:
            raise Refused(f"{shown(command)}: answered what is no JSON") from None

    def find(self, command: Command) -> Any:
        """What it answers; None where Azure has no such thing.

        Raises:
            Refused: as above.
        """
        done = self._done(command)
        return None if done.exit_code == NOT_FOUND else self._read(command, _printed(command, done))

    def text(self, command: Command) -> str:
        """What it prints, without the space around it.

        Raises:
            Refused: it failed.
        """
        return _printed(command, self._done(command))

    def _done(self, command: Command) -> Done:
        where = () if self.subscription is None or command[0] == _ANYWHERE else ("--subscription", self.subscription)
        return self._run(["az", *command, *where, *ALWAYS])


def shown(command: Command) -> str:
    """As it would be typed."""
    return f"az {shlex.join(command)}"


def without_secrets(text: str) -> str:
    """With what follows the name of a secret taken out: an error may repeat what it was given."""
    return _SECRET.sub(r"\1…", text)


def _printed(command: Command, done: Done) -> str:
    if done.exit_code:
        raise Refused(f"{shown(command)}: {_said(done)}")
    return done.out.strip()


def _said(done: Done) -> str:
    """The first line of what went wrong, which the Azure CLI begins with ERROR, and the reasons below it.

    A deployment that is refused says only on later lines why: ``Exception Details:	(InsufficientQuota) This operation …``, and a template
    that does not compile has a line for each fault.
    """
    lines = [line.strip() for line in (done.err or done.out).splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith("ERROR:")), lines[0] if lines else f"exit code {done.exit_code}")
    reasons = [match[1] for line in lines if line != first and (match := _REASON.match(line))]
    return without_secrets("; ".join([first.removeprefix("ERROR:").strip(), *reasons[:_MOST_REASONS]]))
