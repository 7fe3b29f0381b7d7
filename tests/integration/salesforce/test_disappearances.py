"""Whatever disappears is found: into the recycle bin, past it, with its parent, into another record; and whatever comes back."""

from datetime import timedelta

from devtools.fakes.polled import TENANT, PolledSalesforce
from devtools.vendors.salesforce.records import PretendOrg, Record
from shared.shards.model import DELETED_TTL_SECONDS
from tests.integration.salesforce.worlds import asked_for, is_there, open_gaps, said_of, settled, shard_of, to_the_end, truth


def family(org: PretendOrg, account: Record) -> list[Record]:
    """The contacts and opportunities of an account; a new one of each."""
    return [org.create(name, AccountId=account.id) for name in ("Contact", "Opportunity")]


async def test_a_deleted_record_is_deleted_here_and_kept_for_a_while(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.delete(account.id)
    await accounts.poll()
    shard = await shard_of(accounts, account)
    assert (shard.status, shard.ttl) == ("deleted", DELETED_TTL_SECONDS)


async def test_the_last_words_of_a_deleted_record_are_stored_with_it(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.edit(account.id, Name="Renamed, then deleted")
    accounts.org.delete(account.id)
    await accounts.poll()
    assert await said_of(accounts, account) == "Renamed, then deleted"


async def test_a_record_that_was_hard_deleted_is_deleted_here(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.hard_delete(account.id)
    await accounts.poll()
    assert not await is_there(accounts, account)


async def test_a_record_that_was_deleted_and_emptied_from_the_bin_between_two_polls_is_deleted_here(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.delete(account.id)
    accounts.org.empty_recycle_bin()
    await accounts.poll()
    assert not await is_there(accounts, account)


async def test_an_undeleted_record_lives_again(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.delete(account.id)
    await accounts.poll()
    accounts.org.undelete(account.id)
    await accounts.poll()
    assert await is_there(accounts, account)


async def test_a_record_that_was_deleted_and_undeleted_between_two_polls_was_never_away(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.delete(account.id)
    accounts.clock.advance(seconds=5)
    accounts.org.undelete(account.id)
    await accounts.poll()
    assert await is_there(accounts, account)


async def test_a_record_that_was_created_and_deleted_between_two_polls_is_not_there(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account", Name="Short")
    accounts.clock.advance(seconds=5)
    accounts.org.delete(account.id)
    await accounts.poll()
    assert not await is_there(accounts, account)


async def test_a_deletion_that_is_committed_later_than_its_time_is_found(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    transaction = accounts.org.transaction()
    transaction.delete(account.id)
    await accounts.poll(minutes=60)
    await accounts.poll()
    assert await is_there(accounts, account)
    transaction.commit()
    await accounts.poll()
    assert not await is_there(accounts, account)


async def test_children_that_go_with_their_parent_are_found_although_nothing_tells_of_them(everything: PolledSalesforce) -> None:
    account = everything.org.records("Account")[0]
    children = family(everything.org, account)
    await settled(everything)
    everything.org.delete(account.id)
    await everything.poll()
    assert [await is_there(everything, record) for record in (account, *children)] == [False, False, False]


async def test_children_come_back_with_their_parent(everything: PolledSalesforce) -> None:
    account = everything.org.records("Account")[0]
    children = family(everything.org, account)
    await settled(everything)
    everything.org.delete(account.id)
    await everything.poll()
    everything.org.undelete(account.id)
    await everything.poll()
    assert [await is_there(everything, record) for record in (account, *children)] == [True, True, True]


async def test_children_of_a_parent_that_was_hard_deleted_are_found_by_a_comparison_that_it_asks_for(everything: PolledSalesforce) -> None:
    account = everything.org.records("Account")[0]
    children = family(everything.org, account)
    await settled(everything)
    everything.org.hard_delete(account.id)
    await to_the_end(everything)
    assert [await is_there(everything, record) for record in (account, *children)] == [False, False, False]


async def test_a_parent_that_was_hard_deleted_asks_for_comparisons_once(everything: PolledSalesforce) -> None:
    before = asked_for(everything)
    everything.org.hard_delete(everything.org.records("Account")[0].id)
    await everything.poll()
    await everything.poll()  # the overlap reads the log once more
    assert asked_for(everything) - before == {"Contact": 1, "Opportunity": 1}


async def test_a_parent_in_the_recycle_bin_asks_for_no_comparison(everything: PolledSalesforce) -> None:
    before = asked_for(everything)
    everything.org.delete(everything.org.records("Account")[0].id)
    await everything.poll()
    assert asked_for(everything) == before


async def test_children_of_an_object_that_is_not_read_are_not_asked_for(accounts: PolledSalesforce) -> None:
    accounts.org.delete(accounts.org.records("Account")[0].id)
    await accounts.poll()
    assert accounts.vendor.ledger.of("queryAll", object_name="Contact") == []


async def test_children_that_may_not_be_read_any_more_hold_up_nothing(everything: PolledSalesforce) -> None:
    account = everything.org.records("Account")[0]
    everything.org.objects.hide("Contact")
    everything.org.delete(account.id)
    await everything.poll()
    assert not await is_there(everything, account)
    assert await open_gaps(everything) == [("Contact", "not-readable")]


async def test_a_merged_record_leads_to_the_one_that_survived(everything: PolledSalesforce) -> None:
    winner, loser = everything.org.records("Account")
    everything.org.merge(winner.id, [loser.id])
    await everything.poll()
    assert (await shard_of(everything, loser)).id == everything.id_of("Account", winner.id)


async def test_children_of_a_merged_record_belong_to_the_one_that_survived(everything: PolledSalesforce) -> None:
    winner, loser = everything.org.records("Account")
    children = family(everything.org, loser)
    await settled(everything)
    everything.org.merge(winner.id, [loser.id])
    await everything.poll()
    assert [await said_of(everything, child, "accountId") for child in children] == [winner.id, winner.id]
    for child in children:
        edges = {edge["targetShardId"] for edge in (await shard_of(everything, child)).internal_relationships}
        assert everything.id_of("Account", winner.id) in edges
        assert everything.id_of("Account", loser.id) not in edges


async def test_after_every_kind_of_disappearance_nothing_is_missing_or_extra(everything: PolledSalesforce) -> None:
    org = everything.org
    kept, merged, gone, purged = [org.create("Account") for _ in range(4)]
    for account in (kept, merged, gone, purged):
        family(org, account)
    await settled(everything)
    org.merge(kept.id, [merged.id])
    org.delete(gone.id)
    org.hard_delete(purged.id)
    org.delete(org.create("Lead").id)
    await to_the_end(everything)
    found = await truth(everything)
    assert (found.fault_count, found.pending, found.vendor_count) == (0, 0, found.stored_count)
    assert await open_gaps(everything) == []


async def test_a_deletion_is_no_older_than_what_the_log_says(accounts: PolledSalesforce) -> None:
    """Else an edit from before the deletion, heard of late, would revive the record."""
    account = accounts.org.records("Account")[0]
    accounts.org.hard_delete(account.id, at=accounts.clock() + timedelta(seconds=7))
    await accounts.poll()
    stamp = (await shard_of(accounts, account)).normalization
    assert stamp is not None
    assert stamp.vendor_version == f"{int((accounts.clock() - timedelta(minutes=5, seconds=-7)).timestamp() * 1000):015d}"
    assert (await accounts.pipeline.shards.read(TENANT, accounts.id_of("Account", account.id))) is not None


async def test_what_goes_with_its_parent_within_the_second_it_was_first_read_in_is_gone(everything: PolledSalesforce) -> None:
    account, earlier = everything.org.records("Account")[0], timedelta(seconds=-90)
    contacts = [everything.org.create("Contact", at=everything.clock() + earlier, AccountId=account.id) for _ in range(8)]
    for stream in ("Account", "Contact"):
        await everything.ask(stream, "changes")
    await everything.run()
    assert [await is_there(everything, contact) for contact in contacts] == [True] * 8

    everything.org.delete(account.id, at=everything.clock() + earlier + timedelta(seconds=1))
    everything.clock.advance(seconds=0.3)
    await everything.ask("Account", "changes")
    await everything.run()

    assert [await is_there(everything, contact) for contact in contacts] == [False] * 8
