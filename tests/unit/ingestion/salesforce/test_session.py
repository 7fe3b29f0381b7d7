"""Logging in: one worker does it, the others use what it got, and each refusal says what a person can do."""

import asyncio
import logging
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemorySecrets, InMemoryShards
from ingestion.sources.salesforce.account import Account, AccountMemory, Token
from ingestion.sources.salesforce.session import LOGIN_TAKES, Session
from shared.connections.connection import Connection, Credential
from shared.errors import ConfigurationError, DependencyUnavailable, PipelineError
from shared.http.client import http_client
from shared.streams.state import StreamStates

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
SECRET = "the-secret"
LOCKED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
ELLIPTIC = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
BY_SECRET = Credential(kind="client-credentials", base_url="https://acme.example.com/", client_id="the-key", secret_name="acme")
BY_JWT = Credential(
    kind="jwt-bearer", base_url="https://login.example.com/", client_id="the-key", subject="app@example.com", secret_name="acme"
)


class Logins:
    """A login service that counts, and workers of one connection that log in at it."""

    def __init__(self, credential: Credential = BY_SECRET, secret: str = SECRET) -> None:
        self.clock = Clock()
        self.shards = InMemoryShards()
        self.secrets = InMemorySecrets({"acme": secret})
        self.connection: Connection = sample_connection("acme", "00D000000000062EAA").model_copy(update={"credential": credential})
        self.requests: list[httpx2.Request] = []
        self.answer: Callable[[httpx2.Request], httpx2.Response] = self.granted
        self.http = http_client(transport=httpx2.MockTransport(self._answered))
        self.waits = 0

    def granted(self, _: httpx2.Request) -> httpx2.Response:
        """Another token each time."""
        token = {"access_token": f"token-{len(self.requests)}", "instance_url": "https://eu1.example.com/"}
        return httpx2.Response(200, json={**token, "id": "https://login.example.com/id/00D000000000062/005000000000001"})

    def worker(self) -> Session:
        """A worker process that remembers nothing."""
        return Session(self.connection, self.account(), http=self.http, secrets=self.secrets, now=self.clock, wait=self._wait)

    def account(self) -> Account:
        """The shared memory."""
        return Account(self.connection, StreamStates(self.shards), self.clock)

    @property
    def form(self) -> dict[str, str]:
        """What the last login sent."""
        return {name: value for name, [value] in parse_qs(self.requests[-1].content.decode()).items()}

    def _answered(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.answer(request)

    async def _wait(self, seconds: float) -> None:
        self.waits += 1
        self.clock.advance(seconds=seconds)
        await asyncio.sleep(0)


async def refusal(logins: Logins) -> PipelineError:
    """What a worker that wants a session gets."""
    with pytest.raises(PipelineError) as raised:
        await logins.worker().token()
    return raised.value


async def test_client_credentials_are_sent_to_the_organizations_own_address() -> None:
    logins = Logins()
    assert await logins.worker().token() == Token("token-1", "https://eu1.example.com")
    assert str(logins.requests[0].url) == "https://acme.example.com/services/oauth2/token"
    assert logins.form == {"grant_type": "client_credentials", "client_id": "the-key", "client_secret": "the-secret"}


async def test_an_assertion_is_signed_and_says_who_is_meant_and_ends_after_three_minutes() -> None:
    logins = Logins(BY_JWT, PEM)
    await logins.worker().token()
    assert logins.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = jwt.decode(
        logins.form["assertion"],
        KEY.public_key(),
        algorithms=["RS256"],
        audience="https://login.example.com",
        options={"verify_exp": False},
    )
    assert claims == {
        "iss": "the-key",
        "sub": "app@example.com",
        "aud": "https://login.example.com",
        "exp": int(logins.clock().timestamp()) + 180,
    }


async def test_an_assertion_is_for_the_audience_that_is_set() -> None:
    logins = Logins(BY_JWT.model_copy(update={"audience": "https://test.example.com"}), PEM)
    await logins.worker().token()
    claims = jwt.decode(logins.form["assertion"], options={"verify_signature": False})
    assert claims["aud"] == "https://test.example.com"


@pytest.mark.parametrize("secret", ["", "no key", PEM[:200], PUBLIC, LOCKED, ELLIPTIC])
async def test_a_secret_that_is_no_private_key_is_a_persons_matter_and_is_not_repeated(secret: str) -> None:
    error = await refusal(Logins(BY_JWT, secret))
    assert isinstance(error, ConfigurationError)
    assert str(error) == "the secret acme is no private RSA key in PEM without a password"


async def test_the_tasks_of_one_worker_log_in_once() -> None:
    logins = Logins()
    worker = logins.worker()
    assert len({token.value for token in await asyncio.gather(*(worker.token() for _ in range(20)))}) == 1
    assert len(logins.requests) == 1


async def test_many_workers_at_once_log_in_once() -> None:
    logins = Logins()
    tokens = await asyncio.gather(*(logins.worker().token() for _ in range(20)))
    assert len({token.value for token in tokens}) == 1
    assert len(logins.requests) == 1


async def test_a_session_that_is_refused_is_renewed_once_for_all_workers() -> None:
    logins = Logins()
    workers = [logins.worker() for _ in range(10)]
    old = [await worker.token() for worker in workers]
    new = await asyncio.gather(*(worker.token(instead_of=token) for worker, token in zip(workers, old, strict=True)))
    assert {token.value for token in new} == {"token-2"}
    assert len(logins.requests) == 2


async def test_a_worker_that_looked_before_another_had_logged_in_uses_what_that_got() -> None:
    """Between its look and its claim the other one came to its end: there is nothing left to claim."""
    logins = Logins()
    late, other = logins.worker(), logins.worker()
    look = late._account.look

    async def overtaken() -> AccountMemory:
        memory = await look()
        if len(logins.requests) == 0:
            await other.token()
        return memory

    late._account.look = overtaken  # type: ignore[method-assign]  # the moment between two awaits, which no port shows
    assert await late.token() == await other.token()
    assert len(logins.requests) == 1


async def test_the_claim_of_a_worker_that_died_while_logging_in_ends() -> None:
    logins = Logins()
    claimed = {"login_until": logins.clock() + LOGIN_TAKES}
    await logins.account().change(lambda memory: memory.model_copy(update=claimed))
    began_at = logins.clock()
    with pytest.raises(DependencyUnavailable, match="another worker"):
        await logins.worker().token()
    logins.clock.advance(seconds=15)
    await logins.worker().token()
    assert (logins.clock() - began_at) < 2 * LOGIN_TAKES
    assert len(logins.requests) == 1


async def test_a_login_that_is_cancelled_leaves_no_claim() -> None:
    logins = Logins()

    def cancelled(_: httpx2.Request) -> httpx2.Response:
        raise asyncio.CancelledError

    logins.answer = cancelled
    with pytest.raises(asyncio.CancelledError):
        await logins.worker().token()
    logins.answer = logins.granted
    await logins.worker().token()
    assert logins.waits == 0


async def test_a_login_that_is_refused_leaves_no_claim() -> None:
    logins = Logins()
    logins.answer = lambda _: httpx2.Response(400, json={"error": "inactive_user"})
    assert isinstance(await refusal(logins), ConfigurationError)
    logins.answer = logins.granted
    await logins.worker().token()
    assert logins.waits == 0


async def test_the_token_is_in_no_stored_document() -> None:
    logins = Logins()
    token = await logins.worker().token()
    documents = str(logins.shards._documents)
    assert "login" in documents
    assert token.value not in documents
    assert token.instance_url not in documents
    assert "the-secret" not in documents


async def test_neither_token_nor_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="ingestion")
    caplog.set_level(logging.DEBUG, logger="shared")
    logins = Logins()
    worker = logins.worker()
    token = await worker.token()
    logins.answer = lambda _: httpx2.Response(400, json={"error": "invalid_client"})
    with pytest.raises(ConfigurationError) as raised:
        await worker.token(instead_of=token)
    assert "the-secret" not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert "token-1" not in caplog.text
    assert "the-secret" not in caplog.text


async def test_after_the_secret_is_rotated_what_was_sealed_with_the_old_one_is_not_read() -> None:
    logins = Logins()
    await logins.worker().token()
    logins.secrets.values["acme"] = "another-secret"
    assert (await logins.worker().token()).value == "token-2"
    assert logins.form["client_secret"] == "another-secret"


async def test_a_secret_that_is_not_there_is_a_persons_matter() -> None:
    logins = Logins()
    logins.secrets.values.clear()
    assert isinstance(await refusal(logins), ConfigurationError)
    assert logins.requests == []


def test_a_connection_without_a_credential_is_a_persons_matter() -> None:
    logins = Logins()
    logins.connection = logins.connection.model_copy(update={"credential": None})
    with pytest.raises(ConfigurationError, match="no credential"):
        logins.worker()


@pytest.mark.parametrize(
    "base_url",
    ["", "no address", "acme.example.com", "ftp://acme.example.com", "http://[::1", "http://\x00", "https://"],
)
async def test_a_base_url_that_is_no_address_is_a_persons_matter(base_url: str) -> None:
    logins = Logins(BY_SECRET.model_copy(update={"base_url": base_url}))
    logins.http = http_client(transport=httpx2.AsyncHTTPTransport(verify=False))  # nothing is sent: the address is refused before
    assert isinstance(await refusal(logins), ConfigurationError)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"access_token": "x"},
        {"access_token": "", "instance_url": "https://x.example.com"},
        {"access_token": 7, "instance_url": "https://x.example.com"},
        {"access_token": "Zürich", "instance_url": "https://x.example.com"},
        {"access_token": "x\r\nhost: y", "instance_url": "https://x.example.com"},
    ],
)
async def test_an_answer_without_a_session_is_trouble_of_the_vendors(body: dict[str, object]) -> None:
    logins = Logins()
    logins.answer = lambda _: httpx2.Response(200, json=body)
    assert isinstance(await refusal(logins), DependencyUnavailable)


@pytest.mark.parametrize(
    "identity",
    ["https://login.example.com/id/00D8c000002JHMDEA4/005000000000001AAA", "https://login.example.com/id/", "no address", None, 7],
)
async def test_a_session_of_another_organization_is_never_used(identity: object) -> None:
    logins = Logins()
    body = {"access_token": "x", "instance_url": "https://x.example.com", "id": identity}
    logins.answer = lambda _: httpx2.Response(200, json=body)
    refused = await refusal(logins)
    assert isinstance(refused, ConfigurationError)
    assert "another organization" in str(refused)


@pytest.mark.parametrize(
    "address",
    [
        "http://eu1.example.com",
        "ftp://eu1.example.com",
        "https://user@eu1.example.com",
        "https://eu1.example.com/elsewhere",
        "https://eu1.example.com?x=",
        "https://[::1",
        "eu1.example.com",
        "https://",
    ],
)
async def test_a_session_is_not_sent_to_an_address_that_is_no_plain_https_one(address: str) -> None:
    logins = Logins()
    body = {"access_token": "x", "instance_url": address, "id": "https://login.example.com/id/00D000000000062/005000000000001"}
    logins.answer = lambda _: httpx2.Response(200, json=body)

    refused = await refusal(logins)

    assert isinstance(refused, DependencyUnavailable)
    assert "none a session may be sent to" in str(refused)


@pytest.mark.parametrize("answer", [httpx2.Response(200, text="<html>"), httpx2.Response(503), httpx2.Response(500, json={"error": "x"})])
async def test_a_login_service_in_trouble_is_tried_again_later(answer: httpx2.Response) -> None:
    logins = Logins()
    logins.answer = lambda _: answer
    assert isinstance(await refusal(logins), DependencyUnavailable)


async def test_a_secret_that_was_replaced_is_read_anew_where_the_one_that_is_known_is_refused() -> None:
    logins = Logins()

    def granted(request: httpx2.Request) -> httpx2.Response:
        return (
            logins.granted(request)
            if logins.form["client_secret"] == "the-new-one"
            else httpx2.Response(400, json={"error": "invalid_client"})
        )

    logins.answer = granted
    known, logins.secrets.values["acme"] = logins.secrets.read, "the-new-one"

    async def read(name: str, *, anew: bool = False) -> SecretStr:
        return await known(name, anew=anew) if anew else SecretStr("the-old-one")

    logins.secrets.read = read  # type: ignore[method-assign]  # what a vault remembers for five minutes

    assert await logins.worker().token() == Token("token-2", "https://eu1.example.com")
    assert len(logins.requests) == 2
