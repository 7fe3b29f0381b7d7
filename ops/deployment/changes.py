"""What ``what-if`` found, in lines for people: what is made, changed or taken away."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

_QUIET: Final = frozenset({"NoChange", "Ignore", "NoEffect"})
_MOST_PROPERTIES: Final = 6


def lines(found: Any) -> Iterator[str]:
    """A line of numbers, then one for each resource that is not left alone. No value is shown: some are settings."""
    changes = found.get("changes") or [] if isinstance(found, dict) else []
    numbers = Counter(change.get("changeType", "Unsupported") for change in changes)
    yield ", ".join(f"{kind} {count}" for kind, count in sorted(numbers.items())) or "nothing changes"
    for change in sorted(changes, key=lambda one: str(one.get("resourceId"))):
        kind = change.get("changeType", "Unsupported")
        if kind not in _QUIET:
            paths = [str(one.get("path")) for one in change.get("delta") or []]
            more = f" and {len(paths) - _MOST_PROPERTIES} more" if len(paths) > _MOST_PROPERTIES else ""
            said = f": {', '.join(paths[:_MOST_PROPERTIES])}{more}" if paths else ""
            yield f"{kind:<11} {_short(str(change.get('resourceId', '')))}{said}"


def _short(resource: str) -> str:
    """Without the subscription and the group."""
    return resource.partition("/providers/")[2] or resource
