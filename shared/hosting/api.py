"""Every HTTP answer of our own API: a bearer token first, then the question, and each error as one status.

Webhooks are not here: their vendors hold no token of ours.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import azure.functions as func

if TYPE_CHECKING:
    from shared.access.tokens import Caller, TokenCheck
    from shared.contracts.message import Wire
    from shared.errors import TokenRefused
    from shared.telemetry.metrics import Metrics

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS: Final = 5


class ApiPorts(Protocol):
    """What answering needs of this worker's ports."""

    @property
    def tokens(self) -> "TokenCheck": ...

    @property
    def metrics(self) -> "Metrics": ...


async def answered(
    req: func.HttpRequest, context: func.Context, act: "Callable[[Caller], Awaitable[Wire]]", *, ports: Callable[[], ApiPorts]
) -> func.HttpResponse:
    """Let the caller in, act for them, and answer.

    Args:
        act: what is asked, for a caller whose token was checked; raises BadRequest for what makes no sense, Forbidden for what this
            caller may not, NotFound for what is not there, TooLate for what was decided otherwise.
        ports: gives this worker's; settings that are wrong are answered like any other fault.
    """
    from shared.errors import BadRequest, Forbidden, NotFound, PipelineError, TokenRefused, TooLate, TransientError, place_of
    from shared.hosting.triggers import entry
    from shared.telemetry.names import Metric, Span
    from shared.telemetry.tracing import span

    function = context.function_name
    authorization = req.headers.get("authorization")
    metrics = None
    try:
        s = ports()
        metrics = s.metrics
        with span(Span.API, function=function, **entry(req, context)):
            caller = await s.tokens.caller(authorization)
            answer = await act(caller)
        response, outcome = json_answer(200, answer.model_dump(mode="json", by_alias=True)), "answered"
    except TokenRefused as error:
        response, outcome = refused(error, shows_one=bool(authorization)), "refused"
    except BadRequest as error:
        response, outcome = _fault(400, str(error)), "malformed"
    except Forbidden as error:
        response, outcome = _fault(403, str(error)), "forbidden"
    except NotFound as error:
        response, outcome = _fault(404, str(error)), "missing"
    except TooLate as error:
        response, outcome = _fault(409, str(error)), "too-late"
    except (TransientError, asyncio.CancelledError) as error:  # a CancelledError must not leave: the worker would never answer
        log.warning("a call of the API is put off", extra={"function": function, "reason": type(error).__name__, "detail": str(error)})
        response, outcome = _fault(503, "not now: come back in a moment", {"Retry-After": str(RETRY_AFTER_SECONDS)}), "unavailable"
    except Exception as error:  # whatever it is, the caller is told no more than that, and the log no text of a foreign error
        detail = {"detail": str(error)} if isinstance(error, PipelineError) else {"at": place_of(error)}
        log.error("a call of the API failed", extra={"function": function, "reason": type(error).__name__, **detail})  # noqa: TRY400 - a trace of a foreign error may hold anything
        response, outcome = _fault(500, "this failed here, and is logged"), "failed"
    if metrics is not None:
        metrics.count(Metric.API_REQUESTS, function=function, outcome=outcome)
    return response


def refused(error: "TokenRefused", *, shows_one: bool = True) -> func.HttpResponse:
    """To a caller without a token that we trust (RFC 6750, section 3)."""
    return _fault(401, str(error), {"WWW-Authenticate": 'Bearer error="invalid_token"' if shows_one else "Bearer"})


def _fault(status: int, text: str, headers: dict[str, str] | None = None) -> func.HttpResponse:
    return json_answer(status, {"error": text}, headers)


def json_answer(status: int, body: Mapping[str, Any], headers: dict[str, str] | None = None) -> func.HttpResponse:
    """A JSON object, for whoever asked alone."""
    # What is shown is the caller's alone: nothing on the way may keep it. It holds what strangers wrote: no browser may take it for a page.
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status_code=status,
        headers={"Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        | (headers or {}),
    )
