"""Connections, as the admins of their tenant see them."""

from datetime import timedelta

import pytest

from devtools.fakes.samples import NOON, sample_connection
from devtools.fakes.stores import InMemoryConnections
from processors.connections.api import list_connections
from shared.access.acl import ADMINS, TENANT, Principal
from shared.access.tokens import Caller
from shared.connections.connection import Credential
from shared.errors import Forbidden

ADMIN = Caller("acme", frozenset({TENANT, ADMINS}))
CREDENTIAL = Credential(
    kind="jwt-bearer", base_url="https://login.example.com", client_id="client-1", subject="sync@acme.example", secret_name="secret-name-1"
)


async def shown(caller: Caller = ADMIN) -> list[dict[str, object]]:
    connections = InMemoryConnections()
    polled = sample_connection("acme", "00D000000000002EAA", status="paused").model_copy(
        update={"paused_reason": "mend it", "paused_by": "app", "credential": CREDENTIAL, "next_due_at": NOON + timedelta(minutes=5)}
    )
    for connection in (polled, sample_connection("acme", "00D000000000001EAA"), sample_connection("globex", "00D000000000003EAA")):
        await connections.add(connection)
    answer = await list_connections(caller, connections=connections)
    return list(answer.model_dump(mode="json", by_alias=True)["connections"])


async def test_an_admin_sees_the_connections_of_the_tenant_and_no_other() -> None:
    assert [connection["id"] for connection in await shown()] == ["salesforce:00D000000000001EAA", "salesforce:00D000000000002EAA"]


async def test_a_connection_says_how_it_is_and_nothing_of_its_credential_but_the_kind() -> None:
    [_, connection] = await shown()

    assert connection == {
        "id": "salesforce:00D000000000002EAA",
        "source": "salesforce",
        "account": "00D000000000002EAA",
        "status": "paused",
        "pausedReason": "mend it",
        "pausedBy": "app",
        "credentialKind": "jwt-bearer",
        "streams": ["User", "Account", "Contact", "Lead", "Opportunity"],
        "createdAt": "2026-11-21T12:00:00.000000Z",
        "nextDueAt": "2026-11-21T12:05:00.000000Z",
    }


@pytest.mark.parametrize("principals", [{TENANT}, {TENANT, Principal("user:ada@acme.example")}, set()])
async def test_whoever_is_no_admin_is_refused(principals: set[Principal]) -> None:
    with pytest.raises(Forbidden, match="for the admins of a tenant"):
        await shown(Caller("acme", frozenset(principals)))
