"""Shards that a worker has seen lately: for ten minutes, ten thousand of them, each of its own tenant."""

from devtools.fakes.clock import Clock
from shared.shards.ids import ShardId
from shared.shards.known import MOST, KnownShards

ACME = ShardId("b991eadc1580fc28d85528aae0e41b2b")


def test_what_was_never_seen_is_not_known() -> None:
    assert not KnownShards(Clock()).has("acme", ACME)


def test_what_was_seen_is_known_for_ten_minutes() -> None:
    clock = Clock()
    known = KnownShards(clock)

    known.add("acme", ACME)

    clock.advance(seconds=599)
    assert known.has("acme", ACME)
    clock.advance(seconds=1)
    assert not known.has("acme", ACME)


def test_being_asked_for_does_not_keep_it_known() -> None:
    clock = Clock()
    known = KnownShards(clock)
    known.add("acme", ACME)

    for _ in range(10):
        clock.advance(seconds=60)
        known.has("acme", ACME)

    assert not known.has("acme", ACME)


def test_being_seen_again_starts_the_ten_minutes_anew() -> None:
    clock = Clock()
    known = KnownShards(clock)
    known.add("acme", ACME)
    clock.advance(seconds=500)

    known.add("acme", ACME)

    clock.advance(seconds=500)
    assert known.has("acme", ACME)


def test_what_one_tenant_has_another_is_not_known_to_have() -> None:
    known = KnownShards(Clock())

    known.add("acme", ACME)

    assert not known.has("globex", ACME)


def test_ten_thousand_are_remembered_and_the_one_seen_longest_ago_goes_first() -> None:
    known = KnownShards(Clock())
    for number in range(10_000):
        known.add("acme", ShardId(str(number)))
    known.add("acme", ShardId("0"))

    known.add("acme", ACME)

    assert MOST == 10_000
    assert not known.has("acme", ShardId("1"))
    assert all(known.has("acme", ShardId(str(number))) for number in (0, 2, 9_999))
    assert known.has("acme", ACME)
