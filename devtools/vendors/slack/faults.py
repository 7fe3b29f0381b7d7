"""What the pretend Slack can do wrong.

The operations are the methods of the Web API by their own names (``conversations.info``), and ``event`` for what is sent to apps. The
target is the channel or the person a call is about, else its workspace; of an event its channel. Met once a request is known to be good:

- ``refuse``: with a variant that error (``account-inactive`` is ``account_inactive``); without one what goes with the status. The vendor
  says nearly everything with 200 and ``ok: false``, so only 429 and 5xx are statuses of the answer: any other stands for 200.
- ``drop``, ``timeout``, ``delay``: no answer, none at all, or a late one. Of an event: never, or ``seconds`` later.
- ``duplicate``: an event comes again with another ``event_id``.
- ``malformed``: an error page as if it were the answer, an answer that ends in its middle (``cut-off``), JSON that is no object
  (``no-object``), or a list without what it lists (``no-rows``).

Cannot be planned: limits, tokens that end, channels that are not to be seen: those are knobs and operations.
"""

from typing import Final

from devtools.faults.injector import Abilities, Injector
from devtools.faults.places import Places
from devtools.faults.plan import Kind

AT: Final = "slack"
EVENT: Final = "event"
METHODS: Final = (
    *("api.test", "auth.test", "auth.teams.list", "team.info", "conversations.list", "conversations.info", "conversations.members"),
    *("conversations.history", "conversations.replies", "users.list", "users.info", "users.conversations", "users.lookupByEmail"),
    *("usergroups.list", "usergroups.users.list", "apps.event.authorizations.list", "oauth.v2.access"),
)
"""Those of the Web API that there are here."""

_TOKENS: Final = ("invalid-auth", "account-inactive", "token-revoked", "token-expired", "not-authed", "access-denied", "missing-scope")
_THINGS: Final = ("channel-not-found", "not-in-channel", "user-not-found", "users-not-found", "team-not-found", "team-access-not-granted")
_OTHERS: Final = (
    *("invalid-cursor", "invalid-limit", "ratelimited", "internal-error", "fatal-error", "service-unavailable", "request-timeout"),
    *("method-not-supported-for-channel-type", "ekm-access-denied", "org-login-required", "team-added-to-org", "error-page"),
)

SENDING: Final = frozenset({Kind.DROP, Kind.DELAY, Kind.DUPLICATE})
"""What can be done to an event."""
ANSWERING: Final = frozenset({Kind.DROP, Kind.TIMEOUT, Kind.DELAY, Kind.REFUSE, Kind.MALFORMED})
"""What can be done to an answer."""
ABILITIES: Final[Abilities] = {
    Kind.DROP: (),
    Kind.TIMEOUT: (),
    Kind.DELAY: (),
    Kind.DUPLICATE: (),
    Kind.REFUSE: (*_TOKENS, *_THINGS, *_OTHERS),
    Kind.MALFORMED: ("error-page", "cut-off", "no-object", "no-rows"),
}
"""``malformed`` alone is the error page."""
PLACES: Final[Places] = {kind: (*(METHODS if kind in ANSWERING else ()), *((EVENT,) if kind in SENDING else ())) for kind in ABILITIES}


def no_faults() -> Injector:
    """For a service that does everything right until it is told otherwise."""
    return Injector(AT, ABILITIES)


def error_of(variant: str) -> str:
    """``account-inactive`` as the vendor writes it."""
    return variant.replace("-", "_")
