"""What can go wrong, named by what to do next.

Errors are raised wherever they happen and decided in one module, ``shared/messaging/delivery.py``. Foreign errors (HTTP statuses,
Azure SDK exceptions) become these in the tables of ``shared/storage`` and ``shared/messaging``.
"""


class PipelineError(Exception):
    """The root. Its text never holds a payload, a secret or personal data: it is logged and parked."""


class TransientError(PipelineError):
    """Come back later."""


class RateLimited(TransientError):
    """The other side said when to come back."""

    def __init__(self, text: str, *, retry_after_seconds: float) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class DependencyUnavailable(TransientError):
    """A timeout, a 5xx, a refused connection, or not ready yet."""


class Conflict(TransientError):
    """Someone else wrote first; reading again will show what."""


class PermanentError(PipelineError):
    """Coming back cannot help; the message is parked with this reason."""


class ContractViolation(PermanentError):
    """No version of the contract fits the message."""


class UnmappableRecord(PermanentError):
    """No conversion for the record, or a required field is missing or unreadable."""


class RequestRefused(PermanentError):
    """The other side refuses what is asked of it, whenever it is asked."""


class OwnershipConflict(PermanentError):
    """Another connection or integration path already owns this external record or account."""


class ClaimLost(PermanentError):
    """The payload was put aside in blob storage, and the blob is gone or not what was put there."""


class Forbidden(PermanentError):
    """It would cross a tenant, or who asks may not. A call of our API is answered 403; the text is for the caller."""


class ConfigurationError(PipelineError):
    """A person must act: a setting is missing, a credential was revoked. The connection is paused, not retried."""


class StreamUnreadable(PipelineError):
    """The vendor does not let us read one stream: a right is missing, or the object is gone. The others go on; a gap says so."""


class SignatureMismatch(PipelineError):
    """A webhook call that is not from whom it says it is. Answered 401; nothing of the body is read or logged."""


class TokenRefused(PipelineError):
    """A call of our API without a bearer token that we trust. Answered 401; the text says which check failed, and nothing of the token."""


class BadRequest(PipelineError):
    """A call of our API that makes no sense. Answered 400; the text is for the caller."""


class NotFound(PipelineError):
    """A call of our API about what is not there, or not the caller's. Answered 404; the text is for the caller."""


class TooLate(PipelineError):
    """A call of our API about what was decided otherwise, or is over. Answered 409; the text is for the caller, and not logged."""


def place_of(error: BaseException) -> str:
    """``file:line`` where an error was raised: what may be logged of a foreign one, whose text may hold anything."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "unknown"
