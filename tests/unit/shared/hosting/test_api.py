"""Every answer of our own API."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from typing import Any

import azure.functions as func
import pytest
from typing_extensions import override

from shared.access.acl import Principal
from shared.access.directory import Directory, expanded
from shared.access.tokens import Caller
from shared.errors import (
    BadRequest,
    ConfigurationError,
    Conflict,
    DependencyUnavailable,
    Forbidden,
    NotFound,
    PermanentError,
    RateLimited,
    TooLate,
)
from shared.hosting.api import answered
from shared.hosting.services import Services
from shared.settings import Settings
from shared.telemetry.names import Metric
from tests.unit.shared.hosting.calls import NOON, QUESTION, Greeting, Ports, Said, a_call, a_context, token


@pytest.fixture
def said() -> Iterator[Said]:
    """Everything logged during the test."""
    handler, root = Said(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def greet(caller: Caller) -> Greeting:
    return Greeting(said_to=caller.tenant_id)


def failing(error: BaseException) -> Callable[[Caller], Awaitable[Greeting]]:
    """Something that goes wrong for a caller who was let in."""

    async def act(caller: Caller) -> Greeting:
        raise error

    return act


async def answer(
    req: func.HttpRequest, act: Callable[[Caller], Awaitable[Greeting]] = greet, *, ports: Ports | None = None
) -> func.HttpResponse:
    given = ports or Ports()
    return await answered(req, a_context(), act, ports=lambda: given)


def body_of(response: func.HttpResponse) -> dict[str, Any]:
    read = json.loads(response.get_body())
    assert isinstance(read, dict)
    return read


async def test_a_caller_with_a_good_token_is_answered() -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), ports=ports)

    assert response.status_code == 200
    assert response.get_body().decode() == '{"saidTo": "acme", "inWords": "Grüße, 世界"}'
    assert dict(response.headers) == {
        "Content-Type": "application/json; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    assert ports.metrics.total(Metric.API_REQUESTS) == 1
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="answered") == 1


@pytest.mark.parametrize("fault", [None, BadRequest("<script>alert(1)</script>"), NotFound("<b>"), RuntimeError("<b>")])
async def test_mark_up_in_an_answer_is_a_text_in_json_that_no_browser_takes_for_a_page(fault: Exception | None) -> None:
    async def act(caller: Caller) -> Greeting:
        if fault is not None:
            raise fault
        return Greeting(said_to="<script>alert(1)</script>")

    response = await answer(a_call(f"Bearer {token()}"), act)

    assert isinstance(body_of(response), dict)
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_caller_is_who_the_token_says() -> None:
    callers: list[Caller] = []

    async def act(caller: Caller) -> Greeting:
        callers.append(caller)
        return Greeting(said_to="you")

    await answer(a_call(f"Bearer {token(email='ada@acme.example', email_verified=True)}"), act)

    [caller] = callers
    assert caller.tenant_id == "acme"
    assert caller.principals == {"tenant", "user:ada@acme.example", "domain:acme.example"}


@pytest.mark.parametrize("header", ["Authorization", "authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_case_of_header_and_scheme_does_not_matter(header: str, scheme: str) -> None:
    assert (await answer(a_call(f"{scheme} {token()}", header=header))).status_code == 200


@pytest.mark.parametrize(
    ("authorization", "text"),
    [
        (None, "the call has no Authorization header"),
        ("", "the call has no Authorization header"),
        ("Basic YWRhOnNlY3JldA==", "the Authorization header is not a bearer token's"),
        ("Bearer not-a-token", "the token cannot be read"),
        (f"Bearer {token(exp=NOON - 3600)}", "the token has expired"),
        (f"Bearer {token(aud='api://else')}", "the token's audience is not us"),
        (f"Bearer {token(tid='')}", "the token names no tenant"),
        (f"Bearer {token()[:-4]}AAAA", "the token's signature is wrong"),
    ],
    ids=["none", "empty", "basic", "unreadable", "expired", "for somebody else", "no tenant", "forged"],
)
async def test_a_caller_without_a_good_token_is_told_why_and_nothing_of_the_token(authorization: str | None, text: str, said: Said) -> None:
    ports, acted = Ports(), []

    async def act(caller: Caller) -> Greeting:
        acted.append(caller)
        return Greeting(said_to="nobody")

    response = await answer(a_call(authorization), act, ports=ports)

    assert response.status_code == 401
    assert body_of(response) == {"error": text}
    # RFC 6750, section 3.1: whoever brought nothing is told no error code.
    assert response.headers["WWW-Authenticate"] == ('Bearer error="invalid_token"' if authorization else "Bearer")
    assert response.headers["Cache-Control"] == "no-store"
    assert acted == []
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="refused") == 1
    secret = (authorization or "").rpartition(" ")[2]
    everything = f"{response.get_body().decode()} {dict(response.headers)} {said.everything()}"
    assert not secret or secret not in everything


async def test_a_call_that_makes_no_sense_is_told_so_in_words() -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), failing(BadRequest("q is missing: what do you look for?")), ports=ports)

    assert (response.status_code, body_of(response)) == (400, {"error": "q is missing: what do you look for?"})
    assert response.headers["Cache-Control"] == "no-store"
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="malformed") == 1


@pytest.mark.parametrize(
    ("error", "status", "outcome"),
    [
        (Forbidden("for the admins of a tenant"), 403, "forbidden"),
        (NotFound("there is no such connection"), 404, "missing"),
        (TooLate("it was rejected by ada@acme.example"), 409, "too-late"),
    ],
)
async def test_what_a_caller_may_not_what_is_not_there_or_is_over_is_told_in_words(
    error: Exception, status: int, outcome: str, said: Said
) -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), failing(error), ports=ports)

    assert (response.status_code, body_of(response)) == (status, {"error": str(error)})
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome=outcome) == 1
    assert said.ours == []


async def test_who_calls_is_checked_before_what_is_asked() -> None:
    assert (await answer(a_call(), failing(BadRequest("q is missing")))).status_code == 401


@pytest.mark.parametrize(
    "error",
    [DependencyUnavailable("search chunks: no answer"), RateLimited("slower", retry_after_seconds=60), Conflict("written since")],
    ids=lambda error: type(error).__name__,
)
async def test_what_will_pass_is_answered_with_when_to_come_back(error: Exception, said: Said) -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), failing(error), ports=ports)

    assert (response.status_code, body_of(response)) == (503, {"error": "not now: come back in a moment"})
    assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("5", "no-store")
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="unavailable") == 1
    [record] = said.ours
    assert (record.levelno, record.getMessage()) == (logging.WARNING, "a call of the API is put off")
    assert (record.__dict__["reason"], record.__dict__["detail"]) == (type(error).__name__, str(error))


async def test_an_issuer_that_does_not_answer_is_no_refusal() -> None:
    ports = Ports()
    ports.keys.is_away = True

    response = await answer(a_call(f"Bearer {token()}"), ports=ports)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")


class NobodyKnows(Directory):
    """A directory that does not answer."""

    @override
    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        raise DependencyUnavailable("the directory: no answer")

    @override
    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        return frozenset()


async def test_a_caller_who_cannot_be_looked_up_is_put_off_and_not_shown_less() -> None:
    async def act(caller: Caller) -> Greeting:
        return Greeting(said_to=(await expanded(caller, NobodyKnows())).tenant_id)

    named = await answer(a_call(f"Bearer {token(email='ada@acme.example', email_verified=True)}"), act)
    nameless = await answer(a_call(f"Bearer {token()}"), act)

    assert (named.status_code, nameless.status_code) == (503, 200)


async def test_a_call_that_is_cancelled_is_answered_all_the_same() -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), failing(asyncio.CancelledError()), ports=ports)

    assert response.status_code == 503
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="unavailable") == 1


async def test_an_error_of_somebody_else_is_not_quoted(said: Said) -> None:
    ports = Ports()

    response = await answer(a_call(f"Bearer {token()}"), failing(ValueError(f"cannot parse {QUESTION}")), ports=ports)

    assert (response.status_code, body_of(response)) == (500, {"error": "this failed here, and is logged"})
    assert response.headers["Cache-Control"] == "no-store"
    assert ports.metrics.total(Metric.API_REQUESTS, function="search", outcome="failed") == 1
    [record] = said.ours
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "a call of the API failed")
    assert record.__dict__["reason"] == "ValueError"
    assert "test_api.py:" in record.__dict__["at"]
    assert QUESTION not in said.everything()


@pytest.mark.parametrize("error", [PermanentError("a text is refused"), ConfigurationError("EMBEDDING_MODEL: there is no such model")])
async def test_an_error_of_our_own_is_logged_with_its_text_and_not_shown(error: Exception, said: Said) -> None:
    response = await answer(a_call(f"Bearer {token()}"), failing(error))

    assert (response.status_code, body_of(response)) == (500, {"error": "this failed here, and is logged"})
    [record] = said.ours
    assert record.__dict__["detail"] == str(error)


async def test_an_answer_that_cannot_be_written_is_a_fault_of_ours() -> None:
    async def act(caller: Caller) -> Greeting:
        return Greeting.model_construct(said_to="half a character: \ud800", in_words="")

    assert (await answer(a_call(f"Bearer {token()}"), act)).status_code == 500


async def test_settings_that_are_wrong_are_answered_and_their_values_are_not_told(said: Said) -> None:
    environ = {"SERVICE_BUS": "Endpoint=sb://x;SharedAccessKey=hidden-1", "EMBEDDING_DIMENSIONS": "hidden-2", "AUTH_ISSUER": "hidden-3"}

    response = await answered(a_call(f"Bearer {token()}"), a_context(), greet, ports=lambda: Services(Settings.from_environ(environ)))

    assert (response.status_code, body_of(response)) == (500, {"error": "this failed here, and is logged"})
    [record] = said.ours
    assert record.__dict__["reason"] == "ConfigurationError"
    assert "EMBEDDING_DIMENSIONS" in record.__dict__["detail"]
    assert "AUTH_AUDIENCE" in record.__dict__["detail"]
    assert "hidden" not in said.everything() + response.get_body().decode()


async def test_an_answered_call_leaves_no_word_of_the_question_or_the_token_in_the_log(said: Said) -> None:
    good = token()

    await answer(a_call(f"Bearer {good}"))

    assert QUESTION not in said.everything()
    assert good not in said.everything()
    assert said.ours == []
