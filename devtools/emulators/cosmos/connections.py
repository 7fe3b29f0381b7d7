"""From HTTP to the service and back, on connections that may be slow, broken or hostile.

What cannot be read is answered with 4xx where an answer is still possible, and the log says why. There is no limit on the time a client
takes for its headers: such a connection costs nothing but itself. An answer that is to be lost is lost here: the connection ends, or stays
open until the client, or this stand-in, goes.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from aiohttp import web
from typing_extensions import override

from devtools.emulators.cosmos.misbehaviour import Answer
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.service import Service
from devtools.emulators.cosmos.wire import Reply, Request, refusal, segments_of

REQUEST_LIMIT_BYTES: Final = 8 * 1024 * 1024  # an item of 2 MiB is up to three times as long with its letters escaped
BODY_SECONDS: Final = 65.0  # as long as the client waits for an answer
KEEPALIVE_SECONDS: Final = 600.0
BODILESS: Final = frozenset({204, 304})

log = logging.getLogger(__name__)


def web_server(service: Service, stopping: asyncio.Event) -> web.Server:
    """The HTTP library's server for `service`. Once `stopping` is set, no answer is held back any more."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await _body(request)
        except RefusedError as error:
            log.warning("a request was refused: %s", error.message, extra={"status": error.status})
            response = _response(refusal(error))
            response.force_close()
            return response
        answer = service.answer(
            Request(request.method, segments_of(request.raw_path), request.headers, body, f"{request.scheme}://{request.host}/"),
        )
        return await _delivered(answer, request, stopping)

    return web.Server(
        handle, handler_cancellation=True, keepalive_timeout=KEEPALIVE_SECONDS, access_log=None, logger=_logger_of_the_unreadable()
    )


async def _delivered(answer: Answer, request: web.BaseRequest, stopping: asyncio.Event) -> web.StreamResponse:
    """The answer as it is to arrive, if it is to arrive."""
    if answer.after_seconds > 0:
        await _wait(stopping, answer.after_seconds)
    if answer.lost == "withheld":
        await _wait(stopping, None)
    if answer.lost is not None:
        if request.transport is not None:
            request.transport.close()
        return web.Response()  # which finds nowhere to go
    return _response(answer.reply)


async def _wait(stopping: asyncio.Event, seconds: float | None) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def _body(request: web.BaseRequest) -> bytes:
    """The whole body. The library's own limit is 1 MiB and answers in plain text, hence this one."""
    chunks: list[bytes] = []
    size_bytes = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                size_bytes += len(chunk)
                if size_bytes > REQUEST_LIMIT_BYTES:
                    raise RefusedError(413, f"Request size is too large: the limit is {REQUEST_LIMIT_BYTES} bytes.")
                chunks.append(chunk)
    except TimeoutError:
        raise RefusedError(408, f"The body did not arrive within {BODY_SECONDS:.0f} seconds.") from None
    except web.RequestPayloadError as error:
        raise RefusedError(400, f"The body cannot be read: {_in_one_line(error)}") from None
    return b"".join(chunks)


def _response(reply: Reply) -> web.Response:
    if reply.status in BODILESS:
        return web.Response(status=reply.status, headers=reply.headers)
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers, content_type="application/json")


class _InOneLine(logging.Filter):
    """What the HTTP library could not read is the client's fault and worth a warning in one line, not a traceback or nothing at all."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        reason = record.exc_info[1] if record.exc_info else None
        if reason is not None:
            record.msg, record.args, record.exc_info = "a request could not be read: %s", (_in_one_line(reason),), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


def _in_one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__} {error}".split())[:300]


def _logger_of_the_unreadable() -> logging.Logger:
    found = logging.getLogger(f"{__name__}.unreadable")
    found.setLevel(logging.DEBUG)  # bytes that are no HTTP at all are told on this level
    if not found.filters:
        found.addFilter(_InOneLine())
    return found
