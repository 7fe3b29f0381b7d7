"""The API answers who shows a token of ours, and with nothing that is another's; nothing else of the app answers data at all."""

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import pytest_asyncio
from jwt.utils import base64url_decode, base64url_encode

from devtools.issuer.signing_keys import jwks_of, keys_in
from devtools.local.parts import issuer_folder
from tests.e2e.asking import ask, bearer
from tests.e2e.environment import Environment
from tests.e2e.tenants import Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NAME = "Zirconia Gearboxes"
Headers = Callable[[Environment, Tenant, Path], str | None]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(pipeline: Environment) -> Tenant:
    """A tenant that has something to hide."""
    tenant = await pipeline.tenant()
    await pipeline.deliver(tenant, tenant.message(tenant.action("Account"), tenant.org.create("Account", Name=NAME)))
    return tenant


def forged(pipeline: Environment, owner: Tenant, folder: Path) -> str:
    """Everything as it should be, the key's name included, and signed by somebody else."""
    honest = bearer(pipeline, owner.id, admin=True)
    claims = jwt.decode(honest, options={"verify_signature": False})
    return "Bearer " + jwt.encode(claims, keys_in(folder)[0].private, "RS256", headers={"kid": jwt.get_unverified_header(honest)["kid"]})


def signed_with_the_public_key(pipeline: Environment, owner: Tenant, _: Path) -> str:
    """A symmetric signature with what everybody can read."""
    honest = bearer(pipeline, owner.id, admin=True)
    [public] = jwks_of(issuer_folder(pipeline.children.folder))["keys"]
    head = base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": public["kid"]}).encode()).decode()
    said = f"{head}.{honest.split('.')[1]}"
    signature = hmac.digest(json.dumps(public).encode(), said.encode(), "sha256")  # the library refuses to make such a token
    return f"Bearer {said}.{base64url_encode(signature).decode()}"


def unsigned(pipeline: Environment, owner: Tenant, _: Path) -> str:
    head = base64url_encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode()
    return f"Bearer {head}.{bearer(pipeline, owner.id, admin=True).split('.')[1]}."


def changed_after_signing(pipeline: Environment, owner: Tenant, _: Path) -> str:
    """A stranger's token, its tenant replaced."""
    header, body, signature = bearer(pipeline, "another-tenant", admin=True).split(".")
    claims = {**json.loads(base64url_decode(body)), "tid": owner.id}
    return f"Bearer {header}.{base64url_encode(json.dumps(claims).encode()).decode()}.{signature}"


def expired(pipeline: Environment, owner: Tenant, _: Path) -> str:
    began = int((datetime.now(UTC) - timedelta(hours=2)).timestamp())
    return f"Bearer {bearer(pipeline, owner.id, admin=True, iat=began, nbf=began, exp=began + 3600)}"


REFUSED: dict[str, Headers] = {
    "no token": lambda *_: None,
    "nothing in the header": lambda *_: "",
    "not a token": lambda *_: "Bearer nobody",
    "another scheme": lambda pipeline, owner, _: f"Basic {bearer(pipeline, owner.id, admin=True)}",
    "forged": forged,
    "signed with the public key": signed_with_the_public_key,
    "unsigned": unsigned,
    "changed after signing": changed_after_signing,
    "expired": expired,
    "of another issuer": lambda pipeline, owner, _: f"Bearer {bearer(pipeline, owner.id, admin=True, iss='https://elsewhere.example.com')}",
    "for another audience": lambda pipeline, owner, _: f"Bearer {bearer(pipeline, owner.id, admin=True, aud='api://another')}",
    "of no tenant": lambda pipeline, owner, _: f"Bearer {bearer(pipeline, owner.id, admin=True, tid=None)}",
    "that never expires": lambda pipeline, owner, _: f"Bearer {bearer(pipeline, owner.id, admin=True, exp=None)}",
}


async def test_a_call_without_a_good_token_is_401_and_told_nothing(
    pipeline: Environment, owner: Tenant, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for name, header in REFUSED.items():
        answer = await ask(pipeline, NAME, header(pipeline, owner, tmp_path))
        with subtests.test(name):
            assert (answer.status, list(answer.body), NAME in answer.text) == (401, ["error"], False)

    good = await ask(pipeline, NAME, f"Bearer {bearer(pipeline, owner.id, admin=True)}")
    assert (good.status, [hit["name"] for hit in good.body["hits"]]) == (200, [NAME])


async def test_an_admin_of_another_tenant_finds_nothing(pipeline: Environment, owner: Tenant) -> None:
    stranger = await pipeline.tenant()

    answers = [await ask(pipeline, NAME, f"Bearer {bearer(pipeline, tenant_id, admin=True)}") for tenant_id in (stranger.id, "tenant-none")]

    assert [(answer.status, answer.found) for answer in answers] == [(200, []), (200, [])]
    assert [owner.id in answer.text for answer in answers] == [False, False]


async def test_no_function_but_webhooks_and_health_answers_anonymous_callers_and_none_of_these_answers_data(
    pipeline: Environment, owner: Tenant
) -> None:
    async with pipeline.http.get(f"{pipeline.run.host}/admin/host/status") as response:
        functions = (await response.json())["functions"]
    addresses = {function["name"]: function["address"].split(" ") for function in functions if function["trigger"] == "http"}

    answers = {}
    for name, (methods, template) in addresses.items():
        for method in methods.split(","):
            url = pipeline.run.host + template.replace("{key}", owner.key)
            async with pipeline.http.request("GET" if method == "any" else method, url, params={"q": NAME}) as response:
                answers[name, method] = response.status, await response.text()

    assert {name: status for name, (status, _) in answers.items()} == {
        ("ingestion-salesforce-webhook", "POST"): 415,
        ("ingestion-slack-webhook", "POST"): 415,
        ("search", "GET"): 401,
        ("connections-list", "GET"): 401,
        ("connections-completeness", "GET"): 401,
        ("suggested-links-list", "GET"): 401,
        ("suggested-links-approve", "POST"): 401,
        ("suggested-links-reject", "POST"): 401,
        ("suggested-links-approve-all", "POST"): 401,
        ("links-list", "GET"): 401,
        ("links-add", "POST"): 401,
        ("links-remove", "DELETE"): 401,
        ("health", "GET"): 200,
        ("ready", "GET"): 200,
    }
    assert [text for _, text in answers.values() if NAME in text or owner.id in text] == []


async def test_a_question_nobody_can_answer_is_400_and_only_for_who_may_ask(pipeline: Environment, owner: Tenant) -> None:
    asked = [await ask(pipeline, question, f"Bearer {bearer(pipeline, owner.id)}") for question in ("", " ", "x" * 1001)]
    anonymous = await ask(pipeline, "", None)

    assert [answer.status for answer in asked] == [400, 400, 400]
    assert anonymous.status == 401


async def test_no_token_and_no_question_is_in_any_log(pipeline: Environment, owner: Tenant) -> None:
    secret = bearer(pipeline, owner.id, admin=True)

    await ask(pipeline, "Rosebud of the unspoken", f"Bearer {secret}")

    logs = pipeline.all_logs()
    assert [word for word in (secret, secret.rsplit(".", 1)[1], "Rosebud", NAME) if word in logs] == []
