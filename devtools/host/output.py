"""The host's own lines, for people; the app's log lines are JSON."""

import sys


def say(line: str) -> None:
    """A line on standard output."""
    print(f"host: {line}", flush=True)


def say_error(text: str) -> None:
    """A line on standard error."""
    print(f"host: {text}", file=sys.stderr, flush=True)
