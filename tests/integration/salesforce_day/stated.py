"""How often everything has to happen in 24 hours at least."""

from typing import Final

CHANGES: Final = {
    "create": 240,
    "edit": 900,
    "two edits of one second": 80,
    "bulk edit": 12,
    "edit by system": 60,
    "import sets LastModifiedDate": 40,
    "soft delete": 90,
    "hard delete": 40,
    "hard delete of an account": 6,
    "undelete": 36,
    "merge of accounts": 14,
    "merge of contacts": 14,
    "merge of leads": 14,
    "undelete of a merge's loser": 10,
    "cascade delete of an account": 24,
    "undelete of such an account": 14,
    "long transaction": 30,
    "owner changed": 60,
    "given to a queue": 6,
    "given back by the queue": 6,
    "user renamed": 12,
    "user's e-mail changed": 12,
    "user deactivated or activated": 12,
    "lead converted": 24,
    "field hidden": 8,
    "field shown again": 8,
    "custom field added": 6,
    "recycle bin emptied": 3,
}
"""Stated minimum counts for 24 hours."""

ON_THE_WIRE: Final = {
    "query timeout": 24,
    "REQUEST_LIMIT_EXCEEDED": 4,
    "maintenance page": 12,
    "maintenance": 12,
    "server unavailable": 24,
    "row locked": 6,
    "connection dropped": 24,
    "JSON cut off": 24,
    "session refused": 12,
    "order of ties changed": 12,
}
OURS: Final = {
    "worker killed": 40,
    "broker away": 12,
    "store conflict": 24,
    "store's answer lost": 24,
    "two workers at once": 24,
    "two timers at once": 6,
    "message delivered twice": 100,
    "message held back": 100,
    "webhook lost": 24,
    "webhook late": 24,
    "webhook twice": 24,
    "webhook tried again": 6,
    "vendor slow": 24,
    "worker asleep": 6,
}
ASKED: Final = {"back-fill asked for": 6, "comparison asked for": 6}
"""By an operator, in the middle of everything."""
OF_SOME_TIME: Final = {
    "every session ended": 6,
    "approval revoked and given again": 2,
    "daily allowance used up": 1,
    "deletion log purged": 4,
    "outage of our app": 1,
    "vendor down": 2,
}
"""One after the other, never two at once."""
WHAT_FOLLOWS: Final = {"call refused for the allowance": 1, "tick while paused": 4}
FAULTS: Final = {**ON_THE_WIRE, **OURS, **ASKED, **OF_SOME_TIME, **WHAT_FOLLOWS}
