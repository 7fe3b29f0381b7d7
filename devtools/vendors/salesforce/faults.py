"""What the pretend Salesforce can do wrong.

For a sender of Outbound Messages the operation is ``outbound-message``, the target its object:

- ``drop``: the call never leaves, and the sender hears nothing; with ``applied`` it was delivered, and only its answer is lost.
- ``delay``: the message leaves later. ``duplicate``: the call is made twice at once.
- ``reorder``: of several that wait, any but the first goes next.
- ``clock-moved``: struck when a record is saved (the operation is then ``save``); its times are of the moved clock from there on.

For the REST API the operations are ``token`` (the target is the client id), ``query`` (``queryAll`` and the next pages, too), ``describe``,
``replication`` (``updated`` and ``deleted``), ``limits`` and ``record``; the target is the object. A fault is asked for once a request is
known to be a good one; where it changes a record it is asked for before, and the change is made only where the fault is ``applied``:

- ``refuse``: with a variant in the vendor's words for it, whatever the status; without one in those that go with the status.
- ``drop``, ``timeout``, ``delay``: no answer, none at all, or a late one.
- ``malformed``: the maintenance page as if it were the answer, or an answer that ends in its middle (``cut-off``); a change was made.
- ``reorder``: rows and ids that have no order come in another one. What ORDER BY settles stays.

Cannot be planned: what a receiver does, and what the organization itself decides (sessions, limits, permissions, open transactions).
"""

from typing import Final

from devtools.faults.injector import Abilities, Injector
from devtools.faults.places import Places
from devtools.faults.plan import Kind

AT: Final = "salesforce"
SENDING: Final = "outbound-message"
SAVING: Final = "save"
TOKEN: Final = "token"  # noqa: S105 - an operation
QUERY: Final = "query"
DESCRIBE: Final = "describe"
REPLICATION: Final = "replication"
LIMITS: Final = "limits"
RECORD: Final = "record"
API: Final = (TOKEN, QUERY, DESCRIBE, REPLICATION, LIMITS, RECORD)

REFUSALS: Final = (
    *("request-limit-exceeded", "concurrent-limit-exceeded", "query-timeout", "server-unavailable", "maintenance-page", "invalid-session"),
    *("invalid-query-locator", "unable-to-lock", "api-disabled"),
)

ABILITIES: Final[Abilities] = {
    Kind.DROP: (),
    Kind.DELAY: (),
    Kind.DUPLICATE: (),
    Kind.REORDER: (),
    Kind.CLOCK_MOVED: (),
    Kind.REFUSE: REFUSALS,
    Kind.TIMEOUT: (),
    Kind.MALFORMED: ("maintenance-page", "cut-off"),
}
"""``malformed`` alone is the maintenance page."""
PLACES: Final[Places] = {
    Kind.DROP: (SENDING, *API),
    Kind.DELAY: (SENDING, *API),
    Kind.DUPLICATE: (SENDING,),
    Kind.REORDER: (SENDING, QUERY, REPLICATION),
    Kind.CLOCK_MOVED: (SAVING,),
    Kind.REFUSE: API,
    Kind.TIMEOUT: API,
    Kind.MALFORMED: API,
}


def no_faults() -> Injector:
    """For a sender that does everything right until it is told otherwise."""
    return Injector(AT, ABILITIES)


def next_index(faults: Injector, waiting: int, object_name: str) -> int:
    """Which of so many that wait goes next: the first, or any other where the order is planned to be wrong."""
    if waiting < 2 or faults.strike(SENDING, object_name, kinds={Kind.REORDER}) is None:
        return 0
    return faults.rng.randrange(1, waiting)
