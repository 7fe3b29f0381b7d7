"""Patience with what was promised and is not known everywhere yet.

Azure says that a role is given, and for up to ten minutes some of its servers do not know it (Microsoft, "Troubleshoot Azure RBAC": role
assignment changes are not being detected). A deployment gives roles and uses them a minute later.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ops.refusals import Refused

PAUSE_SECONDS: Final = 5.0
_NOT_KNOWN_YET: Final = re.compile(
    r"(?i)forbidden|\b403\b|authorization(?:failed|permissionmismatch)|does not have authorization|principalnotfound|inaccessiblestorage"
    r"|ConfigurationError: .*(?:role|right)|the role it takes"
)


@dataclass(frozen=True)
class Patience:
    """How long something may take that began now."""

    is_over: Callable[[], bool]
    pause: Callable[[], None]

    @classmethod
    def of(cls, seconds: float) -> "Patience":
        """That ends so many seconds from now."""
        end = time.monotonic() + seconds
        return cls(lambda: time.monotonic() >= end, lambda: time.sleep(PAUSE_SECONDS))


def until_known(act: Callable[[], None], *, patience: Patience, tell: Callable[[str], None]) -> None:
    """Do it, and again while it is refused as a role is that was just given. It has to be safe to do twice.

    Raises:
        Refused: for another reason, or the patience is at its end.
    """
    has_told = False
    while True:
        try:
            return act()
        except Refused as refused:
            if patience.is_over() or not _NOT_KNOWN_YET.search(str(refused)):
                raise
            if not has_told:
                tell(f"a role may not be known everywhere yet, which takes up to ten minutes: trying again ({str(refused)[:300]})")
                has_told = True
            patience.pause()
