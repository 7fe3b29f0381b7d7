"""Every answer that is an error is raised as one exception and written to the wire in one place."""

from http import HTTPStatus
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
STALE_CONTAINER: Final = 1024
CONDITION_FALSE: Final = 1110


class RefusedError(Exception):
    """The request is answered with `status` and, where the client acts on it, a sub-status."""

    def __init__(self, status: int, message: str, *, substatus: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.substatus = substatus

    @property
    def code(self) -> str:
        """The word for the status that stands in the body."""
        return CODES.get(self.status) or HTTPStatus(self.status).phrase.replace(" ", "")
