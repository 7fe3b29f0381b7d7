"""A service is away, or dies under load: no Ack is given that is not kept, and nothing acknowledged is lost."""

from pathlib import Path

import pytest

from tests.e2e.environment import running_environment
from tests.e2e.load import everything_is_stored, sending

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

NOTIFICATIONS = 400


async def test_bus_down_no_ack_and_the_vendors_retry_is_stored_when_it_is_back(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()
        await environment.kill("service-bus")

        reply = await environment.post(tenant.url, tenant.message(tenant.action("Account"), tenant.org.create("Account")))
        async with sending(tenant, 30) as load:
            await load.refused(30)
            while_down = load.ledger.received()
            await environment.restart("service-bus")
            await load.messages.settled(30)

        assert (reply.status, reply.is_acknowledged, while_down) == (503, False, set())
        assert reply.seconds < 15
        await everything_is_stored(environment, tenant, load)


async def test_store_down_no_ack_and_the_vendors_retry_is_stored_when_it_is_back(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()
        await environment.kill("cosmos")

        reply = await environment.post(tenant.url, tenant.message(tenant.action("Account"), tenant.org.create("Account")))
        async with sending(tenant, 30) as load:
            await load.refused(30)
            while_down = load.ledger.received()
            await environment.restart("cosmos")
            await load.messages.settled(30)

        assert (reply.status, reply.is_acknowledged, while_down) == (503, False, set())
        assert reply.seconds < 15
        await everything_is_stored(environment, tenant, load)


async def test_acknowledged_while_the_store_is_away_comes_back_later(artefact: Path, tmp_path: Path) -> None:
    """The connection is remembered for a minute, so the webhook goes on; what it queued waits for the store."""
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()
        async with sending(tenant, 20) as load:
            await load.messages.settled(30)
        await environment.drained()
        await environment.kill("cosmos")

        async with sending(tenant, 30) as more:
            await more.messages.settled(30)
        await environment.restart("cosmos")

        await environment.drained(60)
        assert len(more.ledger.received()) == 30
        assert len(await environment.shards(tenant)) == 50


async def test_broker_killed_under_load_every_acknowledged_notification_is_stored_after_its_restart(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            for count in (NOTIFICATIONS // 4, NOTIFICATIONS // 2):
                await load.received(count)
                await environment.kill("service-bus")
                await environment.restart("service-bus")
            await load.messages.settled(60)

        assert load.ledger.answers().total() > NOTIFICATIONS  # it was felt
        await everything_is_stored(environment, tenant, load)


async def test_host_killed_under_load_every_acknowledged_notification_is_stored_after_its_restart(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact, lock_seconds=5) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            for count in (NOTIFICATIONS // 4, NOTIFICATIONS // 2):
                await load.received(count)
                await environment.kill("host")
                await environment.restart("host")
            await load.messages.settled(60)

        assert load.ledger.answers().total() > NOTIFICATIONS
        await everything_is_stored(environment, tenant, load)


async def test_store_killed_under_load_every_acknowledged_notification_is_stored_after_its_restart(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        tenant = await environment.tenant()

        async with sending(tenant, NOTIFICATIONS) as load:
            for count in (NOTIFICATIONS // 4, NOTIFICATIONS // 2):
                await load.received(count)
                await environment.kill("cosmos")
                await environment.restart("cosmos")
            await load.messages.settled(60)

        await everything_is_stored(environment, tenant, load)
