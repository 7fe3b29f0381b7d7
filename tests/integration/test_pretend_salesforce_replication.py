"""``updated`` and ``deleted`` of the pretend Salesforce: what they list, how far they cover, and what they refuse."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.salesforce_api import NOON, Caller, calling

pytestmark = pytest.mark.integration

HOUR_AGO = NOON - timedelta(hours=1)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"


async def updated(caller: Caller, start: datetime = HOUR_AGO, end: datetime = NOON, *, of: str = "Account") -> Any:
    return await caller.span(f"sobjects/{of}/updated/", start, end)


async def deleted(caller: Caller, start: datetime = HOUR_AGO, end: datetime = NOON, *, of: str = "Account") -> Any:
    return await caller.span(f"sobjects/{of}/deleted/", start, end)


async def test_what_was_saved_between_two_times_is_updated(caller: Caller) -> None:
    org = caller.org
    before, first, second = (org.create("Account", at=NOON - timedelta(minutes=ago)).id for ago in (61, 30, 20))
    org.edit_quietly(before, Rating="Hot")

    assert await updated(caller) == {"ids": [first, second], "latestDateCovered": written(NOON.replace(second=0))}


async def test_seconds_do_not_count(caller: Caller) -> None:
    account = caller.org.create("Account", at=datetime.fromisoformat("2026-03-02T11:00:10Z"))
    start, end = (datetime.fromisoformat(f"2026-03-02T11:0{minute}Z") for minute in ("0:50", "2:10"))

    found = await updated(caller, start, end)

    assert found == {"ids": [account.id], "latestDateCovered": "2026-03-02T11:02:00.000+0000"}


async def test_nothing_of_the_last_second_is_covered(caller: Caller) -> None:
    found = await updated(caller, end=NOON + timedelta(minutes=5))

    assert found["latestDateCovered"] == written(NOON - timedelta(seconds=1))


async def test_an_open_transaction_holds_back_what_is_covered(caller: Caller) -> None:
    org = caller.org
    early = org.create("Account", at=NOON - timedelta(minutes=50))
    late = org.create("Account", at=NOON - timedelta(minutes=20))
    change = org.transaction(at=NOON - timedelta(minutes=30))
    change.edit(early.id, Name="Later seen")

    during = await updated(caller)
    change.commit()
    after = await updated(caller, datetime.fromisoformat(during["latestDateCovered"]))

    assert during == {"ids": [early.id], "latestDateCovered": written(NOON - timedelta(minutes=30, seconds=1))}
    assert after["ids"] == [early.id, late.id]


async def test_a_deletion_is_listed_until_it_is_undone(caller: Caller) -> None:
    org = caller.org
    binned, gone, restored = (org.create("Account", at=NOON - timedelta(minutes=50)).id for _ in range(3))
    org.delete(binned, at=NOON - timedelta(minutes=40))
    org.hard_delete(gone, at=NOON - timedelta(minutes=39))
    org.delete(restored, at=NOON - timedelta(minutes=38))
    org.undelete(restored, at=NOON - timedelta(minutes=37))

    found = await deleted(caller)

    assert found["deletedRecords"] == [
        {"deletedDate": written(NOON - timedelta(minutes=40)), "id": binned},
        {"deletedDate": written(NOON - timedelta(minutes=39)), "id": gone},
    ]
    assert found["latestDateCovered"] == written(NOON.replace(second=0))
    assert (await updated(caller))["ids"] == [restored]


async def test_a_merge_lists_its_losers_and_a_cascade_nothing(caller: Caller) -> None:
    org = caller.org
    at = NOON - timedelta(minutes=30)
    master, loser, parent = (org.create("Account", at=at).id for _ in range(3))
    contact = org.create("Contact", at=at, AccountId=parent).id
    org.merge(master, [loser], at=at)
    org.delete(parent, at=at)

    assert sorted(row["id"] for row in (await deleted(caller))["deletedRecords"]) == sorted([loser, parent])
    assert (await deleted(caller, of="Contact"))["deletedRecords"] == []
    assert (await updated(caller, of="Contact"))["ids"] == []
    assert org.find(contact) is None


async def test_the_log_says_how_far_it_reaches_back(caller: Caller) -> None:
    org = caller.org
    org.delete(org.create("Account", at=HOUR_AGO).id, at=HOUR_AGO + timedelta(minutes=1))
    assert (await deleted(caller))["earliestDateAvailable"] == written(NOON - timedelta(days=15))

    org.purge_deletion_log(NOON - timedelta(minutes=30))

    assert await refusal(caller, "deleted", HOUR_AGO, NOON) == (400, "INVALID_REPLICATION_DATE")
    since = await deleted(caller, NOON - timedelta(minutes=29))
    assert (since["deletedRecords"], since["earliestDateAvailable"]) == ([], written(NOON - timedelta(minutes=30)))


async def refusal(caller: Caller, what: str, start: datetime, end: datetime, *, of: str = "Account") -> tuple[int, str]:
    return await caller.refusal(f"sobjects/{of}/{what}", start=start.isoformat(), end=end.isoformat())


@pytest.mark.parametrize("what", ["updated", "deleted"])
@pytest.mark.parametrize("minutes", [-5, 0, 1])
async def test_the_start_lies_more_than_a_minute_before_the_end(caller: Caller, what: str, minutes: int) -> None:
    assert await refusal(caller, what, HOUR_AGO, HOUR_AGO + timedelta(minutes=minutes)) == (400, "INVALID_REPLICATION_DATE")


@pytest.mark.parametrize(("what", "days"), [("updated", 30), ("deleted", 15)])
async def test_nothing_older_than_the_retention_can_be_asked_for(caller: Caller, what: str, days: int) -> None:
    oldest = NOON - timedelta(days=days)

    await caller.span(f"sobjects/Account/{what}/", oldest + timedelta(minutes=1), NOON)
    assert await refusal(caller, what, oldest - timedelta(minutes=1), NOON) == (400, "INVALID_REPLICATION_DATE")


@pytest.mark.parametrize("what", ["updated", "deleted"])
async def test_too_many_ids_are_refused(caller: Caller, what: str) -> None:
    org = caller.org
    ids = org.populate_fast("Lead", 12, at=NOON - timedelta(minutes=30))
    if what == "deleted":
        for record_id in ids:
            org.delete(record_id, at=NOON - timedelta(minutes=29))
    caller.salesforce.most_ids = 11

    assert await refusal(caller, what, HOUR_AGO, NOON, of="Lead") == (400, "EXCEEDED_ID_LIMIT")


async def test_an_object_that_is_not_replicateable_is_refused(caller: Caller) -> None:
    caller.org.define("Invoice__c", replicateable=False)

    assert await refusal(caller, "updated", HOUR_AGO, NOON, of="Invoice__c") == (400, "INVALID_TYPE")


async def test_times_are_needed(caller: Caller) -> None:
    assert await caller.refusal("sobjects/Account/updated/") == (400, "MALFORMED_QUERY")
    assert await caller.refusal("sobjects/Account/updated/", start="today", end="tomorrow") == (400, "MALFORMED_QUERY")
