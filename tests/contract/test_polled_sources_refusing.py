"""What every source that is polled must say when it is refused, and when it is looked over."""

from typing import get_args

import pytest

from shared.contracts.sync import SyncKind
from shared.errors import ConfigurationError, RateLimited, StreamUnreadable, TransientError
from tests.contract.polled_worlds import World


async def asked(world: World, question: str) -> object:
    """One of the poller's questions."""
    poller = world.vendor.poller
    match question:
        case "versions":
            return await poller.versions(world.connection, world.vendor.stream, after=None)
        case "records":
            return await poller.records(world.reading("compare", None), [world.vendor.create("Ada")])
        case "check":
            return await poller.check(world.connection)
        case _:
            return await world.pages("backfill" if question == "backfill" else "changes")


each_question = pytest.mark.parametrize("question", ["changes", "backfill", "versions", "records", "check"])


@each_question
async def test_a_credential_that_is_not_accepted_is_for_a_person_to_mend(world: World, question: str) -> None:
    await asked(world, question)  # with a session that was good
    world.vendor.revoke()

    with pytest.raises(ConfigurationError) as raised:
        await asked(world, question)

    assert len(str(raised.value).split()) > 5, "say what to do"


@each_question
async def test_too_many_questions_is_a_pause_of_a_known_length(world: World, question: str) -> None:
    world.vendor.limit()

    with pytest.raises(RateLimited) as raised:
        await asked(world, question)

    assert raised.value.retry_after_seconds > 0


@each_question
async def test_an_outage_is_for_later(world: World, question: str) -> None:
    world.vendor.go_down()

    with pytest.raises(TransientError) as raised:
        await asked(world, question)

    assert not isinstance(raised.value, RateLimited) or raised.value.retry_after_seconds < 3600


@pytest.mark.parametrize("kind", get_args(SyncKind))
async def test_a_stream_there_is_no_conversion_for_is_unreadable_and_nothing_else(world: World, kind: SyncKind) -> None:
    world.vendor.stream = "Unheard-of"

    with pytest.raises(StreamUnreadable):
        await (world.versions() if kind == "compare" else world.pages(kind))
    with pytest.raises(StreamUnreadable):
        world.vendor.poller.record_kind(world.connection, "Unheard-of")


async def test_a_check_names_every_stream_and_how_much_there_is(world: World) -> None:
    for number in range(3):
        world.vendor.create(f"record {number}")
    world.later()

    checks = await world.vendor.poller.check(world.connection)

    assert [(check.stream, check.is_readable, check.record_count) for check in checks] == [
        (world.vendor.stream, True, 3 if world.vendor.knows_counts else None)
    ]
