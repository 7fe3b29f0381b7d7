"""A service is away, or dies under load: no Ack is given that is not kept, and nothing acknowledged is lost on its way to being found.

Every story goes all the way with the pretend model, so that its ledger tells of any text that was embedded twice.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.environment import Environment, running_environment
from tests.e2e.graph import everything_is_linked_and_embedded
from tests.e2e.load import everything_came_through, sending
from tests.e2e.model import running_model
from tests.e2e.store import chunks_in
from tests.e2e.tenants import Tenant

ANSWER_SECONDS = 15.0


@asynccontextmanager
async def whole_pipeline(
    artefact: Path, folder: Path, *, lock_seconds: int | None = None, is_in_two: bool = False
) -> AsyncIterator[tuple[Environment, Tenant]]:
    """An environment of its own with the pretend model, and a tenant of it."""
    async with (
        running_model() as model,
        running_environment(folder, artefact, model=model, lock_seconds=lock_seconds, is_in_two=is_in_two) as environment,
    ):
        yield environment, await environment.tenant()


async def killed(environment: Environment, tenant: Tenant, host: str) -> set[str]:
    """Kill a host; the texts whose vectors may have died with it."""
    await environment.kill(host)
    stored = await environment.store.chunks(tenant.id)
    assert environment.model is not None
    return environment.model.process_died(chunk for items in stored.values() for chunk in chunks_in(items))


async def bus_down(artefact: Path, folder: Path) -> None:
    await _away(artefact, folder, "service-bus")


async def store_down(artefact: Path, folder: Path) -> None:
    await _away(artefact, folder, "cosmos")


async def _away(artefact: Path, folder: Path, service: str) -> None:
    async with whole_pipeline(artefact, folder) as (environment, tenant):
        stranger = await environment.tenant()
        await environment.kill(service)

        reply = await environment.post(stranger.url, stranger.message(stranger.action("Account"), stranger.org.create("Account")))
        async with sending(tenant, 30) as load:
            await load.refused(30)
            while_away = load.ledger.received()
            await environment.restart(service)
            await load.messages.settled(60)

        assert (reply.status, reply.is_acknowledged, while_away) == (503, False, set())
        assert reply.seconds < ANSWER_SECONDS
        await everything_came_through(environment, tenant, load)


async def frozen(artefact: Path, folder: Path) -> None:
    """Services that accept connections and say nothing."""
    async with whole_pipeline(artefact, folder) as (environment, known):
        unknown = await environment.tenant()
        first = known.message(known.action("Account"), known.org.create("Account"))
        assert (await environment.post(known.url, first)).is_acknowledged
        await environment.drained()
        processes = [environment.children[name].pid for name in ("service-bus", "cosmos")]
        for process in processes:
            os.kill(process, signal.SIGSTOP)

        # The connection of one is remembered, so that it gets as far as the bus; that of the other must be read.
        calls = [(tenant.url, tenant.message(tenant.action("Account"), tenant.org.create("Account"))) for tenant in (known, unknown)]
        replies = await asyncio.gather(*(environment.post(url, body) for url, body in calls))
        for process in processes:
            os.kill(process, signal.SIGCONT)
        again = [await environment.post(url, body) for url, body in calls]
        await environment.drained()

        assert [(reply.status, reply.is_acknowledged) for reply in replies] == [(503, False)] * 2
        assert max(reply.seconds for reply in replies) < ANSWER_SECONDS
        assert [reply.is_acknowledged for reply in again] == [True, True]
        assert (len(await environment.shards(known)), len(await environment.shards(unknown))) == (2, 1)
        for tenant in (known, unknown):
            assert await environment.given_up(tenant) == []
            await everything_is_linked_and_embedded(environment, tenant)


async def broker_killed(artefact: Path, folder: Path, *, notifications: int) -> None:
    async with whole_pipeline(artefact, folder) as (environment, tenant):
        async with sending(tenant, notifications) as load:
            for count in (notifications // 4, notifications // 2):
                await load.received(count)
                await environment.kill("service-bus")
                await load.refused(1)  # away for longer than the SDK tries: it is felt
                await environment.restart("service-bus")
            await load.messages.settled(120)

        await everything_came_through(environment, tenant, load)


async def host_killed(artefact: Path, folder: Path, *, notifications: int) -> None:
    """With a lock of seconds: what the dead host held comes back when its lock ends, after five minutes in production."""
    async with whole_pipeline(artefact, folder, lock_seconds=5) as (environment, tenant):
        async with sending(tenant, notifications) as load:
            for count in (notifications // 4, notifications // 2):
                await load.received(count)
                await killed(environment, tenant, "host")
                await load.refused(1)
                await environment.restart("host")
            await load.messages.settled(120)

        await everything_came_through(environment, tenant, load)


async def store_killed(artefact: Path, folder: Path, *, notifications: int) -> None:
    """The connection is remembered for a minute, so the webhook goes on; what it queued comes back later."""
    async with whole_pipeline(artefact, folder) as (environment, tenant):
        async with sending(tenant, notifications) as load:
            await load.received(notifications // 4)
            await environment.kill("cosmos")
            await environment.copies(tenant)
            await environment.restart("cosmos")
            await load.messages.settled(120)

        await everything_came_through(environment, tenant, load)
