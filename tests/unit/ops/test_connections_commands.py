"""``connections list``, ``test``, ``pause`` and ``resume``."""

from typing_extensions import override

from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryConnections
from ingestion.sources.source import StreamCheck
from shared.connections.connection import Connection
from shared.errors import Conflict
from tests.unit.ops.deployment import ACME, Deployment


async def test_every_tenants_connections_are_listed_or_those_of_one() -> None:
    deployment = Deployment()
    await deployment.connect()
    await deployment.connections.add(sample_connection("globex", "00D000000000003EAA"))

    everybody = await deployment.run("connections", "list", "--json")
    one = await deployment.run("connections", "list", "--tenant", "globex", "--json")

    assert [connection["tenantId"] for connection in everybody.document] == ["acme", "globex"]
    assert [connection["id"] for connection in one.document] == ["salesforce:00D000000000003EAA"]
    assert everybody.document[0]["credentialKind"] == "jwt-bearer"


async def test_the_table_says_how_each_is_and_nothing_of_its_credential() -> None:
    deployment = Deployment()
    await deployment.connect(status="paused", paused_by="app", paused_reason="the token was revoked")

    said = await deployment.run("connections", "list")

    assert "paused by app: the token was revoked" in said.out
    assert "Account, Contact" in said.out
    assert said.out.endswith("1 connection\n")
    assert "key-of-acme" not in said.out
    assert "sync@acme.example" not in said.out


async def test_where_nothing_is_connected_that_is_said() -> None:
    assert (await Deployment().run("connections", "list")).out == "0 connections\n"


async def test_a_paused_connection_is_not_polled_and_says_why() -> None:
    deployment = Deployment()
    await deployment.connect(next_due_at=deployment.clock())

    said = await deployment.run("connections", "pause", ACME, "--reason", "their holidays")

    [connection] = await deployment.connections.of_tenant("acme")
    assert (connection.status, connection.paused_by, connection.paused_reason) == ("paused", "operator", "their holidays")
    assert await deployment.connections.due("salesforce", at=deployment.clock(), most=9) == []
    assert "paused by operator: their holidays" in said.out


async def test_a_resumed_connection_is_due_at_once() -> None:
    deployment = Deployment()
    await deployment.connect()
    await deployment.run("connections", "pause", ACME, "--reason", "their holidays")

    said = await deployment.run("connections", "resume", ACME, "--json")

    [connection] = await deployment.connections.of_tenant("acme")
    assert (connection.status, connection.paused_by, connection.paused_reason) == ("active", None, None)
    assert [one.id for one in await deployment.connections.due("salesforce", at=deployment.clock(), most=9)] == [ACME]
    assert said.document["status"] == "active"


async def test_a_resumed_connection_without_a_credential_is_not_polled() -> None:
    deployment = Deployment()
    await deployment.connect(status="paused", paused_by="app", paused_reason="the app was uninstalled", credential=None)

    await deployment.run("connections", "resume", ACME)

    [connection] = await deployment.connections.of_tenant("acme")
    assert (connection.status, connection.next_due_at) == ("active", None), "its poll would pause it again"


async def test_what_is_not_paused_is_not_resumed() -> None:
    deployment = Deployment()
    await deployment.connect()

    said = await deployment.run("connections", "resume", ACME)

    assert (said.code, said.errors) == (1, f"{ACME} is not paused")


async def test_dry_runs_change_nothing() -> None:
    deployment = Deployment()
    before = await deployment.connect()

    said = await deployment.run("connections", "pause", ACME, "--reason", "their holidays", "--dry-run")

    assert said.out.startswith("would be:\n")
    [connection] = await deployment.connections.of_tenant("acme")
    assert connection.status == before.status == "active"


class Busy(InMemoryConnections):
    """Somebody else writes just before we do, so many times."""

    def __init__(self) -> None:
        super().__init__()
        self.others = 3

    @override
    async def replace(self, connection: Connection) -> Connection:
        if self.others:
            self.others -= 1
            raise Conflict("the connection was written since")
        return await super().replace(connection)


async def test_a_scheduler_that_is_quicker_does_not_keep_an_operator_from_pausing() -> None:
    deployment = Deployment()
    busy = Busy()
    object.__setattr__(deployment.ports, "connections", busy)
    deployment.connections = busy
    await deployment.connect()

    assert (await deployment.run("connections", "pause", ACME, "--reason", "their holidays")).code == 0
    [connection] = await busy.of_tenant("acme")
    assert connection.status == "paused"


async def test_a_test_says_of_every_stream_whether_it_can_be_read() -> None:
    deployment = Deployment()
    await deployment.connect(status="paused")
    deployment.poller.checks = [StreamCheck("Account", True, 3, ""), StreamCheck("Contact", False, None, "no right to read it")]

    said = await deployment.run("connections", "test", ACME, "--json")
    table = await deployment.run("connections", "test", ACME)

    assert said.code == 1
    assert said.document == [
        {"stream": "Account", "isReadable": True, "recordCount": 3, "detail": ""},
        {"stream": "Contact", "isReadable": False, "recordCount": None, "detail": "no right to read it"},
    ]
    assert "no right to read it" in table.out


async def test_a_connection_where_everything_can_be_read_passes_its_test() -> None:
    deployment = Deployment()
    await deployment.connect()
    deployment.poller.checks = [StreamCheck(stream="Account", is_readable=True, record_count=3, detail="")]

    assert (await deployment.run("connections", "test", ACME)).code == 0


async def test_what_has_no_credential_cannot_be_tested() -> None:
    deployment = Deployment()
    await deployment.connect(credential=None)

    said = await deployment.run("connections", "test", ACME)

    assert (said.code, "has no credential" in said.errors) == (1, True)
