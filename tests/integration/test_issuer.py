"""The local issuer, asked over HTTP as the app asks an issuer: what it signs is let in, and what it does not is refused."""

import asyncio
import socket
import stat
import sys
from pathlib import Path

import httpx2
import pytest

from devtools.fakes.clock import Clock
from devtools.issuer.server import Issuer
from devtools.issuer.signing_keys import jwks_of, keys_in, rotate
from devtools.issuer.tokens import token
from devtools.local.child import Child, ChildFailed
from shared.access.tokens import TokenCheck
from shared.errors import TokenRefused
from tests.integration.token_check import AUDIENCE, check_of

pytest_plugins = ["tests.plugins.issuers"]
pytestmark = pytest.mark.integration


@pytest.fixture
def check(issuer: Issuer, client: httpx2.AsyncClient, clock: Clock) -> TokenCheck:
    return check_of(issuer, client, clock)


async def test_a_token_of_the_issuer_is_let_in(issuer: Issuer, check: TokenCheck) -> None:
    caller = await check.caller("Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme", email="ada@example.com", admin=True))

    assert caller.tenant_id == "acme"
    assert caller.principals == {"tenant", "admins", "user:ada@example.com", "domain:example.com"}


async def test_a_token_without_an_address_is_somebody_of_the_tenant(issuer: Issuer, check: TokenCheck) -> None:
    caller = await check.caller("Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme"))

    assert caller.principals == {"tenant"}


async def test_its_keys_are_asked_for_once(issuer: Issuer, check: TokenCheck) -> None:
    await asyncio.gather(*(check.caller("Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme")) for _ in range(20)))

    assert issuer.jwks_calls == 1


async def test_a_token_for_somebody_else_is_refused(issuer: Issuer, check: TokenCheck) -> None:
    with pytest.raises(TokenRefused, match=r"^the token's audience is not us$"):
        await check.caller("Bearer " + issuer.token(audience="api://other", tenant_id="acme"))


async def test_a_token_of_another_issuer_is_refused(check: TokenCheck, issuer: Issuer, tmp_path: Path, clock: Clock) -> None:
    other = token(tmp_path / "other", issuer=issuer.url, audience=AUDIENCE, tenant_id="acme", now=clock)

    with pytest.raises(TokenRefused, match=r"^the token's key is unknown$"):
        await check.caller(f"Bearer {other}")


async def test_a_token_ends_with_its_hour(issuer: Issuer, check: TokenCheck, clock: Clock) -> None:
    early = "Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme")

    clock.advance(seconds=3600 + 60)

    with pytest.raises(TokenRefused, match=r"^the token has expired$"):
        await check.caller(early)


async def test_a_claim_may_be_replaced_or_left_out(issuer: Issuer, check: TokenCheck) -> None:
    with pytest.raises(TokenRefused, match=r"^the token has no expiry$"):
        await check.caller("Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme", exp=None))


async def test_after_a_rotation_new_tokens_are_let_in_and_the_old_ones_too(issuer: Issuer, check: TokenCheck, clock: Clock) -> None:
    before = "Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme")
    await check.caller(before)

    issuer.rotate()
    clock.advance(seconds=30)
    after = "Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme")

    assert (await check.caller(after)).tenant_id == "acme"
    assert (await check.caller(before)).tenant_id == "acme"
    assert len(jwks_of(issuer.folder)["keys"]) == 2


async def test_its_configuration_leads_to_its_keys_and_to_nothing_private(issuer: Issuer, client: httpx2.AsyncClient) -> None:
    configuration = (await client.get(f"{issuer.url}/.well-known/openid-configuration")).json()
    published = (await client.get(configuration["jwks_uri"])).json()

    assert configuration["issuer"] == issuer.url
    assert [sorted(key) for key in published["keys"]] == [["alg", "e", "kid", "kty", "n", "use"]]
    assert published == jwks_of(issuer.folder)


def test_its_keys_are_made_once_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "issuer"

    [made], [again] = keys_in(folder), keys_in(folder)

    assert made.kid == again.kid
    assert [path.name for path in folder.iterdir()] == ["signing-key-0001.pem"]
    if sys.platform != "win32":
        assert stat.S_IMODE((folder / "signing-key-0001.pem").stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_several_who_come_upon_an_empty_folder_agree_on_one_key(tmp_path: Path) -> None:
    found = await asyncio.gather(*(asyncio.to_thread(keys_in, tmp_path / "issuer") for _ in range(4)))

    assert len({key.kid for keys in found for key in keys}) == 1


async def test_rotations_at_the_same_time_are_each_a_key(tmp_path: Path) -> None:
    keys_in(tmp_path)

    await asyncio.gather(*(asyncio.to_thread(rotate, tmp_path) for _ in range(3)))

    assert len({key["kid"] for key in jwks_of(tmp_path)["keys"]}) == 4


async def test_it_runs_alone_until_it_is_asked_to_stop_and_shows_a_rotation_from_outside(
    tmp_path: Path, client: httpx2.AsyncClient
) -> None:
    command = [sys.executable, "-m", "devtools.issuer", "--port", "0", "--data", str(tmp_path / "issuer")]
    child = await Child.start("issuer", command, ready="issuer: ready", log=tmp_path / "issuer.log")
    try:
        url = child.ready_line.rpartition(" ")[2].strip()
        before = (await client.get(f"{url}/.well-known/jwks.json")).json()["keys"]

        rotate(tmp_path / "issuer")
        after = (await client.get(f"{url}/.well-known/jwks.json")).json()["keys"]

        assert after[:-1] == before
        assert len(after) == 2
    finally:
        await child.stop()
    assert child.exit_code == 0


async def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "devtools.issuer", "--port", str(port), "--data", str(tmp_path / "issuer")]

        with pytest.raises(ChildFailed, match=f"port {port} is in use"):
            await Child.start("issuer", command, ready="issuer: ready", log=tmp_path / "issuer.log")
