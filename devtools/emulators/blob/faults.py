"""What can go wrong between a client and Blob Storage, and the service's words for it.

The operations are those of ``calls.py``, the target is the container. Cannot be planned: a lost lease and a moved clock, which are inside
Azurite, and another order, since nothing here comes in one.
"""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from devtools.emulators.blob.calls import CHANGING, OPERATIONS, STORING, Call
from devtools.faults.injector import Abilities
from devtools.faults.places import Places
from devtools.faults.plan import Fault, Kind

AT: Final = "blob"

ABILITIES: Final[Abilities] = {
    Kind.REFUSE: ("container-not-found", "container-being-deleted"),
    Kind.DROP: (),
    Kind.DELAY: (),
    Kind.TIMEOUT: (),
    Kind.DISK_FULL: (),
    Kind.STALE_ETAG: (),
    Kind.DUPLICATE: (),
}
"""A refusal has the code that goes with its status, or the one its variant names."""
PLACES: Final[Places] = {
    **dict.fromkeys(ABILITIES, OPERATIONS),
    Kind.DISK_FULL: STORING,
    Kind.STALE_ETAG: CHANGING,
    Kind.DUPLICATE: CHANGING,
}

CODES: Final = {
    400: ("InvalidInput", "One of the request inputs is not valid."),
    401: ("NoAuthenticationInformation", "The request has no credentials."),
    403: ("AuthorizationFailure", "This request is not authorized to perform this operation."),
    404: ("BlobNotFound", "The specified blob does not exist."),
    409: ("BlobAlreadyExists", "The specified blob already exists."),
    412: ("ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met."),
    413: ("RequestBodyTooLarge", "The request body is larger than permitted."),
    429: ("TooManyRequests", "Too many requests."),
    500: ("InternalError", "The server encountered an internal error. Please retry the request."),
    503: ("ServerBusy", "The server is busy."),
}
"""Of each status the code that is met most (Azure documentation, "Blob service error codes" and "Common REST API error codes")."""
VARIANTS: Final = {
    "container-not-found": ("ContainerNotFound", "The specified container does not exist."),
    "container-being-deleted": ("ContainerBeingDeleted", "The specified container is being deleted. Try the operation later."),
}
INSUFFICIENT_STORAGE: Final = 507
"""A full account has no documented code of its own; this is HTTP's status for it (RFC 4918), without one."""


def possible(call: Call) -> Collection[Kind]:
    """What can be done to this call."""
    kinds = {Kind.REFUSE, Kind.DROP, Kind.DELAY, Kind.TIMEOUT}
    if call.is_write:
        kinds.add(Kind.DUPLICATE)
    if call.is_write and call.is_conditional:
        kinds.add(Kind.STALE_ETAG)
    if call.stores_bytes:
        kinds.add(Kind.DISK_FULL)
    return kinds


def refusal_of(fault: Fault, call: Call) -> web.Response:
    """The error of a fault that answers one."""
    match fault.kind:
        case Kind.DISK_FULL:
            return _error(INSUFFICIENT_STORAGE, None)
        case Kind.STALE_ETAG:  # creating what is there is a conflict, changing what has changed is not ("Specifying conditional headers")
            status = 409 if call.is_creation else 412
            return _error(status, CODES[status])
    status = fault.status or 500
    answer = _error(status, VARIANTS.get(fault.variant or "") or CODES.get(status))
    if fault.retry_after_seconds is not None:
        answer.headers["Retry-After"] = f"{fault.retry_after_seconds:g}"
    return answer


def _error(status: int, said: tuple[str, str] | None) -> web.Response:
    """As the service writes it; without a code as whatever stands before the service would, with nothing."""
    request_id, now = str(uuid.uuid4()), datetime.now(UTC)
    headers = {"x-ms-request-id": request_id}
    if said is None:
        return web.Response(status=status, headers=headers)
    code, message = said
    text = f"{message}\nRequestId:{request_id}\nTime:{now:%Y-%m-%dT%H:%M:%S}.0000000Z"
    body = f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}</Message></Error>'
    return web.Response(status=status, text=body, content_type="application/xml", headers={**headers, "x-ms-error-code": code})
