import pytest

from devtools.host.leases import Lease, LeaseLost, to_take
from tests.unit.devtools.host.leasing import InMemoryLeases

RANGES = [{"Range": {"min": "", "max": "7F"}}, {"Range": {"min": "7F", "max": "FF"}}]


def lease(number: int, owner: str | None, seconds_ago: float, store: InMemoryLeases) -> Lease:
    moment = InMemoryLeases()
    moment.seconds = store.seconds - seconds_ago
    return Lease({"id": f"p..{number}", "Owner": owner, "timestamp": moment.now().isoformat()})


def taken(owner: str, *owners_and_ages: tuple[str | None, float]) -> list[str]:
    """What this host takes of leases with these owners, renewed so many seconds ago."""
    store = InMemoryLeases()
    leases = [lease(number, other, seconds, store) for number, (other, seconds) in enumerate(owners_and_ages)]
    return [one.id for one in to_take(leases, owner, store.now(), 60)]


async def test_every_range_gets_one_lease_that_nobody_owns_and_a_second_host_makes_none() -> None:
    store = InMemoryLeases()

    await store.host("a").ensure(RANGES)
    await store.host("a").take((await store.host("a").all())[0])
    await store.host("b").ensure(RANGES)

    assert store.owners() == {"p..0": "a", "p..1": None}
    assert store.documents["p..1"]["FeedRange"] == RANGES[1]
    assert store.documents["p..1"]["ContinuationToken"] is None


async def test_functions_with_other_prefixes_have_leases_of_their_own() -> None:
    store = InMemoryLeases()

    await store.host("a", "p").ensure(RANGES[:1])
    await store.host("a", "q").ensure(RANGES[:1])

    assert sorted(store.documents) == ["p..0", "q..0"]


async def test_of_two_hosts_that_take_a_lease_at_once_one_gets_it() -> None:
    store = InMemoryLeases()
    await store.host("a").ensure(RANGES[:1])
    [seen] = await store.host("a").all()

    await store.host("a").take(seen)
    with pytest.raises(LeaseLost):
        await store.host("b").take(seen)

    assert store.owners() == {"p..0": "a"}


async def test_a_checkpoint_after_the_lease_was_taken_changes_nothing() -> None:
    store = InMemoryLeases()
    await store.host("a").ensure(RANGES[:1])
    mine = await store.host("a").take((await store.host("a").all())[0])
    mine = await store.host("a").checkpoint(mine, "after 1")
    await store.host("b").take((await store.host("b").all())[0])

    with pytest.raises(LeaseLost):
        await store.host("a").checkpoint(mine, "after 2")

    assert (store.documents["p..0"]["Owner"], store.documents["p..0"]["ContinuationToken"]) == ("b", "after 1")


def test_a_single_host_takes_all_that_nobody_holds() -> None:
    assert taken("a", (None, 0), (None, 0), ("dead", 61)) == ["p..0", "p..1", "p..2"]


def test_a_lease_that_is_renewed_is_left_alone() -> None:
    assert taken("a", ("b", 59)) == []


def test_a_lease_of_a_killed_host_is_taken_once_it_has_expired() -> None:
    assert taken("a", ("b", 61)) == ["p..0"]


def test_a_host_takes_no_more_than_its_share() -> None:
    assert taken("a", (None, 0), (None, 0), (None, 0), ("b", 0)) == ["p..0", "p..1"]
    assert taken("a", ("a", 0), ("b", 0), (None, 0)) == ["p..2"]
    assert taken("a", ("a", 0), ("b", 0)) == []


def test_a_new_host_takes_one_at_a_time_from_the_one_that_holds_most() -> None:
    assert taken("a", ("b", 0), ("b", 0), ("b", 0), ("c", 0)) == ["p..0"]
    assert taken("a", ("b", 0), ("b", 0)) == ["p..0"]
    assert taken("a", ("b", 0), ("c", 0)) == []
