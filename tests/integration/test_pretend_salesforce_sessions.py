"""Who gets into the pretend Salesforce: OAuth's two ways, what they refuse, and how sessions end."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import cache
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from devtools.vendors.salesforce.api.sessions import JWT_BEARER, ConnectedApp
from tests.integration.salesforce_api import Caller, calling

pytestmark = pytest.mark.integration

SECRET = {"grant_type": "client_credentials", "client_id": "the-client", "client_secret": "the-secret"}


@cache
def a_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        caller.salesforce.sessions.register(ConnectedApp("signing", public_key=a_key().public_key()))
        yield caller


def assertion_of(caller: Caller, *, key: RSAPrivateKey | None = None, seconds: int = 180, **claims: Any) -> dict[str, str]:
    said = {
        "iss": "signing",
        "sub": caller.org.record(caller.org.user_ids[1]).fields["Username"],
        "aud": "https://login.salesforce.com",
        "exp": int(caller.clock().timestamp()) + seconds,
        **claims,
    }
    return {"grant_type": JWT_BEARER, "assertion": jwt.encode(said, key or a_key(), algorithm="RS256")}


async def asked(caller: Caller, said: dict[str, str], **more: Any) -> httpx2.Response:
    return await caller.http.post("/services/oauth2/token", data=said, **more)


async def test_a_secret_is_a_session_of_the_app_s_user(caller: Caller) -> None:
    answer = await asked(caller, SECRET)

    granted = answer.json()
    assert set(granted) == {"access_token", "instance_url", "id", "token_type", "scope"}
    assert granted["instance_url"] == caller.salesforce.url
    assert granted["id"].endswith(f"/id/{caller.org.organization_id}/{caller.org.user_ids[0]}")
    caller.token = granted["access_token"]
    assert (await caller.call("limits")).status_code == 200
    assert granted["access_token"] not in str(caller.salesforce.ledger.calls)


async def test_a_secret_can_be_in_the_header(caller: Caller) -> None:
    answer = await asked(caller, {"grant_type": "client_credentials"}, auth=("the-client", "the-secret"))

    assert answer.status_code == 200


async def test_a_signed_assertion_is_a_session_of_its_subject(caller: Caller) -> None:
    answer = await asked(caller, assertion_of(caller))

    assert answer.json()["id"].endswith(caller.org.user_ids[1])
    assert (await asked(caller, assertion_of(caller, aud=caller.salesforce.url))).status_code == 200


async def test_what_is_wrong_with_a_request_is_said_in_oauths_words(caller: Caller) -> None:
    wrong: list[tuple[dict[str, str], str]] = [
        ({**SECRET, "client_id": "nobody"}, "invalid_client_id"),
        ({**SECRET, "client_secret": "guessed"}, "invalid_client"),
        ({**SECRET, "grant_type": "password"}, "unsupported_grant_type"),
        (assertion_of(caller, iss="nobody"), "invalid_client_id"),
        (assertion_of(caller, key=generate_private_key(65537, 2048)), "invalid_grant"),
        (assertion_of(caller, aud="https://example.com"), "invalid_grant"),
        (assertion_of(caller, seconds=600), "invalid_grant"),
        (assertion_of(caller, seconds=-1), "invalid_grant"),
        (assertion_of(caller, sub="nobody@example.com"), "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": "nonsense"}, "invalid_grant"),
    ]

    answers = [await asked(caller, said) for said, _ in wrong]

    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [(400, error) for _, error in wrong]
    assert all(answer.json()["error_description"] for answer in answers)


async def test_an_approval_that_is_taken_back_ends_the_sessions_and_allows_no_others(caller: Caller) -> None:
    sessions = caller.salesforce.sessions
    caller.token = (await asked(caller, SECRET)).json()["access_token"]

    sessions.revoke(caller.org.user_ids[0])

    assert await caller.refusal("limits") == (401, "INVALID_SESSION_ID")
    refused = (await asked(caller, SECRET)).json()
    assert refused == {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    assert (await asked(caller, assertion_of(caller))).status_code == 200
    sessions.approve(caller.org.user_ids[0])
    assert (await asked(caller, SECRET)).status_code == 200


async def test_an_inactive_user_or_organization_gets_no_session(caller: Caller) -> None:
    caller.org.edit(caller.org.user_ids[0], IsActive=False)
    assert (await asked(caller, SECRET)).json()["error"] == "inactive_user"

    caller.salesforce.sessions.inactive_organizations.add(caller.org.organization_id)
    assert (await asked(caller, SECRET)).json()["error"] == "inactive_org"
    assert await caller.refusal("limits") == (401, "INVALID_SESSION_ID")


async def test_a_session_ends_by_the_clock(caller: Caller) -> None:
    caller.salesforce.sessions.lifetime = timedelta(minutes=15)

    caller.clock.advance(minutes=14, seconds=59)
    assert (await caller.call("limits")).status_code == 200
    caller.clock.advance(seconds=1)
    assert await caller.refusal("limits") == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer nonsense", "Basic dXNlcjpwYXNz"])
async def test_without_a_session_nothing_is_said(caller: Caller, authorization: str) -> None:
    answer = await caller.http.get("/services/data/v67.0/limits", headers={"authorization": authorization})

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    assert "sforce-limit-info" not in answer.headers
    assert caller.salesforce.usage[caller.org.organization_id].used == 0
