"""What the one client does and does not, and what becomes of answers that are none."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError
from shared.http.client import MOST_BYTES, answer_of, http_client, object_at, object_of

SECRET = "s3cret"
ADDRESS = f"https://api.example/things?key={SECRET}"


@dataclass
class Recording:
    """A transport that answers with the given answers, and keeps what it was asked."""

    answers: Iterator[httpx2.Response]
    asked: list[httpx2.Request] = field(default_factory=list)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        return next(self.answers)


def failing(error: Exception) -> Callable[[httpx2.Request], httpx2.Response]:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise error

    return fail


async def asked(transport: Callable[[httpx2.Request], httpx2.Response], address: str = ADDRESS) -> httpx2.Response:
    async with http_client(transport=httpx2.MockTransport(transport)) as client:
        request = client.build_request("POST", address, headers={"api-key": SECRET}, json={"text": SECRET})
        return await answer_of(client, request, what="asking")


async def test_an_answer_comes_whole() -> None:
    response = await asked(Recording(iter([httpx2.Response(200, json={"a": 1})])))

    assert object_of(response, what="asking") == {"a": 1}


FAILURES = [
    httpx2.ConnectTimeout("x"),
    httpx2.ReadTimeout("x"),
    httpx2.WriteTimeout("x"),
    httpx2.PoolTimeout("x"),
    httpx2.ConnectError("x"),
    httpx2.ReadError("x"),
    httpx2.WriteError("x"),
    httpx2.CloseError("x"),
    httpx2.ProxyError("x"),
    httpx2.LocalProtocolError("x"),
    httpx2.RemoteProtocolError("x"),
    httpx2.DecodingError("x"),
    httpx2.TooManyRedirects("x"),
    ConnectionResetError("x"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
async def test_no_answer_is_a_dependency_that_is_away(failure: Exception) -> None:
    with pytest.raises(DependencyUnavailable, match=rf"^asking: no answer \({type(failure).__name__}\)$"):
        await asked(failing(failure))


def leaves(error: type[BaseException]) -> set[type[BaseException]]:
    below = error.__subclasses__()
    return set().union(*map(leaves, below)) if below else {error}


def test_every_error_of_the_library_is_tried_here() -> None:
    tried = {type(failure) for failure in FAILURES}

    elsewhere = {httpx2.UnsupportedProtocol, httpx2.SSEError}  # below; and of a kind of answer that we do not ask for
    assert leaves(httpx2.RequestError) <= tried | elsewhere


async def test_an_address_of_another_kind_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigurationError, match=r"^asking: the address is neither http nor https$"):
        await asked(failing(httpx2.UnsupportedProtocol("x")))


async def test_an_answer_that_takes_too_long_as_a_whole_is_none() -> None:
    async def trickle(request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with http_client(transport=httpx2.MockTransport(trickle)) as client:
        with pytest.raises(DependencyUnavailable, match=r"^asking: no answer \(TimeoutError\)$"):
            await answer_of(client, client.build_request("GET", ADDRESS), what="asking", answer_seconds=0.01)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 409, 429, 500, 503])
async def test_errors_hold_no_address_no_header_and_no_body(status: int) -> None:
    answer = httpx2.Response(status, headers={"location": ADDRESS, "x": SECRET}, text=SECRET)

    with pytest.raises(PipelineError) as raised:
        await asked(Recording(iter([answer])))

    assert str(raised.value) == f"asking: answered {status}"


async def test_a_redirect_is_not_followed_with_the_credential() -> None:
    elsewhere = Recording(iter([httpx2.Response(307, headers={"location": "https://elsewhere.example/"})]))

    with pytest.raises(DependencyUnavailable):
        await asked(elsewhere)

    assert [request.url.host for request in elsewhere.asked] == ["api.example"]


async def test_a_small_answer_that_unpacks_to_gigabytes_is_given_up_early() -> None:
    unpacked = []

    async def bomb() -> AsyncIterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        for number in range(4096):
            unpacked.append(number)
            yield packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_SYNC_FLUSH)

    answer = httpx2.Response(200, headers={"content-encoding": "gzip"}, content=bomb())

    with pytest.raises(DependencyUnavailable, match=r"^asking: the answer is too large$"):
        await asked(Recording(iter([answer])))
    assert len(unpacked) <= MOST_BYTES // (1024 * 1024) + 1


async def test_a_packed_answer_is_read_and_says_what_an_unpacked_one_says() -> None:
    packed = httpx2.Response(200, headers={"content-encoding": "gzip", "date": "now"}, content=gzip.compress(b'{"a": 1}'))

    response = await asked(Recording(iter([packed])))

    assert object_of(response, what="asking") == {"a": 1}
    assert (response.headers["date"], "content-encoding" in response.headers) == ("now", False)


async def test_cookies_are_not_carried_from_one_call_to_the_next() -> None:
    answers = Recording(httpx2.Response(200, headers={"set-cookie": "who=tenant-1; Path=/"}) for _ in range(2))

    async with http_client(transport=httpx2.MockTransport(answers)) as client:
        for _ in range(2):
            await answer_of(client, client.build_request("GET", ADDRESS), what="asking")

    assert ["cookie" in request.headers for request in answers.asked] == [False, False]


async def test_the_client_does_not_read_the_environment_and_bounds_its_waits() -> None:
    async with http_client() as client:
        assert client.trust_env is False
        assert client.timeout == httpx2.Timeout(30.0, connect=5.0)


PAGES = {
    "a page for people": httpx2.Response(200, html="<html>We will be back soon</html>"),
    "a list": httpx2.Response(200, json=[1]),
    "nothing": httpx2.Response(204),
    "half an answer": httpx2.Response(200, text='{"a": '),
    "a bottomless answer": httpx2.Response(200, text="[" * 100_000),
    "bytes that are no text": httpx2.Response(200, content=b'{"a": "\xff"}'),
}


@pytest.mark.parametrize("response", PAGES.values(), ids=PAGES.keys())
def test_a_page_with_status_200_is_an_api_that_is_away(response: httpx2.Response) -> None:
    with pytest.raises(DependencyUnavailable, match=r"^asking: the answer is not"):
        object_of(response, what="asking")


async def test_what_an_address_holds_is_read_in_one_step() -> None:
    async with http_client(transport=httpx2.MockTransport(Recording(iter([httpx2.Response(200, json={"a": 1})])))) as client:
        assert await object_at(client, ADDRESS, what="asking") == {"a": 1}


async def test_what_is_no_address_is_a_wrong_setting_that_is_not_quoted() -> None:
    async with http_client(transport=httpx2.MockTransport(Recording(iter([])))) as client:
        with pytest.raises(ConfigurationError) as raised:
            await object_at(client, f"https://api.example:{SECRET}/", what="asking")

    assert str(raised.value) == "asking: the address is none"
