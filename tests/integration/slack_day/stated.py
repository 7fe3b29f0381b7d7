"""How often everything has to happen in 24 hours at least."""

from typing import Final

CHANNELS: Final = {
    "channel created": 60,
    "private channel created": 24,
    "renamed": 100,
    "renamed back": 16,
    "topic set": 160,
    "purpose set": 100,
    "archived": 40,
    "unarchived": 30,
    "deleted": 12,
    "made private": 24,
    "made public": 20,
    "joined": 300,
    "left": 200,
    "join and leave storm": 8,
    "app taken out of a private channel": 10,
    "app let in again": 10,
    "app left a public channel": 6,
    "shared with a partner": 20,
    "partner's people join": 24,
    "unshared": 12,
    "id changed": 20,
    "message written": 120,
}
PEOPLE: Final = {
    "person joined the workspace": 12,
    "guest joined the workspace": 6,
    "bot added": 3,
    "person changed": 80,
    "address changed": 8,
    "member became a guest": 6,
    "guest became a member": 6,
    "person deactivated": 8,
    "person restored": 6,
}
CHANGES: Final = {**CHANNELS, **PEOPLE}
"""Stated minimum counts for 24 hours."""

ON_THE_WIRE: Final = {
    "429": 16,
    "429 that does not say": 6,
    "service unavailable": 16,
    "internal error": 12,
    "error page": 8,
    "error page as the answer": 8,
    "JSON cut off": 16,
    "no object": 6,
    "no rows": 12,
    "connection dropped": 16,
    "channel not found": 12,
    "no members found": 8,
    "access to members denied": 6,
    "scope missing": 3,
}
"""What meets one call."""
DELIVERED: Final = {
    "event twice": 200,
    "event held back": 60,
    "event lost on the way": 30,
    "event tried again": 40,
    "event lost after its retries": 10,
    "event lost over the limit": 4,
    "event lost to a disabled subscription": 4,
}
OURS: Final = {
    "worker killed": 40,
    "call timed out": 12,
    "broker away": 8,
    "store conflict": 24,
    "store's answer lost": 24,
    "two workers at once": 20,
    "two timers at once": 6,
    "message delivered twice": 100,
    "message held back": 60,
    "vendor slow": 12,
}
ASKED: Final = {"back-fill asked for": 3, "comparison asked for": 4}
"""By an operator, in the middle of everything."""
OF_SOME_TIME: Final = {
    "events over the limit": 3,
    "subscription disabled": 1,
    "events held by the vendor": 2,
    "webhook out of reach": 3,
    "outage of our app": 1,
    "token revoked": 1,
    "token revoked and nobody told": 1,
    "token expired": 1,
    "token refused for a moment": 1,
    "app uninstalled and installed again": 1,
    "a method once a minute only": 2,
    "vendor down": 2,
}
"""One after the other, never two at once."""
FAULTS: Final = {**ON_THE_WIRE, **DELIVERED, **OURS, **ASKED, **OF_SOME_TIME}

UNTOLD: Final = {"app left a public channel", "person deactivated", "person restored"}
"""Changes after which something else is different that no event tells of."""
LYING: Final = {"channel not found", "no members found", "access to members denied", "scope missing"}
"""Answers that say of a record, or of its members, what is not so."""
LOSING: Final = {*DELIVERED.keys() - {"event twice", "event held back", "event tried again"}}
ENDING: Final = OF_SOME_TIME.keys() - {"events held by the vendor", "a method once a minute only", "vendor down"}
"""After these a comparison alone can tell what was missed."""
NOTHING_LOST: Final = {*UNTOLD, *LYING, *LOSING, *ENDING, *ASKED, "two timers at once"}
"""What does not happen on a day of which the events alone have to tell everything."""
