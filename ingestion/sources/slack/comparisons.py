"""The comparisons a worker takes part in. Each keeps a list of all there is, which is large, and nobody says when one is given up."""

from collections.abc import Callable
from typing import Final

from ingestion.sources.slack.ranges import Ranges

MOST_KEPT: Final = 4
"""A list of a hundred thousand channels may be a hundred megabytes."""

Key = tuple[str, str]
"""A connection's id, and the stream."""


class Comparisons:
    """Those of one worker, each by its key; the last used is the last."""

    def __init__(self) -> None:
        self._known: dict[Key, Ranges] = {}

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._known)

    def of(self, key: Key, made: Callable[[], Ranges]) -> Ranges:
        """The one of a key. One that was forgotten meanwhile lists anew, and goes on where it was."""
        self.tidy()
        ranges = self._known.pop(key, None) or made()
        for other in list(self._known)[: -(MOST_KEPT - 1)]:
            del self._known[other]
        self._known[key] = ranges
        return ranges

    def forget(self, connection_id: str) -> None:
        """Those of a connection: it is read with another credential from now on."""
        self._known = {key: ranges for key, ranges in self._known.items() if key[0] != connection_id}

    def tidy(self) -> None:
        """Forget what nobody comes back for."""
        self._known = {key: ranges for key, ranges in self._known.items() if ranges.is_of_use}
