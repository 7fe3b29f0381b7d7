"""Trying a connection out: it logs in, looks at every object, and says what cannot be read and why."""

import pytest

from devtools.fakes.polled import PolledSalesforce
from ingestion.sources.source import StreamCheck
from shared.errors import ConfigurationError, RateLimited
from tests.integration.salesforce.worlds import fails


async def checked(world: PolledSalesforce) -> dict[str, StreamCheck]:
    """What is said of each stream."""
    return {check.stream: check for check in await world.poller.check(await world.connection())}


async def test_every_object_that_can_be_read_says_so_and_how_many_records_it_has() -> None:
    async with PolledSalesforce() as world:
        world.org.populate(accounts=3, contacts=2, opportunities=1)
        world.org.delete(world.org.create("Account").id)
        said = await checked(world)
        assert {name: (check.is_readable, check.record_count) for name, check in said.items()} == {
            "User": (True, 3),
            "Account": (True, 3),
            "Contact": (True, 2),
            "Lead": (True, 0),
            "Opportunity": (True, 1),
        }


async def test_fields_that_are_not_shown_are_named(accounts: PolledSalesforce) -> None:
    accounts.org.objects.hide_field("Account", "Phone")
    accounts.org.objects.remove_field("Account", "Fax")
    detail = (await checked(accounts))["Account"].detail
    assert "not shown to this user, or not there: " in detail
    named = detail.partition("there: ")[2].split(", ")
    assert {"Phone", "Fax"} <= set(named)
    assert "Name" not in named


async def test_an_object_that_may_not_be_read_says_why_and_the_others_are_looked_at(everything: PolledSalesforce) -> None:
    everything.org.objects.hide("Contact")
    said = await checked(everything)
    assert not said["Contact"].is_readable
    assert said["Contact"].record_count is None
    assert "may not read it" in said["Contact"].detail
    assert all(check.is_readable for name, check in said.items() if name != "Contact")


async def test_an_object_without_a_conversion_says_what_to_do() -> None:
    async with PolledSalesforce(streams=("Invoice__c",)) as world:
        world.org.define("Invoice__c", ["Total__c:currency"])
        check = (await checked(world))["Invoice__c"]
        assert not check.is_readable
        assert "add a row to the conversion table" in check.detail


async def test_an_object_without_a_log_of_deletions_says_so(accounts: PolledSalesforce) -> None:
    accounts.org.objects["Account"].replicateable = False
    check = (await checked(accounts))["Account"]
    assert check.is_readable
    assert "no log of its deletions" in check.detail


async def test_a_check_describes_anew(accounts: PolledSalesforce) -> None:
    await checked(accounts)
    await checked(accounts)
    assert accounts.vendor.ledger.counts() == {"limits": 2, "describe": 2, "query": 2}


async def test_a_login_that_is_refused_says_what_to_do(accounts: PolledSalesforce) -> None:
    accounts.vendor.sessions.revoke(accounts.org.user_ids[0])
    with pytest.raises(ConfigurationError, match="approve the connected app"):
        await checked(accounts)


async def test_an_allowance_that_is_used_up_is_said(accounts: PolledSalesforce) -> None:
    fails(accounts, "refuse", "limits", status=403, variant="request-limit-exceeded")
    with pytest.raises(RateLimited):
        await checked(accounts)
