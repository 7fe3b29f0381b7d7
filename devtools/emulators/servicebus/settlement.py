"""What a receiver may say about a message it holds, on the link (an outcome) or through `$management` (a word)."""

import uuid
from typing import Any

from devtools.emulators.servicebus.performatives import ACCEPTED, MODIFIED, REJECTED, RELEASED, fields_of, outcome
from devtools.emulators.servicebus.queue import Queue
from devtools.emulators.servicebus.refusals import bad_argument, not_implemented
from devtools.emulators.servicebus.values import Described

REASON, DESCRIPTION = "DeadLetterReason", "DeadLetterErrorDescription"


def settle(queue: Queue, token: uuid.UUID, state: Any) -> tuple[str, Described]:
    """Apply a delivery state; (the operation's name, the outcome to answer with). Raises RefusedError and changes nothing.

    The answer echoes the asked outcome, but without an error: clients read an error as a failure.
    """
    match state.descriptor if isinstance(state, Described) else None:
        case 0x24:
            queue.complete(token)
            return "complete", outcome(ACCEPTED)
        case 0x25:
            queue.dead_letter(token, _dead_letter_properties(state))
            return "dead-letter", outcome(REJECTED)
        case 0x26:
            queue.release(token)
            return "release", outcome(RELEASED)
        case 0x27:
            _abandon(queue, token, state)
            return "abandon", outcome(MODIFIED)
        case 0x34:
            raise not_implemented("Settling inside a transaction")
        case unknown:
            raise bad_argument(f"The delivery state {unknown!r} settles nothing.")


def settle_by_word(queue: Queue, token: uuid.UUID, word: object, body: dict[str, Any]) -> str:
    """Apply a disposition-status of update-disposition; the operation's name."""
    match word:
        case "completed":
            queue.complete(token)
            return "complete"
        case "abandoned":
            queue.abandon(token)
            return "abandon"
        case "suspended":
            queue.dead_letter(token, _texts(body.get("deadletter-reason"), body.get("deadletter-description")))
            return "dead-letter"
        case "defered":
            raise not_implemented("Deferring a message")
        case _:
            raise bad_argument(f"The disposition status '{word}' is unknown.")


def _abandon(queue: Queue, token: uuid.UUID, state: Any) -> None:
    """Any `modified` counts as a failed delivery: not every client library sets its delivery-failed field."""
    _, elsewhere, annotations = fields_of(state, 3)[:3]
    if elsewhere:
        raise not_implemented("Deferring a message")
    if annotations:
        raise not_implemented("Changing a message's properties while abandoning it")
    queue.abandon(token)


def _dead_letter_properties(state: Any) -> dict[str, str]:
    _, _, info = fields_of(fields_of(state, 1)[0], 3)[:3]
    info = info if isinstance(info, dict) else {}
    return _texts(info.get(REASON), info.get(DESCRIPTION))


def _texts(reason: object, description: object) -> dict[str, str]:
    return {name: str(text) for name, text in ((REASON, reason), (DESCRIPTION, description)) if text is not None}
