"""Whose a message is, and where a connection's secret goes."""

import httpx2
import pytest

from ops.tenants.patience import TRIES, patiently
from ops.tenants.secrets import KeyVaultTenantSecrets, SettingSecretsLeft
from ops.tenants.whose import mentions, said_by, whose
from shared.contracts.claim import Claim
from shared.errors import ClaimLost, ConfigurationError, DependencyUnavailable, RateLimited
from shared.http.client import http_client
from tests.unit.ops.tenant_world import emitted, rejected

ACME = emitted("acme").encode()


@pytest.mark.parametrize(
    ("body", "properties", "tenant"),
    [
        pytest.param(ACME, {}, "acme", id="a body says it"),
        pytest.param(ACME, {"tenantId": "globex"}, "acme", id="a handler reads the body, so it has the first word"),
        pytest.param(b"{}", {"tenantId": "acme"}, "acme", id="a body that says nothing"),
        pytest.param(b"\xff\x00", {"tenantId": "acme"}, "acme", id="a body that nobody can read"),
        pytest.param(b"\xff\x00", {}, None, id="and no property"),
        pytest.param(
            ACME[:-20], {"tenantId": "globex"}, "globex", id="what stands in pieces may be a vendor's record: we have written the property"
        ),
        pytest.param(b"{}", {"tenantId": "unknown"}, None, id="unknown is nobody"),
        pytest.param(ACME[:-20], {}, "acme", id="a body that was cut off"),
        pytest.param(b'{"tenantId": "a", "other": {"tenantId": "b"', {}, None, id="a body that names two and cannot be read"),
        pytest.param(rejected(ACME).encode(), {"tenantId": "unknown"}, "acme", id="parked without a tenant, and readable all the same"),
        pytest.param(rejected(b"{", tenant_id="acme").encode(), {}, "acme", id="parked with one"),
        pytest.param(rejected(b"\xfe" + ACME).encode(), {}, "acme", id="no text, and the tenant stands in it"),
        pytest.param(rejected(b"\xfe\xff").encode(), {}, None, id="parked, and nobody's that can be named"),
        pytest.param(b'{"type": "Rejected", "body": "@", "bodyIsBase64": true}', {}, None, id="base64 that is none"),
        pytest.param(b'{"claim": {"tenantId": "acme"}}', {}, "acme", id="a claim says whose it is"),
    ],
)
def test_whose_a_message_is(body: bytes, properties: dict[str, str], tenant: str | None) -> None:
    assert said_by(body, properties) == tenant


@pytest.mark.parametrize(
    ("body", "is_in_it"),
    [
        (b'{"x": "acme"', True),
        (b'{"x": "acme-2", "y": "other"', False),
        (rejected(b'\xff{"tenantId": "acme"').encode(), True),
        (rejected(b'{"x": "acme"').encode(), True),
        (b"\xff", False),
    ],
)
def test_whether_what_nobody_can_read_has_the_tenants_id_in_it(body: bytes, is_in_it: bool) -> None:
    assert mentions(body, "acme") == is_in_it


async def test_what_was_put_aside_for_nobody_is_fetched_to_see_whose_it_is() -> None:
    parked = rejected(ACME).encode()
    claim = Claim.of(parked, tenant_id="unknown", message_id="m")
    body = b'{"tenantId": "unknown", "claim": %s}' % claim.model_dump_json(by_alias=True).encode()

    async def redeem(asked: Claim) -> bytes:
        assert asked == claim
        return parked

    async def lost(_claim: Claim) -> bytes:
        raise ClaimLost("gone")

    assert await whose(body, {}, redeem=redeem) == "acme"
    assert await whose(body, {}, redeem=lost) is None


async def token() -> str:
    return "of-the-operator"


def vault(status: int, document: object, calls: list[httpx2.Request]) -> KeyVaultTenantSecrets:
    def answer(request: httpx2.Request) -> httpx2.Response:
        calls.append(request)
        return httpx2.Response(status, json=document)

    client = http_client(transport=httpx2.MockTransport(answer))
    return KeyVaultTenantSecrets(lambda: client, vault_uri="https://v.vault.azure.net/", token=token)


async def test_a_secret_is_removed_and_purged_and_its_value_is_never_asked_for() -> None:
    calls: list[httpx2.Request] = []
    secrets = vault(200, {"value": [{"id": "x"}]}, calls)

    assert (await secrets.is_there("a-b"), await secrets.remove("a-b"), await secrets.purge("a-b")) == (True, True, True)

    assert [(call.method, call.url.path) for call in calls] == [
        ("GET", "/secrets/a-b/versions"),
        ("DELETE", "/secrets/a-b"),
        ("DELETE", "/deletedsecrets/a-b"),
    ]
    assert {call.headers["authorization"] for call in calls} == {"Bearer of-the-operator"}


async def test_a_secret_that_is_not_there_is_none_and_one_without_a_legal_name_is_not_asked_for() -> None:
    calls: list[httpx2.Request] = []
    gone, empty = vault(404, {}, calls), vault(200, {"value": []}, calls)

    assert (await gone.is_there("a"), await gone.remove("a"), await gone.purge("a"), await empty.is_there("a")) == (False,) * 4
    assert (await gone.remove("../keys/a"), len(calls)) == (False, 4)


async def test_an_operator_without_the_right_is_told_so() -> None:
    with pytest.raises(ConfigurationError, match="Key Vault Secrets Officer"):
        await vault(403, {}, []).remove("a")
    with pytest.raises(DependencyUnavailable):
        await vault(503, {}, []).remove("a")


async def test_without_a_vault_nothing_is_reached() -> None:
    left = SettingSecretsLeft()

    assert (left.is_reached, left.tells("a-b")) == (False, "the setting SECRET_A_B")
    assert (await left.is_there("a"), await left.remove("a"), await left.purge("a")) == (False, False, False)


async def test_a_busy_store_is_asked_again_when_it_says_and_not_for_ever() -> None:
    waits: list[float] = []
    answers: list[Exception | str] = [RateLimited("busy", retry_after_seconds=7), DependencyUnavailable("away"), "done"]

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    async def act() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert (await patiently(act, wait), waits) == ("done", [7, 1.0])

    answers[:] = [DependencyUnavailable("away")] * (TRIES + 1)
    with pytest.raises(DependencyUnavailable):
        await patiently(act, wait)
    assert len(answers) == 1
