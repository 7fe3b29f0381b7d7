"""Who is in a channel, as far as it is known: of everybody, or of some people alone.

A shard keeps it as JSON: a list of ids where it is known of everybody, an object of ids and true or false where it is known of these alone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Attendance:
    """Ids of people, and whether they are in."""

    known: Mapping[str, bool]
    is_whole: bool = False
    """Whether nobody else is in."""

    @classmethod
    def of(cls, text: object) -> "Attendance":
        """What a shard keeps; of nobody, where it keeps nothing that can be read."""
        try:
            kept = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            kept = None
        if isinstance(kept, list):
            return cls({one: True for one in kept if isinstance(one, str)}, is_whole=True)
        return cls({one: is_in for one, is_in in kept.items() if isinstance(is_in, bool)} if isinstance(kept, dict) else {})

    @property
    def members(self) -> tuple[str, ...]:
        """Who is in, in the order of ids."""
        return tuple(sorted(one for one, is_in in self.known.items() if is_in))

    def says(self, one: str) -> bool | None:
        """Whether somebody is in; None: not known."""
        return self.known.get(one, False if self.is_whole else None)

    def but(self, changed: Mapping[str, bool]) -> "Attendance":
        """The same, but for these people."""
        return replace(self, known={**self.known, **changed})

    def written(self) -> str | None:
        """As a shard keeps it; None where nothing is known."""
        if self.is_whole:
            return json.dumps(self.members)
        return json.dumps(dict(sorted(self.known.items()))) if self.known else None


def ids_in(text: object) -> tuple[str, ...]:
    """The ids of a list as a shard keeps it; none, where it keeps nothing that can be read."""
    try:
        kept = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        kept = []
    return tuple(one for one in kept if isinstance(one, str)) if isinstance(kept, list) else ()
