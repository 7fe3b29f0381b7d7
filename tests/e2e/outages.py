"""A service is away, or dies under load: no Ack is given that is not kept, and nothing acknowledged is lost."""

import asyncio
import os
import signal
from pathlib import Path

from tests.e2e.environment import running_environment
from tests.e2e.load import everything_is_stored, sending

NOTIFICATIONS = 400
ANSWER_SECONDS = 15.0


async def bus_down(artefact: Path, folder: Path) -> None:
    await _away(artefact, folder, "service-bus")


async def store_down(artefact: Path, folder: Path) -> None:
    await _away(artefact, folder, "cosmos")


async def _away(artefact: Path, folder: Path, service: str) -> None:
    async with running_environment(folder, artefact) as environment:
        tenant = await environment.tenant()
        await environment.kill(service)

        reply = await environment.post(tenant.url, tenant.message(tenant.action("Account"), tenant.org.create("Account")))
        async with sending(tenant, 30) as load:
            await load.refused(30)
            while_away = load.ledger.received()
            await environment.restart(service)
            await load.messages.settled(60)

        assert (reply.status, reply.is_acknowledged, while_away) == (503, False, set())
        assert reply.seconds < ANSWER_SECONDS
        await everything_is_stored(environment, tenant, load)


async def frozen(artefact: Path, folder: Path) -> None:
    """Services that accept connections and say nothing."""
    async with running_environment(folder, artefact) as environment:
        known, unknown = await environment.tenant(), await environment.tenant()
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


async def broker_killed(artefact: Path, folder: Path) -> None:
    async with running_environment(folder, artefact) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            for count in (NOTIFICATIONS // 4, NOTIFICATIONS // 2):
                await load.received(count)
                await environment.kill("service-bus")
                await load.refused(1)  # away for longer than the SDK tries: it is felt
                await environment.restart("service-bus")
            await load.messages.settled(120)

        await everything_is_stored(environment, tenant, load)


async def host_killed(artefact: Path, folder: Path) -> None:
    """With a lock of seconds: what the dead host held comes back when its lock ends, after five minutes in production."""
    async with running_environment(folder, artefact, lock_seconds=5) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            for count in (NOTIFICATIONS // 4, NOTIFICATIONS // 2):
                await load.received(count)
                await environment.kill("host")
                await load.refused(1)
                await environment.restart("host")
            await load.messages.settled(120)

        await everything_is_stored(environment, tenant, load)


async def store_killed(artefact: Path, folder: Path) -> None:
    """The connection is remembered for a minute, so the webhook goes on; what it queued comes back later."""
    async with running_environment(folder, artefact) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            await load.received(NOTIFICATIONS // 4)
            await environment.kill("cosmos")
            await environment.copies(tenant)
            await environment.restart("cosmos")
            await load.messages.settled(120)

        await everything_is_stored(environment, tenant, load)
