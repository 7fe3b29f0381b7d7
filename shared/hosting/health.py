"""What ``/api/health`` answers: that this worker is alive, and which one it is. It touches nothing outside of it."""

from typing import Final

VERSION: Final = "0.1.0"
"""As in ``pyproject.toml``, which does not ship."""


def health(consumer_type: str) -> dict[str, str]:
    """The answer's body. That there is one says that the event loop turns."""
    return {"status": "alive", "version": VERSION, "consumerType": consumer_type}
