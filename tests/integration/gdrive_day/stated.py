"""How often everything has to happen in 24 hours at least."""

from typing import Final

FILES: Final = {
    "file created": 160,
    "folder created": 40,
    "shortcut created": 24,
    "file edited": 300,
    "upload says when it was modified": 20,
    "renamed": 80,
    "folder renamed": 24,
    "moved within a drive": 60,
    "folder moved with a subtree": 30,
    "moved from a My Drive to a drive": 24,
    "moved from a drive to a drive": 18,
    "moved from a drive to a My Drive": 18,
    "folder moved across drives": 12,
    "trashed": 40,
    "restored": 24,
    "deep folder trashed": 16,
    "deep folder restored": 12,
    "deleted for good": 24,
    "folder deleted for good": 6,
    "trash emptied": 3,
}
ACCESS: Final = {
    "file shared with a person": 60,
    "file shared with a group": 24,
    "file shared with the domain": 16,
    "file shared with anyone, findable": 10,
    "file shared with whoever has the link": 16,
    "role changed": 12,
    "folder shared": 30,
    "file unshared": 50,
    "folder unshared": 24,
    "access limited": 8,
    "limit lifted": 6,
    "joined a group": 16,
    "left a group": 16,
    "member added": 16,
    "member removed": 12,
    "drive created": 4,
    "drive renamed": 10,
    "drive deleted": 2,
    "drive lost to us": 4,
    "drive returned to us": 4,
    "outsider's file shared with two of us": 20,
    "outsider's file unshared": 16,
    "outsider's file edited": 30,
    "person suspended": 3,
    "person back": 3,
}
CHANGES: Final = {**FILES, **ACCESS}
"""Stated minimum counts for 24 hours."""

ON_THE_WIRE: Final = {
    "403 rate": 12,
    "429": 12,
    "403 access to permissions": 6,
    "403 access to a drive": 4,
    "403 domain policy": 2,
    "backend error": 24,
    "internal error": 12,
    "error page": 12,
    "error page as the answer": 12,
    "JSON cut off": 24,
    "changes without a token": 6,
    "connection dropped": 24,
    "access token refused": 12,
    "login not answered": 3,
}
OURS: Final = {
    "worker killed": 40,
    "broker away": 8,
    "store conflict": 24,
    "store's answer lost": 24,
    "two workers at once": 20,
    "two timers at once": 6,
    "message delivered twice": 100,
    "message held back": 100,
    "vendor slow": 24,
    "worker asleep": 4,
}
ASKED: Final = {"back-fill asked for": 6, "comparison asked for": 6}
"""By an operator, in the middle of everything."""
OF_SOME_TIME: Final = {
    "every access token ended": 4,
    "page tokens rejected": 6,
    "tokens of lists rejected": 4,
    "searches incomplete": 4,
    "quota of a person used up": 3,
    "quota of the project used up": 1,
    "daily limit": 1,
    "logs late": 3,
    "lists late": 3,
    "key replaced": 2,
    "key deleted before it was replaced": 1,
    "delegation withdrawn and given again": 1,
    "outage of our app": 1,
    "vendor down": 2,
}
"""One after the other, never two at once."""
WHAT_FOLLOWS: Final = {"incomplete search answered": 2, "call refused for a quota": 4, "tick while paused": 2}
FAULTS: Final = {**ON_THE_WIRE, **OURS, **ASKED, **OF_SOME_TIME, **WHAT_FOLLOWS}
