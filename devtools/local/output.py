"""What every command prints alike: documents for machines, and one line for what is wrong."""

import json
import sys


def show_json(document: object) -> None:
    """Print it for machines."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def failed(reason: str, *, who: str = "devtools") -> int:
    """Say in a line what is wrong, and return the exit code."""
    print(f"{who}: {reason}", file=sys.stderr)
    return 1
