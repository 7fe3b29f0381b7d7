"""Which fields are asked for: those the conversions read and those the rules of this source need, and no others.

"Return specific fields for a file", Google Drive API guides: ``owners(emailAddress)`` is the ``emailAddress`` of each of the ``owners``.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

from shared.conversions.registry import CONVERSIONS

SOURCE: Final = "gdrive"
FILE: Final = "File"
USER: Final = "User"
PERMISSIONS: Final = "permissions"
PARENTS: Final = "parents"

RULES: Final = (
    *("id", "mimeType", "driveId", "ownedByMe", "owners.0.permissionId", "owners.0.emailAddress"),
    *("version", "trashed", "createdTime", "modifiedTime", "hasAugmentedPermissions", PERMISSIONS),
)
"""What this source itself looks at."""
GRANT: Final = "type,role,emailAddress,domain,allowFileDiscovery,deleted,view,permissionDetails(inherited)"
"""Of each permission."""
DRIVE: Final = "id,name,createdTime"
"""Of a shared drive."""


@cache
def file_names() -> frozenset[str]:
    """The fields of a file as conversions name them: ``owners.0.emailAddress``."""
    return frozenset({*RULES, *_read_of(FILE)})


@cache
def file_fields() -> str:
    """The fields of a file as the vendor's ``fields`` wants them."""
    owners = (f"owners.0.{name}" for name in _read_of(USER))
    return folded([*file_names(), *owners], {PERMISSIONS: GRANT})


@cache
def names_without(silent: frozenset[str]) -> tuple[str, ...]:
    """What a file speaks for that says nothing of these fields."""
    return tuple(sorted(name for name in file_names() if name.partition(".")[0] not in silent))


def folded(names: Iterable[str], inner: dict[str, str]) -> str:
    """Names with dots as the vendor's language has them; positions in lists are left out. ``inner``: of what to ask for which parts."""
    tree: dict[str, set[str]] = {}
    for name in names:
        first, *rest = [part for part in name.split(".") if not part.isdecimal()]
        tree.setdefault(first, set()).update([".".join(rest)] if rest else [])
    parts = []
    for first, below in sorted(tree.items()):
        within = inner.get(first) or (folded(below, {}) if below else "")
        parts.append(f"{first}({within})" if within else first)
    return ",".join(parts)


def _read_of(record_type: str) -> frozenset[str]:
    known = (one.vendor_fields for one in CONVERSIONS if (one.source, one.record_type) == (SOURCE, record_type))
    return frozenset().union(*known)
