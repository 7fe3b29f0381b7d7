"""The verbs with the real workers behind them: a pretend Salesforce over loopback, everything else in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from devtools.fakes.polled import PolledSalesforce
from devtools.fakes.polled_drive import PolledDrive
from devtools.fakes.polled_slack import PolledSlack
from tests.unit.ops.deployment import Deployment, Said

pytestmark = pytest.mark.integration


class Operated:
    """A polled account, and an operator's commands on it. ``{id}`` stands for its connection."""

    def __init__(self, world: PolledSalesforce | PolledDrive | PolledSlack) -> None:
        self.world, self.deployment = world, Deployment()
        pipeline = world.pipeline
        self.deployment.ports = replace(
            self.deployment.ports,
            connections=pipeline.connections,
            states=pipeline.states,
            gaps=pipeline.gaps,
            publisher=pipeline.publisher,
            transport=pipeline.transport,
            pollers=lambda **_: {world.poller.source: world.poller},
            index=lambda: pipeline.index,
            now=world.clock,
        )

    async def run(self, *words: str) -> Said:
        """A command, the workers working meanwhile."""
        typed = asyncio.create_task(self.deployment.run(*(word.format(id=self.world.connection_id) for word in words)))
        while not typed.done():
            await self.world.run()
            await asyncio.sleep(0)
        return typed.result()

    async def settle(self) -> None:
        """The clock moves on, past what may still be on its way, and everything is done."""
        for _ in range(4):
            await (self.world.poll(hours=24) if isinstance(self.world, PolledSlack) else self.world.poll(minutes=10))


@asynccontextmanager
async def operated(**records: int) -> AsyncIterator[Operated]:
    async with PolledSalesforce(streams=("Account", "Contact")) as world:
        for name, count in records.items():
            for number in range(count):
                fields: dict[str, Any] = {"Name" if name == "Account" else "LastName": f"{name} {number}"}
                world.org.create(name, **fields)
        yield Operated(world)


def counts(said: Said, stream: str = "Account") -> dict[str, Any]:
    [found] = [one for one in said.document["streams"] if one["stream"] == stream]
    return {name: found["comparison"][name] for name in ("vendorCount", "storedCount", "missing", "extra", "stale")}


async def test_a_backfill_is_watched_to_its_end_and_everything_is_here() -> None:
    async with operated(Account=30, Contact=3) as org:
        said = await org.run("backfill", "{id}", "--watch", "--json")
        assert said.code == 0, said.out + said.errors
        assert [(one["stream"], one["ended"], one["recordCount"]) for one in said.document] == [
            ("Account", "success", 30),
            ("Contact", "success", 3),
        ]

        await org.settle()
        fresh = await org.run("completeness", "{id}", "--fresh", "--json")
        quick = await org.run("completeness", "{id}", "--quick", "--json")

    assert counts(fresh) == {"vendorCount": 30, "storedCount": 30, "missing": 0, "extra": 0, "stale": 0}
    assert quick.document == [
        {"stream": "Account", "vendorCount": 30, "storedCount": 30},
        {"stream": "Contact", "vendorCount": 3, "storedCount": 3},
    ]
    assert quick.code == 0


async def test_a_shard_that_is_gone_is_found_missing_and_mended() -> None:
    async with operated(Account=5) as org:
        await org.run("backfill", "{id}", "--watch")
        await org.settle()
        gone = next(shard for shard in org.world.pipeline.shards.all() if shard.shard_type_id == "c_account")
        org.world.pipeline.shards.expire(gone.tenant_id, gone.id)

        found = await org.run("completeness", "{id}", "--fresh", "--json")
        await org.settle()
        mended = await org.run("completeness", "{id}", "--fresh", "--json")

    assert (found.code, counts(found)["missing"]) == (1, 1)
    assert counts(mended)["missing"] == 0


async def test_a_stream_that_may_not_be_read_ends_the_watching_with_its_reason() -> None:
    async with operated(Account=1) as org:
        [connection] = await org.world.pipeline.connections.of_tenant("acme")
        await org.world.pipeline.connections.replace(connection.model_copy(update={"streams": ("Nothing__c",)}))

        said = await org.run("backfill", "{id}", "--watch", "--json")
        tested = await org.run("connections", "test", "{id}", "--json")

    assert said.code == 1
    [shown] = said.document
    assert (shown["ended"], bool(shown["lastError"])) == ("failed", True)
    assert (tested.code, tested.document[0]["isReadable"]) == (1, False)


async def test_a_revoked_credential_pauses_the_connection_and_ends_the_watching() -> None:
    async with operated(Account=1) as org:
        org.world.pipeline.secrets.values.update(dict.fromkeys(org.world.pipeline.secrets.values, "not the secret"))

        said = await org.run("backfill", "{id}", "--watch", "--json")
        listed = await org.run("completeness", "{id}")

    assert (said.code, {one["ended"] for one in said.document}) == (1, {"paused"})
    assert "paused: " in listed.out
