"""What is read of an object is what its conversion wants and the user may see, today."""

import pytest

from devtools.fakes.polled import PolledSalesforce
from tests.integration.salesforce.worlds import HOUR, fails, open_gaps, said_of, settled, shard_of, state_of


async def test_a_field_that_was_hidden_keeps_its_value_and_is_not_spoken_for(accounts: PolledSalesforce) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Phone="+44 1", Name="Before")
    await settled(accounts)
    accounts.org.objects.hide_field("Account", "Phone")
    accounts.org.edit(account.id, Phone="+44 2", Name="After")
    await accounts.poll()
    assert (await said_of(accounts, account), await said_of(accounts, account, "phone")) == ("After", "+44 1")
    stamp = (await shard_of(accounts, account)).normalization
    assert stamp is not None
    assert "Name" in stamp.coverage
    assert "Phone" not in stamp.coverage


async def test_a_field_that_was_hidden_costs_one_refused_query_and_one_description(accounts: PolledSalesforce) -> None:
    accounts.org.objects.hide_field("Account", "Phone")
    accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    await accounts.poll()
    assert accounts.vendor.ledger.counts() == {"deleted": 1, "updated": 1, "queryAll": 2, "describe": 1}
    assert (await state_of(accounts)).last_error is None


async def test_a_field_that_was_removed_is_no_longer_asked_for(accounts: PolledSalesforce) -> None:
    accounts.org.objects.remove_field("Account", "Phone")
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    await accounts.poll()
    assert await said_of(accounts, account) == "After"
    assert "Phone" not in accounts.vendor.ledger.of("queryAll")[-1].soql


async def test_a_field_that_appears_is_read_within_an_hour_without_a_refusal(accounts: PolledSalesforce) -> None:
    accounts.org.objects.hide_field("Account", "Phone")
    accounts.clock.advance(seconds=HOUR)
    await accounts.poll()
    accounts.org.objects.show_field("Account", "Phone")
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Phone="+44 2")
    await accounts.poll()
    assert await said_of(accounts, account, "phone") != "+44 2"
    accounts.clock.advance(seconds=HOUR)
    accounts.org.edit(account.id, Fax="+44 3")
    await accounts.poll()
    assert await said_of(accounts, account, "phone") == "+44 2"
    assert accounts.vendor.ledger.statuses()[400] == 0


async def test_a_field_that_was_cleared_is_cleared_here(accounts: PolledSalesforce) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Phone="+44 1")
    await accounts.poll()
    accounts.clock.advance(seconds=1)
    accounts.org.edit(account.id, Phone=None)
    await accounts.poll()
    assert await said_of(accounts, account, "phone") is None


async def test_the_names_of_parents_are_read_along(accounts: PolledSalesforce) -> None:
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Fax="+44 1")
    await accounts.poll()
    owner = accounts.org.record(str(account.fields["OwnerId"]))
    assert await said_of(accounts, account, "ownerName") == owner.fields["Name"]


async def test_a_field_of_parents_that_is_refused_is_left_out_and_the_rest_is_read(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    name = await said_of(accounts, account, "ownerName")
    accounts.org.objects.hide_field("User", "Name")
    accounts.org.edit(account.id, Name="After")
    await accounts.poll()
    assert (await said_of(accounts, account), await said_of(accounts, account, "ownerName")) == ("After", name)


async def test_a_field_of_parents_that_may_be_read_again_is_read_after_an_hour(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.objects.hide_field("User", "Name")
    accounts.org.edit(account.id, Name="After")
    await accounts.poll()
    accounts.org.objects.show_field("User", "Name")
    accounts.org.edit(accounts.org.user_ids[0], LastName="Renamed")
    accounts.clock.advance(seconds=HOUR)
    accounts.org.edit(account.id, OwnerId=accounts.org.user_ids[0])
    await accounts.poll()
    assert await said_of(accounts, account, "ownerName") == accounts.org.record(accounts.org.user_ids[0]).fields["Name"]


async def test_an_object_that_is_hidden_leaves_a_gap_and_the_others_go_on(everything: PolledSalesforce) -> None:
    lead = everything.org.records("Lead")[0]
    everything.org.objects.hide("Account")
    everything.org.edit(lead.id, Company="After")
    await everything.poll()
    assert await open_gaps(everything) == [("Account", "not-readable")]
    assert await said_of(everything, lead, "company") == "After"
    assert (await everything.connection()).status == "active"
    assert "may not read it" in str((await state_of(everything)).last_error)


async def test_an_object_that_is_shown_again_is_read_on_from_where_it_stopped(accounts: PolledSalesforce) -> None:
    account = accounts.org.records("Account")[0]
    accounts.org.objects.hide("Account")
    accounts.org.edit(account.id, Name="While hidden")
    await accounts.poll()
    accounts.org.objects.show("Account")
    await accounts.poll()
    assert await said_of(accounts, account) == "While hidden"
    assert (await state_of(accounts)).last_error is None


async def test_the_gap_of_an_object_that_was_hidden_is_closed_by_the_next_comparison(accounts: PolledSalesforce) -> None:
    accounts.org.objects.hide("Account")
    await accounts.poll()
    accounts.org.objects.show("Account")
    await accounts.poll()
    assert await open_gaps(accounts) == [("Account", "not-readable")]
    accounts.clock.advance(seconds=HOUR)
    await accounts.compare("Account")
    assert await open_gaps(accounts) == []


async def test_an_object_that_there_is_no_conversion_for_leaves_a_gap() -> None:
    async with PolledSalesforce(streams=("Account", "Invoice__c")) as world:
        world.org.define("Invoice__c", ["Total__c:currency"])
        world.org.create("Account")
        await world.poll()
        assert await open_gaps(world) == [("Invoice__c", "not-readable")]
        assert (await state_of(world, "Account", "backfill")).record_count == 1


@pytest.mark.parametrize("variant", ["cut-off", "maintenance-page"])
async def test_a_description_that_is_none_is_asked_for_again(accounts: PolledSalesforce, variant: str) -> None:
    accounts.clock.advance(seconds=HOUR)
    account = accounts.org.edit(accounts.org.records("Account")[0].id, Name="After")
    fails(accounts, "malformed", "describe", variant=variant)
    await accounts.poll()
    await accounts.poll()
    assert await said_of(accounts, account) == "After"


# Shown again: what changed meanwhile no stamp tells of


async def backfill_run(world: PolledSalesforce) -> str | None:
    """The last back-fill."""
    return (await state_of(world, kind="backfill")).run


async def test_a_field_that_is_shown_again_is_back_filled(accounts: PolledSalesforce) -> None:
    quiet = accounts.org.edit(accounts.org.records("Account")[0].id, Phone="+44 1")
    await settled(accounts)
    accounts.org.objects.hide_field("Account", "Phone")
    accounts.org.edit(quiet.id, Phone="+44 2")
    await settled(accounts)
    accounts.org.objects.show_field("Account", "Phone")
    accounts.clock.advance(seconds=HOUR)
    await settled(accounts)
    assert await said_of(accounts, quiet, "phone") == "+44 2"


async def test_a_field_of_parents_that_stays_refused_is_no_reason_for_a_back_fill_every_hour(accounts: PolledSalesforce) -> None:
    account, before = accounts.org.records("Account")[0], await backfill_run(accounts)
    accounts.org.objects.hide_field("User", "Name")
    for number in range(3):
        accounts.org.edit(account.id, Name=f"After {number}")
        await accounts.poll(minutes=61)
        await accounts.poll(minutes=61)  # nothing is read now, so nothing shows whether the field may be
    assert await backfill_run(accounts) == before


async def test_a_field_of_parents_that_is_shown_again_is_back_filled_once_a_row_was_read_with_it(accounts: PolledSalesforce) -> None:
    edited, quiet = accounts.org.records("Account")
    accounts.org.objects.hide_field("User", "Name")
    accounts.org.edit(edited.id, Name="After")
    accounts.org.edit(quiet.id, OwnerId=accounts.org.user_ids[0])
    await settled(accounts)
    accounts.org.objects.show_field("User", "Name")
    accounts.org.edit(edited.id, Name="After all")
    await accounts.poll(minutes=61)
    await settled(accounts)
    assert await said_of(accounts, quiet, "ownerName") == accounts.org.record(accounts.org.user_ids[0]).fields["Name"]
