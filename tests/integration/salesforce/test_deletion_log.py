"""The vendor's log of deletions ends somewhere: then a gap is open until a comparison has found what the log no longer tells."""

from datetime import timedelta

import pytest

from devtools.fakes.polled import PolledSalesforce
from tests.integration.salesforce.worlds import (
    DAY,
    HOUR,
    asked_for,
    fails,
    is_there,
    open_gaps,
    said_of,
    settled,
    state_of,
    to_the_end,
    truth,
)

RETENTION = ("Account", "deletions-not-retained")


@pytest.mark.parametrize("days", [16, 31])
async def test_after_an_outage_longer_than_the_log_a_comparison_finds_what_was_deleted(accounts: PolledSalesforce, days: int) -> None:
    lost, kept = accounts.org.records("Account")
    accounts.org.hard_delete(lost.id)
    accounts.org.edit(kept.id, Name="Renamed long ago")
    accounts.clock.advance(seconds=days * DAY)
    await accounts.poll()
    assert await said_of(accounts, kept) == "Renamed long ago"  # rows know no retention
    await to_the_end(accounts)
    assert not await is_there(accounts, lost)


async def test_the_gap_of_an_outage_is_open_until_a_comparison_has_found_everything(accounts: PolledSalesforce) -> None:
    accounts.org.hard_delete(accounts.org.records("Account")[0].id)
    accounts.clock.advance(seconds=16 * DAY)
    await accounts.tick()
    await accounts.pipeline.transport.drain("sync-inbound", accounts.sync_worker())
    assert await open_gaps(accounts) == [RETENTION]
    await to_the_end(accounts)
    assert await open_gaps(accounts) == []


async def test_the_comparison_of_a_gap_is_asked_for_once(accounts: PolledSalesforce) -> None:
    accounts.clock.advance(seconds=16 * DAY)
    await accounts.poll()  # the daily comparison is due, too
    accounts.vendor.ledger.clear()
    await to_the_end(accounts)
    assert accounts.vendor.ledger.count("query") == 1
    assert await open_gaps(accounts) == []


async def test_an_outage_shorter_than_the_log_is_no_gap(accounts: PolledSalesforce) -> None:
    lost = accounts.org.records("Account")[0]
    accounts.org.hard_delete(lost.id)
    accounts.clock.advance(seconds=14 * DAY)
    await accounts.poll()
    assert not await is_there(accounts, lost)
    assert await open_gaps(accounts) == []
    assert accounts.vendor.ledger.statuses()[400] == 0


@pytest.mark.parametrize("minutes_ago", [0, 45, 3000])
async def test_a_log_that_was_purged_is_a_gap_however_little_is_left_of_it(accounts: PolledSalesforce, minutes_ago: int) -> None:
    lost = accounts.org.records("Account")[0]
    accounts.org.hard_delete(lost.id)
    accounts.clock.advance(seconds=3 * DAY)
    accounts.org.purge_deletion_log(accounts.clock() - timedelta(minutes=minutes_ago))
    await to_the_end(accounts)
    assert not await is_there(accounts, lost)
    assert await open_gaps(accounts) == []
    covered_until = (await state_of(accounts)).covered_until
    assert covered_until is not None
    assert accounts.clock() - covered_until < timedelta(minutes=1)


async def test_a_log_that_was_purged_in_the_very_minute_of_the_last_look_is_a_gap(accounts: PolledSalesforce) -> None:
    """The vendor cuts seconds off, so that what was deleted in them may be lost."""
    accounts.org.purge_deletion_log(accounts.clock() - timedelta(seconds=30))
    lost = accounts.org.records("Account")[0]
    accounts.org.hard_delete(lost.id)
    await accounts.poll()
    assert await open_gaps(accounts) == [RETENTION]
    await to_the_end(accounts)
    assert not await is_there(accounts, lost)
    assert await open_gaps(accounts) == []


async def test_a_log_that_was_purged_up_to_the_last_look_is_no_gap(accounts: PolledSalesforce) -> None:
    """The overlap before it is lost, and nothing else."""
    accounts.org.purge_deletion_log(accounts.clock() - timedelta(seconds=60))
    lost = accounts.org.records("Account")[0]
    accounts.org.hard_delete(lost.id)
    await accounts.poll()
    assert not await is_there(accounts, lost)
    assert not asked_for(accounts)


async def test_more_deletions_than_one_answer_lists_are_read_in_parts(accounts: PolledSalesforce) -> None:
    gone = [accounts.org.create("Account") for _ in range(20)]
    await settled(accounts)
    for account in gone:
        accounts.clock.advance(seconds=60)
        accounts.org.hard_delete(account.id)
    accounts.vendor.most_ids = 7
    for _ in range(6):
        await accounts.poll()
    assert [await is_there(accounts, account) for account in gone] == [False] * 20
    assert accounts.vendor.ledger.statuses()[400] > 0
    assert (await state_of(accounts)).last_error is None
    assert not asked_for(accounts)


async def test_more_deletions_at_once_than_any_answer_lists_are_found_by_a_comparison(accounts: PolledSalesforce) -> None:
    gone = [accounts.org.create("Account") for _ in range(5)]
    await settled(accounts)
    for account in gone:
        accounts.org.hard_delete(account.id)
    accounts.vendor.most_ids = 3
    await to_the_end(accounts)
    assert [await is_there(accounts, account) for account in gone] == [False] * 5
    assert await open_gaps(accounts) == []


async def test_more_changes_than_one_answer_lists_are_read_all_the_same(accounts: PolledSalesforce) -> None:
    changed = [accounts.org.create("Account", Name=f"Many {number}") for number in range(5)]
    accounts.vendor.most_ids = 3
    await accounts.poll()
    await accounts.poll()  # without the vendor's word, what is five minutes old is taken for final
    assert [await said_of(accounts, account) for account in changed] == [account.fields["Name"] for account in changed]


async def test_an_object_of_which_the_vendor_keeps_no_log_is_read_by_its_rows(accounts: PolledSalesforce) -> None:
    accounts.org.objects["Account"].replicateable = False
    await accounts.poll(minutes=70)  # by then it is described anew
    accounts.vendor.ledger.clear()
    renamed, binned = accounts.org.records("Account")
    accounts.org.edit(renamed.id, Name="Renamed")
    accounts.org.delete(binned.id)
    await accounts.poll()
    await accounts.poll()
    assert await said_of(accounts, renamed) == "Renamed"
    assert not await is_there(accounts, binned)
    assert accounts.vendor.ledger.count("updated", "deleted") == 0


async def test_hard_deletions_of_an_object_without_a_log_are_found_by_the_daily_comparison(accounts: PolledSalesforce) -> None:
    accounts.org.objects["Account"].replicateable = False
    accounts.clock.advance(seconds=HOUR)
    lost = accounts.org.records("Account")[0]
    accounts.org.hard_delete(lost.id)
    await accounts.poll()
    assert await is_there(accounts, lost)
    accounts.clock.advance(seconds=DAY)
    await accounts.poll()
    assert not await is_there(accounts, lost)


async def test_a_log_that_cannot_be_read_now_moves_no_cursor(accounts: PolledSalesforce) -> None:
    lost, before = accounts.org.records("Account")[0], (await state_of(accounts)).cursor
    accounts.org.hard_delete(lost.id)
    fails(accounts, "refuse", "replication", status=503, variant="server-unavailable")
    await accounts.poll()
    assert (await state_of(accounts)).cursor == before
    await accounts.poll()
    assert not await is_there(accounts, lost)
    assert (await truth(accounts, "Account")).fault_count == 0
