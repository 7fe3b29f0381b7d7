"""What was notified, sent and acknowledged: the sender's memory, which tests hold the receiver's against.

Every notification appears once with its state; every time it was sent is one delivery. A notification whose acknowledgement was
lost on purpose counts as received: the receiver did acknowledge it, so it owes its message, whatever the sender believes.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devtools.vendors.salesforce.acknowledgement import Answer
from devtools.vendors.salesforce.records import ObjectName


class State(StrEnum):
    WAITING = "waiting"
    ACKNOWLEDGED = "acknowledged"
    DROPPED = "dropped"  # too old to be tried again


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification in one call. ``attempt`` counts the notification's tries from 1; a duplicate of a call has its number too."""

    call: int
    notification_id: str
    record_id: str
    object_name: ObjectName
    action_id: str
    attempt: int
    system_modstamp: datetime | None  # of the values sent; None when the record was gone
    answer: Answer
    http_status: int | None  # None when there was no answer


class Ledger:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._states: dict[str, State] = {}
        self._record_ids: dict[str, str] = {}
        self._attempts: Counter[str] = Counter()

    def notified(self, notification_id: str, record_id: str) -> None:
        self._states[notification_id] = State.WAITING
        self._record_ids[notification_id] = record_id

    def delivered(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._attempts[delivery.notification_id] = max(delivery.attempt, self._attempts[delivery.notification_id])
        if delivery.answer is Answer.ACKNOWLEDGED:
            self._states[delivery.notification_id] = State.ACKNOWLEDGED

    def dropped(self, notification_id: str) -> None:
        self._states[notification_id] = State.DROPPED

    def state_of(self, notification_id: str) -> State:
        return self._states[notification_id]

    def record_of(self, notification_id: str) -> str:
        return self._record_ids[notification_id]

    def counts(self) -> dict[State, int]:
        """Notifications by state, every state present."""
        counted = Counter(self._states.values())
        return {state: counted[state] for state in State}

    def answers(self) -> Counter[Answer]:
        """Deliveries by answer; one call with a hundred notifications counts a hundred."""
        return Counter(delivery.answer for delivery in self.deliveries)

    def notification_ids(self, state: State) -> list[str]:
        return [notification_id for notification_id, current in self._states.items() if current is state]

    def received(self) -> set[str]:
        """Ids of the notifications the receiver acknowledged at least once, whether or not the sender was let know."""
        answers = {Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGEMENT_LOST}
        return {delivery.notification_id for delivery in self.deliveries if delivery.answer in answers}

    def attempts(self, notification_id: str) -> int:
        """How often it was tried, duplicates of a call not counted."""
        return self._attempts[notification_id]
