"""What the pretend Salesforce can do wrong, and what each means for a sender. The operation is ``outbound-message``, the target its object.

- ``drop``: the call never leaves, and the sender hears nothing; with ``applied`` it was delivered, and only its answer is lost.
- ``delay``: the message leaves later. ``duplicate``: the call is made twice at once.
- ``reorder``: of several that wait, any but the first goes next.
- ``clock-moved``: struck when a record is saved (the operation is then ``save``); its times are of the moved clock from there on.

Cannot be planned: what a receiver does. A sender gives no answers, so it refuses nothing, and answers nothing malformed.
"""

from typing import Final

from devtools.faults.injector import Abilities, Injector
from devtools.faults.places import Places
from devtools.faults.plan import Kind

AT: Final = "salesforce"
SENDING: Final = "outbound-message"
SAVING: Final = "save"

ABILITIES: Final[Abilities] = {Kind.DROP: (), Kind.DELAY: (), Kind.DUPLICATE: (), Kind.REORDER: (), Kind.CLOCK_MOVED: ()}
PLACES: Final[Places] = {**dict.fromkeys(ABILITIES, (SENDING,)), Kind.CLOCK_MOVED: (SAVING,)}


def no_faults() -> Injector:
    """For a sender that does everything right until it is told otherwise."""
    return Injector(AT, ABILITIES)


def next_index(faults: Injector, waiting: int, object_name: str) -> int:
    """Which of so many that wait goes next: the first, or any other where the order is planned to be wrong."""
    if waiting < 2 or faults.strike(SENDING, object_name, kinds={Kind.REORDER}) is None:
        return 0
    return faults.rng.randrange(1, waiting)
