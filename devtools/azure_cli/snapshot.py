"""What the real parser knows of the commands we use, kept in a file, and a parser made of it."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from typing_extensions import override

ROOT = Path(__file__).parents[2]
FILE: Final = ROOT / "tests" / "fixtures" / "azure_cli" / "commands.json"
Commands = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Command → option, with all its names → what is known of it."""


class _Refused(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    @override
    def error(self, message: str) -> NoReturn:
        raise _Refused(message)


def read(file: Path = FILE) -> Commands:
    """The snapshot's commands."""
    commands: Commands = json.loads(file.read_text(encoding="utf-8"))["commands"]
    return commands


def fault_of(arguments: Sequence[str], commands: Commands) -> str | None:
    """What is wrong with these words after ``az``; None: nothing."""
    words = next((index for index, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    name = next((found for count in range(words, 0, -1) if (found := " ".join(arguments[:count])) in commands), None)
    if name is None:
        return f"{' '.join(arguments[:words])!r} is not in the snapshot: misspelt, or new (python -m devtools.azure_cli)"
    rest = list(arguments[len(name.split()) :])
    try:
        _parser(commands[name], has_ids="--ids" in rest).parse_args(rest)
    except _Refused as refused:
        return f"az {name}: {refused}"
    return None


def _parser(options: Mapping[str, Mapping[str, Any]], *, has_ids: bool) -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    for names, known in options.items():
        about: dict[str, Any] = {}
        if names.startswith("-"):
            about["required"] = known.get("required", False) and not has_ids
        if known.get("nargs") == 0:
            about["action"] = "store_true"
        elif "nargs" in known:
            about["nargs"] = known["nargs"]
        if "choices" in known:
            about["type"] = str.lower  # the Azure CLI compares without looking at the case
            about["choices"] = [choice.lower() for choice in known["choices"]]
        parser.add_argument(*names.split(), **about)
    return parser
