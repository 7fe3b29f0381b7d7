"""Asking the real parser: ``real_parser`` in the Azure CLI's own environment, with a folder of its own in place of the user's settings."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parents[2]
_ALONE: Final = {"AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no"}
"""It reports nothing, and looks for no extension that might have a command it does not know."""


def faults(commands: Sequence[Sequence[str]]) -> list[str | None]:
    """What the real parser finds wrong with each command, without the ``az``; None: nothing.

    Raises:
        subprocess.CalledProcessError: the environment cannot be made, or the Azure CLI has changed inside.
    """
    return _answers("check", [list(command) for command in commands])


def described(names: Sequence[str]) -> list[dict[str, dict[str, Any]]]:
    """The options of each command.

    Raises:
        subprocess.CalledProcessError: as above.
    """
    return _answers("describe", list(names))


def _answers(verb: str, said: list[Any]) -> list[Any]:
    python = subprocess.run([ROOT / "scripts" / "azure-cli"], check=True, capture_output=True, text=True).stdout.strip()
    lines = "".join(f"{json.dumps(one)}\n" for one in said)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, Path(__file__).parent / "real_parser.py", verb],
            check=True,
            input=lines,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **_ALONE, "AZURE_CONFIG_DIR": folder},
        )
    return [json.loads(line) for line in done.stdout.splitlines()]
