"""The options of ``migrate``."""

import argparse


def add_migrate(command: argparse.ArgumentParser) -> None:
    """Options of ``migrate``."""
    command.add_argument("--tenant", metavar="ID", help="only this tenant's documents (default: every tenant's)")
    command.add_argument("--only", action="append", default=[], metavar="NAME", help="only this migration; again for more (default: all)")
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
