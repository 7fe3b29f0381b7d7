"""A tenant's admins see over the API what it has connected, and whether all of it is here; nobody else does."""

from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from shared.connections.connection import connection_id
from tests.e2e.asking import bearer
from tests.e2e.environment import Environment
from tests.e2e.tenants import Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(pipeline: Environment) -> Tenant:
    """A tenant with one connection."""
    return await pipeline.tenant()


async def get(pipeline: Environment, path: str, tenant_id: str, *, admin: bool = True) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {bearer(pipeline, tenant_id, admin=admin)}"}
    async with pipeline.http.get(f"{pipeline.run.host}/api/v1/connections{path}", headers=headers) as response:
        return response.status, await response.json()


def id_of(tenant: Tenant) -> str:
    return connection_id("salesforce", tenant.org.organization_id)


@pytest.mark.parametrize("written", [str, lambda text: quote(text, safe="")], ids=["as it is", "percent-encoded"])
async def test_an_admin_sees_the_connection_and_that_it_was_never_compared(pipeline: Environment, owner: Tenant, written: Any) -> None:
    status, listed = await get(pipeline, "", owner.id)
    shown = await get(pipeline, f"/{written(id_of(owner))}/completeness", owner.id)

    assert (status, [one["id"] for one in listed["connections"]]) == (200, [id_of(owner)])
    assert (listed["connections"][0]["status"], listed["connections"][0]["credentialKind"]) == ("active", None)
    assert (shown[0], shown[1]["connectionId"], shown[1]["isComplete"]) == (200, id_of(owner), False)
    assert [(one["stream"], one["comparison"], one["lagSeconds"]) for one in shown[1]["streams"]] == [
        (stream, None, None) for stream in ("User", "Account", "Contact", "Lead", "Opportunity")
    ]


async def test_whoever_is_no_admin_is_403(pipeline: Environment, owner: Tenant) -> None:
    for path in ("", f"/{id_of(owner)}/completeness", "/none/completeness"):
        status, body = await get(pipeline, path, owner.id, admin=False)
        assert (status, list(body)) == (403, ["error"])


async def test_another_tenants_connection_is_404_as_one_that_is_not_there(pipeline: Environment, owner: Tenant) -> None:
    stranger = await pipeline.tenant()

    theirs = await get(pipeline, f"/{id_of(owner)}/completeness", stranger.id)
    nobodys = await get(pipeline, "/salesforce:none/completeness", stranger.id)

    assert theirs == nobodys == (404, {"error": "there is no such connection"})
    assert [one["id"] for one in (await get(pipeline, "", stranger.id))[1]["connections"]] == [id_of(stranger)]
