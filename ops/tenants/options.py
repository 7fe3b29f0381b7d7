"""The options of ``tenant``."""

import argparse
from pathlib import Path

PATIENCE_MINUTES = 30.0


def add_export(command: argparse.ArgumentParser) -> None:
    """Options of ``export``."""
    _tenant(command)
    command.add_argument(
        "--to", required=True, type=Path, metavar="FOLDER", help="where to: a new or empty folder, or one whose export broke off"
    )


def add_erase(command: argparse.ArgumentParser) -> None:
    """Options of ``erase``."""
    _tenant(command)
    command.add_argument("--yes", metavar="ID", help="the tenant's id once more, instead of being asked for it")
    command.add_argument("--report", type=Path, metavar="FILE", help="write the proof there: every place, counts and moments, as JSON")
    command.add_argument("--purge-secrets", action="store_true", help="let the vault keep nothing of the removed secrets")
    command.add_argument(
        "--patience",
        type=_minutes,
        default=PATIENCE_MINUTES,
        metavar="MINUTES",
        help="after so many, where something still comes, say what remains and end (default: %(default)g)",
    )
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _tenant(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", required=True, metavar="ID", help="whose data")


def _minutes(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes")
    return number
