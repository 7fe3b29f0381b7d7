"""A rotation that is interrupted, or meets somebody else: whatever had happened by then, the app still logs in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typing_extensions import override

from devtools.fakes.connections import InMemoryConnections
from ingestion.sources.source import Poller, StreamCheck
from ops.vault import Keeper
from shared.connections.connection import Connection
from shared.errors import Conflict, DependencyUnavailable
from tests.unit.ops.deployment import PretendPoller
from tests.unit.ops.test_rotating_logins import LOGINS, World

CONNECTED, OLD, NEW = LOGINS["client-credentials"][:3]


class Meeting(InMemoryConnections):
    """Somebody else writes, or the store goes away, before the next change of the operator's."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Mapping[str, Any] | None = None
        self.is_away = False

    @override
    async def replace(self, connection: Connection) -> Connection:
        if self.is_away:
            raise DependencyUnavailable("store a connection: answered 503")
        if self.meanwhile is not None:
            stored = await self.find(connection.id)
            assert stored is not None
            changes, self.meanwhile = self.meanwhile, None
            await super().replace(stored.model_copy(update=changes))
        return await super().replace(connection)


class Away(Keeper):
    """A vault that does not answer."""

    takes = True

    @override
    def tells(self, name: str) -> str:
        return name

    @override
    async def keep(self, name: str, secret: SecretStr) -> None:
        raise DependencyUnavailable("store a secret in Key Vault: answered 503")


class Desk:
    """A deployment whose connection is to get another app's id and secret at once, which takes two writes."""

    def __init__(self, folder: Path) -> None:
        self.world, self.store = World(folder, CONNECTED, OLD), Meeting()
        self.world.deployment.ports = replace(self.world.deployment.ports, connections=self.store)
        self.world.vendor.accepted.add(NEW)

    async def stored(self, **changes: Any) -> Connection:
        [found] = await self.store.of_tenant("acme")
        return await self.store.replace(found.model_copy(update=changes)) if changes else found

    async def rotates(self, *words: str) -> int:
        said = await self.world.rotates("--client-secret-file", self.world.file(NEW, "secret"), *words)
        assert NEW not in said.out + said.errors
        return said.code

    async def logs_in(self) -> None:
        """As the connection is stored now, with what the vault has now."""
        await self.world.vendor.worker(await self.stored(), self.world.secrets())()


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    await made.store.add(CONNECTED)
    return made


async def test_where_the_vault_is_away_nothing_is_changed(desk: Desk) -> None:
    desk.world.deployment.ports = replace(desk.world.deployment.ports, keeper=Away())

    with pytest.raises(DependencyUnavailable, match="Key Vault"):
        await desk.rotates("--client-id", "another-app")

    assert (await desk.stored()).credential == CONNECTED.credential
    await desk.logs_in()


async def test_one_that_ends_between_the_vault_and_the_store_leaves_what_works_and_can_be_done_again(desk: Desk) -> None:
    desk.store.is_away = True
    assert await desk.rotates("--client-id", "another-app") == 1
    assert desk.world.vault["acme"] == OLD
    await desk.logs_in()

    desk.store.is_away = False
    assert await desk.rotates("--client-id", "another-app") == 0

    credential = (await desk.stored()).credential
    assert credential is not None
    assert (credential.client_id, desk.world.vault[credential.secret_name]) == ("another-app", NEW)
    await desk.logs_in()


async def test_what_a_poll_has_written_meanwhile_stays(desk: Desk) -> None:
    desk.store.meanwhile = {"poll_seconds": 4321}

    assert await desk.rotates("--client-id", "another-app") == 0

    stored = await desk.stored()
    assert stored.credential is not None
    assert (stored.poll_seconds, stored.credential.client_id) == (4321, "another-app")


async def test_a_store_that_is_always_written_by_somebody_else_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_connection: Connection) -> Connection:
        raise Conflict("store a connection: answered 412")

    monkeypatch.setattr(desk.store, "replace", never)

    assert await desk.rotates("--client-id", "another-app") == 1
    await desk.logs_in()


async def test_what_an_operator_has_paused_stays_paused(desk: Desk) -> None:
    await desk.stored(status="paused", paused_by="operator", paused_reason="asked for")

    assert await desk.rotates("--client-id", "another-app") == 0

    stored = await desk.stored()
    assert (stored.status, stored.paused_by) == ("paused", "operator")


async def test_what_an_operator_pauses_meanwhile_stays_paused(desk: Desk) -> None:
    await desk.stored(status="paused", paused_by="app", paused_reason="not let in")
    desk.store.meanwhile = {"paused_by": "operator", "paused_reason": "asked for"}

    assert await desk.rotates() == 0

    stored = await desk.stored()
    assert (stored.status, stored.paused_by) == ("paused", "operator")


async def test_a_secret_with_which_less_can_be_read_is_refused(desk: Desk) -> None:
    class Less(PretendPoller):
        def __init__(self, unreadable: set[str]) -> None:
            super().__init__()
            self.unreadable = unreadable

        @override
        async def check(self, connection: Connection) -> Sequence[StreamCheck]:
            return [StreamCheck(name, is_readable=name not in self.unreadable, record_count=None, detail="") for name in ("a", "b", "c")]

    def pollers(*, known: Mapping[str, SecretStr]) -> Mapping[str, Poller]:
        return {"salesforce": Less({"b", "c"} if known else {"c"})}

    desk.world.deployment.ports = replace(desk.world.deployment.ports, pollers=pollers)

    said = await desk.world.rotates("--client-secret-file", desk.world.file(NEW, "secret"))

    assert (said.code, "cannot be read any more, and nothing was changed: b ()" in said.errors, desk.world.vault) == (
        1,
        True,
        {"acme": OLD},
    )
