"""What Cosmos DB and Blob Storage say, as our errors: one table by status. And how long they may take to say it.

The table follows "HTTP Status Codes for Azure Cosmos DB" and "Blob service error codes" of the Azure documentation. 400 and 405 are not in
it on purpose: they mean that our request was wrong, which is a bug, and bugs stay what they are. The SDKs have retried shortly before any
of this is seen.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.errors import ConfigurationError, Conflict, DependencyUnavailable, PipelineError, RateLimited, UnmappableRecord

ANSWER_SECONDS: Final = 10.0
"""All attempts of one operation together. Without a limit the Cosmos DB SDK goes on for two minutes while a region is failing over."""

DEFAULT_RETRY_AFTER_SECONDS: Final = 1.0

TOO_MANY_REQUESTS: Final = 429
SERVER_ERRORS: Final = 500
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

SUBSTATUSES: Final[dict[tuple[int, int], Callable[[str], PipelineError]]] = {
    (403, 3): DependencyUnavailable,  # writes are not allowed in this region: it is failing over
    (403, 1008): DependencyUnavailable,  # the account is not in this region any more
    (404, 1002): DependencyUnavailable,  # this replica has not caught up with the session
}
"""Where Cosmos DB's sub-status says something else than the status."""


@asynccontextmanager
async def azure_errors(what: str, *, answer_seconds: float = ANSWER_SECONDS) -> AsyncIterator[None]:
    """Turn what the SDKs raise inside into our errors. ``what`` names the operation and its container, never an item's content.

    Raises:
        PipelineError: as in the tables; no answer within ``answer_seconds`` is a DependencyUnavailable.
    """
    try:
        async with asyncio.timeout(answer_seconds):
            yield
    except HttpResponseError as error:
        ours = _ours(error, what)
        if ours is None:
            raise
        raise ours from error
    except (AzureError, TimeoutError, ConnectionError) as error:
        raise DependencyUnavailable(f"{what}: no answer ({type(error).__name__})") from error


def _ours(error: HttpResponseError, what: str) -> PipelineError | None:
    status = error.status_code
    if isinstance(error, ClientAuthenticationError):
        return ConfigurationError(f"{what}: the credential was not accepted")
    if not status or status < 300:  # noqa: PLR2004 - an answer that was cut off or is not readable
        return DependencyUnavailable(f"{what}: the answer is not whole ({type(error).__name__})")
    if status == TOO_MANY_REQUESTS:
        return RateLimited(f"{what}: answered 429", retry_after_seconds=_retry_after_seconds(error))
    default = DependencyUnavailable if status >= SERVER_ERRORS else None
    substatus = getattr(error, "sub_status", None) or 0
    made = SUBSTATUSES.get((status, substatus)) or STATUSES.get(status, default)
    return made(f"{what}: answered {status}") if made else None


def _retry_after_seconds(error: HttpResponseError) -> float:
    headers = getattr(error, "headers", None) or getattr(error.response, "headers", None) or {}
    milliseconds = headers.get("x-ms-retry-after-ms")
    return float(milliseconds) / 1000 if milliseconds else DEFAULT_RETRY_AFTER_SECONDS
