"""How long a worker keeps what it listed for a comparison, and how much of it."""

from datetime import timedelta

import pytest

from ingestion.sources.slack.census import KEPT, KEPT_FOR_EACH
from ingestion.sources.slack.comparisons import MOST_KEPT
from ingestion.sources.slack.poller import SlackPoller
from ingestion.sources.slack.ranges import RANGE_CHANNELS
from shared.connections.connection import Connection
from tests.unit.ingestion.slack.scripted import Desk, Form, Reply, channel

COUNT = 3 * RANGE_CHANNELS


def many(desk: Desk) -> None:
    desk.slack.has(*(channel(f"C{number:02}") for number in range(COUNT)))


def kept(poller: SlackPoller) -> int:
    """How many comparisons the worker keeps something of."""
    return len(poller._comparisons)


def lists(desk: Desk) -> int:
    return len(desk.slack.forms("conversations.list"))


def another_account(desk: Desk, name: str) -> Connection:
    """A connection of the same team: a scripted Slack has one."""
    return desk.connection.model_copy(update={"id": f"slack:{name}"})


async def test_a_list_that_took_long_is_believed_five_times_as_long() -> None:
    desk = Desk()
    many(desk)
    listing = timedelta(minutes=13)

    def slowly(form: Form) -> Reply:
        desk.clock.advance(seconds=listing.total_seconds())
        return {"channels": [channel(f"C{number:02}") for number in range(COUNT)]}

    desk.slack.answers["conversations.list"] = slowly
    first = await desk.poller.versions(desk.connection, "Channel", after=None)
    listed_at = desk.clock()
    desk.clock.moment = listed_at + KEPT_FOR_EACH * listing - timedelta(minutes=5)
    second = await desk.poller.versions(desk.connection, "Channel", after=first.up_to)
    assert lists(desk) == 1

    desk.clock.moment = listed_at + KEPT_FOR_EACH * listing
    await desk.poller.versions(desk.connection, "Channel", after=second.up_to)

    assert lists(desk) == 1 + 1


async def test_a_worker_keeps_the_lists_of_a_few_comparisons_those_it_used_last() -> None:
    desk = Desk()
    many(desk)
    connections = [another_account(desk, f"T{number}") for number in range(MOST_KEPT + 2)]
    ends = [(await desk.poller.versions(connection, "Channel", after=None)).up_to for connection in connections]
    assert (kept(desk.poller), lists(desk)) == (MOST_KEPT, len(connections))

    await desk.poller.versions(connections[-1], "Channel", after=ends[-1])
    assert lists(desk) == len(connections), "the last is known"

    rest = await desk.poller.versions(connections[0], "Channel", after=ends[0])

    assert lists(desk) == len(connections) + 1
    assert next(iter(rest.by_key)) == f"C{RANGE_CHANNELS:02}", "the first one lists anew, and goes on where it was"
    assert kept(desk.poller) == MOST_KEPT


@pytest.mark.parametrize("is_finished", [False, True])
async def test_what_nobody_comes_back_for_is_forgotten_with_the_next_call(*, is_finished: bool) -> None:
    desk = Desk()
    many(desk)
    versions = await desk.poller.versions(desk.connection, "Channel", after=None)
    while is_finished and versions.up_to is not None:
        versions = await desk.poller.versions(desk.connection, "Channel", after=versions.up_to)
    assert kept(desk.poller) == 1, "the last range may have to be told"

    desk.clock.advance(seconds=KEPT.total_seconds())
    await desk.poller.page(desk.reading("User", cursor={"since": "then"}))

    assert kept(desk.poller) == 0


async def test_after_its_last_range_was_told_nothing_of_a_comparison_is_kept() -> None:
    desk = Desk()
    desk.slack.has(channel("C1"))
    await desk.poller.versions(desk.connection, "Channel", after=None)

    await desk.poller.records(desk.reading("Channel", "compare"), ["C1"])
    await desk.poller.page(desk.reading("User", cursor={"since": "then"}))

    assert kept(desk.poller) == 0


async def test_with_another_credential_nothing_is_taken_from_a_list_of_before() -> None:
    desk = Desk()
    many(desk)
    first = await desk.poller.versions(desk.connection, "Channel", after=None)
    assert desk.connection.credential is not None
    credential = desk.connection.credential.model_copy(update={"secret_name": "other"})
    desk.secrets.values["other"] = desk.secrets.values["slack"]

    changed = desk.connection.model_copy(update={"credential": credential})
    await desk.poller.versions(changed, "Channel", after=first.up_to)

    assert lists(desk) == 1 + 1
