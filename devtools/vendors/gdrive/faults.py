"""What the pretend Google Drive can do wrong.

The operations are those of the ledger: ``token``, ``start-page-token``, ``changes``, ``files-list``, ``file``, ``content``,
``permissions``, ``drives``, ``about``, ``watch`` and ``directory``. The target is the file a call is about, else the shared drive, else the
email of whoever it was made as; of ``token`` the email it is asked for. A fault is asked for once a request is known to be a good one:

- ``refuse``: with a variant in the vendor's words for it, whatever the status (``user-rate-limit-exceeded`` is the reason
  ``userRateLimitExceeded``); without one in those that go with the status. ``token`` knows ``invalid-grant`` and ``unauthorized-client``.
- ``drop``, ``timeout``, ``delay``: no answer, none at all, or a late one.
- ``malformed``: an error page as if it were the answer, an answer that ends in its middle (``cut-off``), or a page of changes with
  neither of its two tokens (``no-token``).

Cannot be planned: what is not found, what somebody cannot see, quotas, page tokens that are rejected for good: those are knobs.
"""

from typing import Final

from devtools.faults.injector import Abilities, Injector
from devtools.faults.places import Places
from devtools.faults.plan import Kind

AT: Final = "gdrive"
TOKEN: Final = "token"  # noqa: S105 - an operation
START: Final = "start-page-token"
CHANGES: Final = "changes"
FILES: Final = "files-list"
FILE: Final = "file"
CONTENT: Final = "content"
PERMISSIONS: Final = "permissions"
DRIVES: Final = "drives"
ABOUT: Final = "about"
WATCH: Final = "watch"
DIRECTORY: Final = "directory"
API: Final = (TOKEN, START, CHANGES, FILES, FILE, CONTENT, PERMISSIONS, DRIVES, ABOUT, WATCH, DIRECTORY)

_RATES: Final = ("user-rate-limit-exceeded", "rate-limit-exceeded", "daily-limit-exceeded", "sharing-rate-limit-exceeded")
_ACCESS: Final = (
    *("insufficient-file-permissions", "cannot-download-file", "cannot-export-file", "app-not-authorized-to-file", "domain-policy"),
    *("team-drive-membership-required", "insufficient-permissions", "export-size-limit-exceeded"),
)
_OTHERS: Final = ("auth-error", "not-found", "invalid", "full-sync-required", "backend-error", "internal-error", "error-page")
_GRANTS: Final = ("invalid-grant", "unauthorized-client")

ABILITIES: Final[Abilities] = {
    Kind.DROP: (),
    Kind.TIMEOUT: (),
    Kind.DELAY: (),
    Kind.REFUSE: (*_RATES, *_ACCESS, *_OTHERS, *_GRANTS),
    Kind.MALFORMED: ("error-page", "cut-off", "no-token"),
}
"""``malformed`` alone is the error page."""
PLACES: Final[Places] = dict.fromkeys(ABILITIES, API)


def no_faults() -> Injector:
    """For a service that does everything right until it is told otherwise."""
    return Injector(AT, ABILITIES)


def reason_of(variant: str) -> str:
    """``user-rate-limit-exceeded`` as the vendor writes it."""
    first, *others = variant.split("-")
    return first + "".join(part.capitalize() for part in others)
