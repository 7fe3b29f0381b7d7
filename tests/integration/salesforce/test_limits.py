"""The daily allowance is a gauge that all workers of a connection share, and everybody else of the organization uses it, too."""

from collections.abc import AsyncIterator

import pytest

from devtools.fakes.polled import PolledSalesforce
from ingestion.sources.salesforce.account import AccountMemory
from ingestion.sources.salesforce.answers import AllowanceUsedUp
from ingestion.sources.salesforce.poller import BULK_SHARE, SalesforcePoller
from shared.errors import RateLimited
from shared.streams.state import ACCOUNT
from tests.integration.salesforce.worlds import HOUR, Meanwhile, fails, is_there, reading, said_of, settled, state_of

MOST = 15_000
"""Half of it is ours by default."""


@pytest.fixture
async def another(accounts: PolledSalesforce) -> AsyncIterator[SalesforcePoller]:
    """A second worker of the same connection."""
    async with Meanwhile().client() as http:
        yield accounts.new_poller(http)


async def shared_memory(world: PolledSalesforce) -> AccountMemory:
    """What all workers of the connection share."""
    state = await world.pipeline.states.read(await world.connection(), ACCOUNT, "account")
    return AccountMemory.model_validate(state.cursor)


async def polls(world: PolledSalesforce, count: int) -> None:
    """So many in a row."""
    for _ in range(count):
        await world.poll()


async def test_the_gauge_is_read_from_every_answer_and_shared(accounts: PolledSalesforce) -> None:
    accounts.vendor.usage[accounts.org.organization_id].foreign = 4000
    await accounts.poll()
    memory = await shared_memory(accounts)
    assert (memory.used_count, memory.allowed_count) == (accounts.vendor.usage[accounts.org.organization_id].used - 1, MOST)


async def test_a_gauge_that_goes_up_and_down_stops_nobody_below_the_share(accounts: PolledSalesforce) -> None:
    usage = accounts.vendor.usage[accounts.org.organization_id]
    usage.foreign, usage.jitter = 7000, 200
    for number in range(6):
        account = accounts.org.create("Account", Name=f"Read {number}")
        await accounts.poll()
        assert await is_there(accounts, account)


async def test_at_its_share_a_connection_is_not_asked_about_any_more(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account", Name="Late")
    accounts.vendor.usage[accounts.org.organization_id].foreign = 7600
    await accounts.poll()
    assert accounts.vendor.ledger.count() == 1  # its answer said so
    accounts.vendor.ledger.clear()
    await polls(accounts, 2)
    assert accounts.vendor.ledger.count() == 0
    state = await state_of(accounts)
    assert " of 15000 calls a day are used, and the share is 50%" in str(state.last_error)
    assert (await accounts.connection()).status == "active"
    assert not await is_there(accounts, account)


async def test_after_a_quarter_of_an_hour_one_look_is_worth_its_call(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account", Name="Late")
    accounts.vendor.usage[accounts.org.organization_id].foreign = 7600
    await accounts.poll()
    accounts.vendor.ledger.clear()
    await polls(accounts, 3)
    assert accounts.vendor.ledger.counts() == {"limits": 1}
    accounts.vendor.usage[accounts.org.organization_id].foreign = 100
    await polls(accounts, 3)
    assert await is_there(accounts, account)
    assert accounts.vendor.ledger.counts()["limits"] == 2


async def test_what_one_worker_read_off_the_gauge_stops_the_others(accounts: PolledSalesforce, another: SalesforcePoller) -> None:
    accounts.vendor.usage[accounts.org.organization_id].foreign = 7600
    await accounts.poll()
    accounts.vendor.ledger.clear()
    with pytest.raises(RateLimited) as raised:
        await another.page(await reading(accounts))
    assert 0 < raised.value.retry_after_seconds <= 900
    assert accounts.vendor.ledger.count() == 0


async def test_a_worker_that_is_at_it_notices_within_half_a_minute(accounts: PolledSalesforce, another: SalesforcePoller) -> None:
    await another.page(await reading(accounts))
    accounts.vendor.usage[accounts.org.organization_id].foreign = 7600
    await accounts.poll(minutes=5)
    accounts.vendor.ledger.clear()
    with pytest.raises(RateLimited):
        await another.page(await reading(accounts))
    assert accounts.vendor.ledger.count() == 0


async def test_back_fills_stop_earlier_than_changes(accounts: PolledSalesforce) -> None:
    accounts.vendor.usage[accounts.org.organization_id].foreign = int(MOST * 0.5 * BULK_SHARE) + 10
    account = accounts.org.create("Account", Name="On time")
    await accounts.ask("Account", "backfill")
    await accounts.poll()
    await accounts.poll()
    assert await is_there(accounts, account)
    backfill = await state_of(accounts, kind="backfill")
    assert backfill.is_running
    assert backfill.waits_until is not None
    assert "the share is 40%" in str(backfill.last_error)


async def test_a_back_fill_that_waits_for_the_allowance_goes_on_by_itself(accounts: PolledSalesforce) -> None:
    usage = accounts.vendor.usage[accounts.org.organization_id]
    usage.foreign = int(MOST * 0.5 * BULK_SHARE) + 10
    await accounts.poll()
    await accounts.ask("Account", "backfill")
    await accounts.run()
    assert (await state_of(accounts, kind="backfill")).is_running
    usage.foreign = 0
    await polls(accounts, 5)
    assert (await state_of(accounts, kind="backfill")).last_status == "success"


@pytest.mark.parametrize("variant", ["request-limit-exceeded", "concurrent-limit-exceeded"])
async def test_a_limit_that_the_vendor_says_is_exceeded_pauses_all_workers(
    accounts: PolledSalesforce, another: SalesforcePoller, variant: str
) -> None:
    account = accounts.org.create("Account", Name="Late")
    fails(accounts, "refuse", "query", status=403, variant=variant)
    await accounts.poll()
    accounts.vendor.ledger.clear()
    with pytest.raises(RateLimited):
        await another.page(await reading(accounts))
    await polls(accounts, 2)
    assert accounts.vendor.ledger.count() == 0
    await polls(accounts, 3)
    assert await is_there(accounts, account)


async def test_an_allowance_that_is_really_used_up_is_waited_for_with_one_look_every_quarter_of_an_hour(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account", Name="Late")
    accounts.vendor.usage[accounts.org.organization_id].foreign = MOST
    await polls(accounts, 12)
    assert accounts.vendor.ledger.statuses() == {403: accounts.vendor.ledger.count()}
    assert accounts.vendor.ledger.count() <= 5
    accounts.vendor.usage[accounts.org.organization_id].foreign = 0
    await polls(accounts, 4)
    assert await said_of(accounts, account) == "Late"


async def test_the_limit_of_one_organization_is_no_others(accounts: PolledSalesforce) -> None:
    accounts.vendor.usage[accounts.org.organization_id].foreign = MOST
    await accounts.poll()
    async with PolledSalesforce(streams=("Account",)) as other:
        other.org.populate(accounts=1, contacts=0, opportunities=0)
        await settled(other)
        assert (await state_of(other, kind="backfill")).record_count == 1


async def test_a_look_at_the_gauge_that_is_refused_is_no_reason_to_ask_on(accounts: PolledSalesforce, another: SalesforcePoller) -> None:
    accounts.vendor.usage[accounts.org.organization_id].foreign = MOST
    await accounts.poll()
    accounts.clock.advance(seconds=HOUR)
    accounts.vendor.ledger.clear()
    with pytest.raises(AllowanceUsedUp):
        await another.page(await reading(accounts))
    assert accounts.vendor.ledger.counts() == {"limits": 1}
