"""What Cosmos DB and Blob Storage say, as our errors: one table by status.

The table follows "HTTP Status Codes for Azure Cosmos DB" and "Blob service error codes" of the Azure documentation. 400 and 405 are not in
it on purpose: they mean that our request was wrong, which is a bug, and bugs stay what they are. The SDKs have retried shortly before any
of this is seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ServiceRequestError, ServiceResponseError

from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord

DEFAULT_RETRY_AFTER_SECONDS: Final = 1.0

TOO_MANY_REQUESTS: Final = 429
BUGS: Final = frozenset({400, 405})

STATUSES: Final[dict[int, Callable[[str], PipelineError]]] = {
    401: ConfigurationError,
    403: ConfigurationError,
    404: ConfigurationError,  # a missing item is no error in the adapters; what is left is a missing container or database
    408: DependencyUnavailable,
    409: Conflict,
    410: DependencyUnavailable,
    412: Conflict,
    413: UnmappableRecord,
    424: Conflict,
    TOO_MANY_REQUESTS: lambda text: RateLimited(text, retry_after_seconds=DEFAULT_RETRY_AFTER_SECONDS),
    449: DependencyUnavailable,
    500: DependencyUnavailable,
    502: DependencyUnavailable,
    503: DependencyUnavailable,
    504: DependencyUnavailable,
}


@contextmanager
def azure_errors(what: str) -> Iterator[None]:
    """Turn what the SDKs raise inside into our errors. ``what`` names the operation and its container, never an item's content.

    Raises:
        PipelineError: as in the table.
    """
    try:
        yield
    except HttpResponseError as error:
        ours = _ours(error, what)
        if ours is None:
            raise
        raise ours from error
    except (ServiceRequestError, ServiceResponseError, TimeoutError, ConnectionError) as error:
        raise DependencyUnavailable(f"{what}: no answer ({type(error).__name__})") from error
    except AzureError as error:
        raise DependencyUnavailable(f"{what}: {type(error).__name__}") from error


def _ours(error: HttpResponseError, what: str) -> PipelineError | None:
    if isinstance(error, ClientAuthenticationError):
        return ConfigurationError(f"{what}: the credential was not accepted")
    status = error.status_code
    if status == TOO_MANY_REQUESTS:
        headers = getattr(error, "headers", None) or getattr(error.response, "headers", None) or {}
        milliseconds = headers.get("x-ms-retry-after-ms")
        seconds = float(milliseconds) / 1000 if milliseconds else DEFAULT_RETRY_AFTER_SECONDS
        return RateLimited(f"{what}: answered 429", retry_after_seconds=seconds)
    made = STATUSES.get(status) if status is not None else DependencyUnavailable
    return made(f"{what}: answered {status}") if made else None
