"""An organization that is polled: what it had, what changes in it and what disappears from it arrives, once, whoever told of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.asking import bearer, found
from tests.e2e.killed import ANYBODY, HOST_ALONE, killed_at_random
from tests.e2e.polled import NOTHING_WRONG, STREAMS, Polled, polled_environment, wrong

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def polled(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Polled]:
    """An organization that had two companies, a contact, a deal and a lead before it was connected, and was polled once."""
    async with polled_environment(tmp_path_factory.mktemp("polled"), artefact) as running:
        company = await running.create("Account", is_old=True, Name="Quillon Lanterns")
        await running.create("Account", is_old=True, Name="Ostrava Bearings", ParentId=company.id)
        await running.create("Contact", is_old=True, AccountId=company.id)
        await running.create("Opportunity", is_old=True, AccountId=company.id, Description="They want their lighthouse lit again.")
        await running.create("Lead", is_old=True)
        await running.poll()
        yield running


async def test_what_an_organization_had_and_who_works_there_is_here_after_the_first_poll(polled: Polled) -> None:
    shards = await polled.environment.shards(polled.tenant)

    org = polled.tenant.org
    had = {record.id: record for stream in STREAMS for record in org.records(stream) if record.id in (*shards, *org.user_ids)}
    assert sorted(shard["shardTypeId"] for shard in shards.values()) == [
        *("c_account", "c_account", "c_contact", "c_lead", "c_opportunity", "c_person", "c_person", "c_person"),
    ]
    assert {record_id: shard["structuredData"]["name"] for record_id, shard in shards.items()} == {
        record_id: had[record_id].fields["Name"] for record_id in shards
    }
    assert await polled.environment.placeholders(polled.tenant) == {}, "everybody who owns a record was read, too"
    assert await polled.environment.given_up(polled.tenant) == []


async def test_a_record_is_found_by_who_owns_it_at_the_vendor_and_by_nobody_else(polled: Polled) -> None:
    org = polled.tenant.org
    [deal] = org.records("Opportunity")
    owner, *others = sorted(org.user_ids, key=lambda user_id: user_id != deal.fields["OwnerId"])
    emails = [str(org.record(user_id).fields["Email"]) for user_id in (owner, *others)]
    shard = (await polled.environment.shards(polled.tenant))[deal.id]

    seen_by = [shard["id"] in await found(polled.environment, "lighthouse", polled.tenant.id, email=email) for email in emails]

    assert seen_by == [True, False, False]


async def test_a_change_that_a_webhook_and_a_poll_tell_of_is_there_once_and_another_poll_changes_nothing(polled: Polled) -> None:
    company = await polled.create("Account", Name="Doubled Once")
    await polled.webhook(company)
    await polled.poll()
    edited = await polled.edit(company, Name="Doubled Twice")

    await polled.poll()
    await polled.webhook(edited)
    await polled.environment.drained()
    before = await polled.environment.shards(polled.tenant), await polled.environment.store.chunks(polled.tenant.id)
    await polled.poll()
    after = await polled.environment.shards(polled.tenant), await polled.environment.store.chunks(polled.tenant.id)

    assert after == before
    assert [shard["structuredData"]["name"] for shard in after[0].values() if "Doubled" in shard["structuredData"]["name"]] == [
        "Doubled Twice"
    ]


async def test_what_is_deleted_goes_with_all_that_goes_along_and_what_is_gone_for_good_too(polled: Polled) -> None:
    company = await polled.create("Account", Name="Going Away")
    contact = await polled.create("Contact", AccountId=company.id)
    lead = await polled.create("Lead", Company="Gone Tomorrow")
    await polled.poll()

    await polled.delete(company)
    await polled.gone_for_good(lead)
    await polled.poll()

    shards = await polled.environment.shards(polled.tenant)
    assert {shards[record.id]["status"] for record in (company, contact, lead)} == {"deleted"}
    assert await found(polled.environment, "Going Away", polled.tenant.id, admin=True) != [shards[company.id]["id"]]


async def test_all_of_it_compared_is_complete_and_says_so_to_an_admin_and_to_nobody_else(polled: Polled) -> None:
    completeness = await polled.compared()

    assert completeness["gaps"] == []
    assert (wrong(completeness), completeness["isComplete"]) == (NOTHING_WRONG, True)
    counted = {stream["stream"]: stream["comparison"]["vendorCount"] for stream in completeness["streams"]}
    assert counted == {stream: len(polled.tenant.org.records(stream)) - 3 * (stream == "User") for stream in STREAMS}
    path = f"{polled.environment.run.host}/api/v1/connections/{completeness['connectionId']}/completeness"
    callers = {
        "nobody": None,
        "no admin": (polled.tenant.id, False),
        "another tenant's": ("another", True),
        "an admin": (polled.tenant.id, True),
    }
    statuses = {}
    for name, caller in callers.items():
        headers = {} if caller is None else {"Authorization": f"Bearer {bearer(polled.environment, caller[0], admin=caller[1])}"}
        async with polled.environment.http.get(path, headers=headers) as answer:
            statuses[name] = answer.status
    assert statuses == {"nobody": 401, "no admin": 403, "another tenant's": 404, "an admin": 200}


async def test_a_record_that_is_merged_is_found_as_the_one_it_lives_on_in(polled: Polled) -> None:
    kept, lost = await polled.create("Account", Name="Kept Company"), await polled.create("Account", Name="Lost Company")
    contact = await polled.create("Contact", AccountId=lost.id)
    await polled.poll()

    await polled.merge(kept, lost)
    await polled.poll()

    shards = await polled.environment.shards(polled.tenant)
    assert lost.id not in shards
    assert shards[kept.id]["id"] in {edge["targetShardId"] for edge in shards[contact.id]["internal_relationships"]}
    assert await polled.environment.given_up(polled.tenant) == []


async def test_a_host_that_is_killed_in_a_back_fill_leaves_nothing_missing_and_nothing_doubled(artefact: Path, tmp_path: Path) -> None:
    await killed_at_random(artefact, tmp_path / "run", records=300, kills=1, seed=5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("seed", "victims"), [(1, HOST_ALONE), (2, ANYBODY)], ids=["the host", "host, broker and store"])
async def test_twelve_kills_at_random_moments_of_a_back_fill_leave_nothing_missing_and_nothing_doubled(
    artefact: Path, tmp_path: Path, seed: int, victims: tuple[str, ...]
) -> None:
    await killed_at_random(artefact, tmp_path / "run", records=2000, kills=12, seed=seed, victims=victims)
