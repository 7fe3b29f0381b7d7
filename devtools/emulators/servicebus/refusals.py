"""What the stand-in says no with: an AMQP condition, the status code of the request/response nodes, and a sentence.

Conditions and status codes are Azure's; the client library turns each condition into an exception of its own.
"""

import logging
from typing import Any


class RefusedError(Exception):
    """A request that is answered with an error and changes nothing."""

    def __init__(self, condition: str, status: int, text: str) -> None:
        super().__init__(text)
        self.condition = condition
        self.status = status
        self.text = text

    @property
    def log_level(self) -> int:
        """What the stand-in lacks is said loudly; a lock that ran out, or the like, is everyday life."""
        return logging.WARNING if self.condition == NOT_IMPLEMENTED else logging.INFO

    @property
    def facts(self) -> dict[str, Any]:
        """For the log."""
        return {"condition": self.condition, "reason": self.text}


NOT_IMPLEMENTED = "amqp:not-implemented"


def lock_lost() -> RefusedError:
    return RefusedError("com.microsoft:message-lock-lost", 410, "The lock is gone: it expired, or the message was settled.")


def message_not_found(sequence_number: int) -> RefusedError:
    return RefusedError("com.microsoft:message-not-found", 404, f"There is no such message: sequence number {sequence_number}.")


def entity_not_found(address: str) -> RefusedError:
    return RefusedError("amqp:not-found", 404, f"The messaging entity '{address}' could not be found.")


def message_too_large(size_bytes: int, limit_bytes: int) -> RefusedError:
    return RefusedError("amqp:link:message-size-exceeded", 400, f"The message is {size_bytes} bytes; the limit is {limit_bytes}.")


def not_implemented(what: str) -> RefusedError:
    return RefusedError(NOT_IMPLEMENTED, 501, f"{what}: this local Service Bus does not have it.")


def not_allowed(why: str) -> RefusedError:
    return RefusedError("amqp:not-allowed", 400, why)


def bad_argument(why: str) -> RefusedError:
    return RefusedError("com.microsoft:argument-error", 400, why)


def malformed(why: str) -> RefusedError:
    return RefusedError("amqp:decode-error", 400, why)


def unauthorized(why: str) -> RefusedError:
    return RefusedError("amqp:unauthorized-access", 401, why)


def forced(why: str) -> RefusedError:
    return RefusedError("amqp:connection:forced", 408, why)
