"""A workspace in Slack that tells the app what happens, and is asked for the rest: another process holds its channels."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

from devtools.local.polled_connection import PolledConnection
from devtools.local.run import SLACK_APP, SLACK_SIGNING_SECRET, Run
from devtools.local.slack import Seen, Slack
from devtools.local.slack_company import connect
from devtools.local.slack_control import PretendPerson, SlackControl
from devtools.local.stored_channels import StoredChannels
from devtools.vendors.slack.signing import signed_headers
from shared.connections.connection import connection_id
from shared.contracts.message import timestamp
from shared.shards.model import Shard
from shared.storage.cosmos import CosmosAccount
from tests.e2e.environment import Environment, Reply, running_environment, until
from tests.e2e.tenants import account_of

QUICK: Final = {"SLACK_WINDOW_SECONDS": "1"}


@dataclass(frozen=True)
class ToldSlack:
    """A tenant whose workspace is connected; ``run`` is the environment's, as this tenant's."""

    environment: Environment
    run: Run
    control: SlackControl
    account: CosmosAccount

    async def create(self, name: str, **said: Any) -> str:
        """A channel of Ada's, which nobody is told of: its id."""
        people = await self.people()
        bot = next(one for one in (await self.control.people()).values() if one.is_bot)
        members = [*(people[one].id for one in said.pop("members", ())), bot.id]
        told = {"team_id": self.run.team_id, "name": name, "by": people["ada"].id, "members": members, "quietly": True, **said}
        return str((await self.control.tell("create", **told))["id"])

    async def people(self) -> dict[str, PretendPerson]:
        """Those who are no bots, by their first names."""
        return {one.name.partition(" ")[0].lower(): one for one in (await self.control.people()).values() if not one.is_bot}

    async def poll(self, seconds: float = 60.0) -> None:
        """Ask, and return when everything was handled."""
        await self._connection.ask()
        await self.environment.drained(seconds)

    async def heard(self, seconds: float = 60.0) -> None:
        """Return when Slack has sent all it has to tell, and everything was handled."""

        async def is_sent() -> bool:
            waiting: int = (await self.control.ledger())["deliveries"]["waiting"]
            return waiting == 0

        await until(is_sent, seconds)
        await self.environment.drained(seconds)

    async def timer(self) -> None:
        """Let the timer run, as it does every ten minutes, with nothing due but what is open."""
        url = f"{self.run.host}/admin/functions/ingestion-slack-poll"
        async with self.environment.http.post(url, json={}) as answer:
            answer.raise_for_status()

    async def compared(self, seconds: float = 60.0) -> dict[str, Any]:
        """What an admin is told once all of it was compared."""
        found = await self._connection.compared(seconds)
        assert found is not None, "it was not compared"
        return found

    async def open_gaps(self) -> list[tuple[str, str]]:
        """Stream and reason of each."""
        items = await self.environment.store.items("gaps", self.run.tenant_id)
        return sorted((item["stream"], item["reason"]) for item in items if item["status"] == "open")

    async def a_minute_passes(self) -> None:
        """What is open was seen so long ago: until then a comparison does not close it."""
        for item in await self.environment.store.items("gaps", self.run.tenant_id):
            moments = {name: _earlier(item[name]) for name in ("openedAt", "seenAt")}
            await self.environment.store.set(item, moments, container="gaps")

    async def seen(self) -> Seen:
        """What is here, who finds it, and what of it is not as it is in Slack."""
        return await Slack(self.run, self.environment.children.folder, self.account, timeout_seconds=60).look(self.control)

    async def stored(self) -> StoredChannels:
        """The channels that are here. Two shards of one fail here."""
        return await stored_channels(self.environment, self.run)

    async def finds(self, person: PretendPerson, channel_id: str) -> bool:
        """Whether somebody finds a channel, with a token of their own."""
        local = Slack(self.run, self.environment.children.folder, self.account, timeout_seconds=60)
        return channel_id in await local.found_by(person, await self.stored())

    async def post(self, body: bytes, *, secret: str = SLACK_SIGNING_SECRET, at: int) -> Reply:
        """A call as Slack makes it, signed with a secret at a moment (seconds)."""
        return await self.environment.post(self.run.slack_webhook_url, body, signed_headers(secret, at, body))

    @property
    def app(self) -> str:
        """The Slack app's id."""
        return SLACK_APP

    @property
    def _connection(self) -> PolledConnection:
        return PolledConnection(self.run, self.environment.children.folder, self.account, connection_id("slack", self.run.team_id))


def _earlier(moment: str) -> str:
    return timestamp(datetime.fromisoformat(moment) - timedelta(minutes=1))


async def stored_channels(environment: Environment, run: Run) -> StoredChannels:
    """The channels of a tenant, gone ones left out. Two shards of one fail here."""
    items = [item for item in await environment.store.items("shards", run.tenant_id) if item.get("shardTypeId") == "c_channel"]
    shards = [Shard.model_validate({**item, "etag": item["_etag"]}) for item in items if "aliasOf" not in item]
    stored = StoredChannels.among(shards, run.team_id)
    assert len(stored.shards) == len([shard for shard in shards if shard.status == "active"]), "two shards of one channel"
    return stored


@asynccontextmanager
async def told_slack(folder: Path, artefact: Path, *, faults: Path | None = None) -> AsyncIterator[ToldSlack]:
    """A running app with a workspace that tells it what happens."""
    running = running_environment(folder, artefact, settings=QUICK, faults=faults, has_slack=True)
    async with running as environment, SlackControl(environment.run.slack) as control, account_of(environment.run) as account:
        run = replace(environment.run, tenant_id=f"tenant-{token_hex(4)}")
        await connect(run, account)
        yield ToldSlack(environment, run, control, account)
