"""Signing in to the pretend Google: service accounts that act as people, keys that are changed, applications that were let in."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as AccountCredentials

from devtools.vendors.gdrive.api.sessions import AUDIENCES, GROUPS, READ, OAuthClient, ServiceAccount
from tests.integration.gdrive_api.worlds import ADA, BOB, World, pretending

ACCOUNT = "reader@project.iam.gserviceaccount.com"


@pytest.fixture(scope="module")
def keys() -> list[RSAPrivateKey]:
    return [generate_private_key(65537, 2048) for _ in range(2)]


@pytest.fixture
async def world(keys: list[RSAPrivateKey]) -> AsyncIterator[World]:
    account = ServiceAccount(ACCOUNT, {"first": keys[0].public_key()}, {READ})
    async with pretending(accounts=[account], clients=[OAuthClient("the-client", "the-secret")]) as world:
        world.clock.moment = datetime.now(UTC)
        yield world


async def signed(world: World, key: RSAPrivateKey, key_id: str | None = "first", **said: Any) -> httpx2.Response:
    now = world.clock()
    claims = {"iss": ACCOUNT, "sub": BOB, "aud": AUDIENCES[0], "scope": READ, "iat": now, "exp": now + timedelta(hours=1), **said}
    assertion = jwt.encode(claims, key, algorithm="RS256", headers={"kid": key_id} if key_id else {})
    return await granted(world, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)


async def granted(world: World, **said: str) -> httpx2.Response:
    return await world.http.post("/token", data=said)


async def test_googles_own_library_signs_in_as_a_person_of_the_domain(world: World, keys: list[RSAPrivateKey]) -> None:
    pem = keys[0].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    info = {"client_email": ACCOUNT, "private_key": pem, "private_key_id": "first", "token_uri": f"{world.google.url}/token"}
    signing = AccountCredentials.from_service_account_info
    credentials = signing(info, scopes=[READ], subject=BOB)  # type: ignore[no-untyped-call] # untyped there
    await asyncio.to_thread(credentials.refresh, Request())

    headers = {"authorization": f"Bearer {credentials.token}"}
    found = await world.http.get("/drive/v3/about", params={"fields": "user/emailAddress"}, headers=headers)

    assert found.json() == {"user": {"emailAddress": BOB}}
    assert [(call.operation, call.user) for call in world.google.ledger.calls] == [("token", BOB), ("about", BOB)]


async def test_googles_own_library_signs_in_for_somebody_who_let_an_application_in(world: World) -> None:
    refresh = world.google.sessions.consent(BOB, client_id="the-client")
    said = {"token_uri": f"{world.google.url}/token", "client_id": "the-client", "client_secret": "the-secret"}
    credentials = Credentials(None, refresh_token=refresh, **said)  # type: ignore[no-untyped-call] # untyped there
    await asyncio.to_thread(credentials.refresh, Request())

    assert str(credentials.token).startswith("ya29.")
    world.google.sessions.revoke(BOB)
    with pytest.raises(RefreshError, match="invalid_grant: Token has been expired or revoked"):
        await asyncio.to_thread(credentials.refresh, Request())


async def test_a_token_is_good_for_an_hour_by_the_clock(world: World, keys: list[RSAPrivateKey]) -> None:
    answer = (await signed(world, keys[0])).json()
    headers = {"authorization": f"Bearer {answer['access_token']}"}

    world.clock.advance(minutes=59)
    before = await world.http.get("/drive/v3/files", headers=headers)
    world.clock.advance(minutes=1)
    after = await world.http.get("/drive/v3/files", headers=headers)

    assert (answer["expires_in"], answer["token_type"], before.status_code) == (3600, "Bearer", 200)
    assert (after.status_code, after.json()["error"]["errors"][0]["reason"]) == (401, "authError")


async def test_a_key_is_changed_while_it_is_in_use(world: World, keys: list[RSAPrivateKey]) -> None:
    account = world.google.sessions.accounts[ACCOUNT]

    assert (await signed(world, keys[1], "second")).json()["error"] == "invalid_grant"
    account.keys["second"] = keys[1].public_key()
    assert [(await signed(world, keys[0])).status_code, (await signed(world, keys[1], "second")).status_code] == [200, 200]
    del account.keys["first"]
    assert (await signed(world, keys[0])).json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    assert (await signed(world, keys[1], None)).status_code == 200


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({"scope": f"{READ} {GROUPS}"}, 401, "unauthorized_client"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"sub": "nobody@pretend.example"}, 400, "invalid_grant"),
        ({"iss": "somebody.else@project.iam.gserviceaccount.com"}, 400, "invalid_grant"),
        ({"aud": "https://elsewhere.example/token"}, 400, "invalid_grant"),
        ({"exp": datetime.now(UTC) + timedelta(hours=2)}, 400, "invalid_grant"),
        ({"iat": datetime.now(UTC) - timedelta(hours=3), "exp": datetime.now(UTC) - timedelta(hours=2)}, 400, "invalid_grant"),
        ({"exp": None}, 400, "invalid_grant"),
    ],
    ids=["scope not delegated", "no scope", "unknown person", "unknown account", "elsewhere", "too long", "over", "no end"],
)
async def test_an_assertion_that_is_not_good_is_refused(
    world: World, keys: list[RSAPrivateKey], said: dict[str, Any], status: int, error: str
) -> None:
    answer = await signed(world, keys[0], **said)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_a_suspended_person_can_neither_come_in_nor_stay(world: World, keys: list[RSAPrivateKey]) -> None:
    token = (await signed(world, keys[0])).json()["access_token"]
    world.drive.suspend(BOB)

    stayed = await world.http.get("/drive/v3/files", headers={"authorization": f"Bearer {token}"})

    assert (stayed.status_code, (await signed(world, keys[0])).json()["error"]) == (401, "invalid_grant")
    world.drive.unsuspend(BOB)
    assert (await signed(world, keys[0])).status_code == 200


async def test_a_service_account_by_itself_sees_what_was_shared_with_it(world: World, keys: list[RSAPrivateKey]) -> None:
    token = (await signed(world, keys[0], sub=ACCOUNT)).json()["access_token"]
    file = world.drive.create_file("a", by=ADA)
    world.drive.share(file.id, ACCOUNT)

    found = await world.http.get("/drive/v3/files", headers={"authorization": f"Bearer {token}"})

    assert [one["id"] for one in found.json()["files"]] == [file.id]


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"}, 400, "invalid_grant"),
    ],
)
async def test_an_application_that_is_not_let_in_is_told_why(world: World, said: dict[str, str], status: int, error: str) -> None:
    refresh = world.google.sessions.consent(BOB, client_id="the-client")
    asked = {"grant_type": "refresh_token", "client_id": "the-client", "client_secret": "the-secret", "refresh_token": refresh, **said}

    answer = await granted(world, **asked)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


async def test_every_token_can_be_ended_at_once(world: World) -> None:
    token = world.google.token(ADA)
    world.google.sessions.end_all()

    answers = [await world.http.get("/drive/v3/files", headers=headers) for headers in ({"authorization": f"Bearer {token}"}, {})]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json()["error"]["errors"] == [
        {"message": "Invalid Credentials", "domain": "global", "reason": "authError", "location": "Authorization", "locationType": "header"}
    ]
