"""Every answer that is an error is raised as one exception and written to the wire in one place."""

from http.client import responses
from typing import Final

CODES: Final = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "RequestTimeout",
    409: "Conflict",
    410: "Gone",
    412: "PreconditionFailed",
    413: "RequestEntityTooLarge",
    429: "TooManyRequests",
    449: "RetryWith",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}

KEY_MISMATCH: Final = 1001
OWNER_MISSING: Final = 1003
RANGE_GONE: Final = 1002
STALE_CONTAINER: Final = 1024
NEEDS_PLAN: Final = 1004
CONDITION_FALSE: Final = 1110
THROTTLED: Final = 3200
NOT_FOR_TOKENS: Final = 5300
NO_ROLE: Final = 5301


class RefusedError(Exception):
    """The request is answered with `status` and, where the client acts on it, a sub-status, or how long to wait."""

    def __init__(self, status: int, message: str, *, substatus: int | None = None, retry_after_milliseconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.substatus = substatus
        self.retry_after_milliseconds = retry_after_milliseconds

    @property
    def code(self) -> str:
        """The word for the status that stands in the body."""
        return CODES.get(self.status) or responses.get(self.status, "Unknown").replace(" ", "")
