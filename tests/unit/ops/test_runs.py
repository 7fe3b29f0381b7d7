"""``backfill``, ``renormalize`` and ``completeness --fresh``: what they ask for, what they refuse, and when watching ends."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from ops.watching import Display, Look, Watched, running, watch
from shared import topology
from shared.contracts.sync import SyncRequested
from tests.unit.ops.deployment import ACME, Deployment


class Seen(Display):
    """What was shown."""

    def __init__(self) -> None:
        self.said: list[str] = []

    @override
    def show(self, look: Look) -> None:
        self.said.append(f"{look.watched.stream}: {look.says}")


def requested(deployment: Deployment) -> list[SyncRequested]:
    return [SyncRequested.decode(envelope.body) for envelope in deployment.transport.on(topology.SYNC_INBOUND_BULK)]


async def test_a_backfill_asks_for_a_run_of_every_stream_on_the_bulk_queue() -> None:
    deployment = Deployment()
    await deployment.connect()

    said = await deployment.run("backfill", ACME, "--json")

    assert said.code == 0
    found = requested(deployment)
    assert [(one.tenant_id, one.connection_id, one.stream, one.kind, one.step) for one in found] == [
        ("acme", ACME, "Account", "backfill", 0),
        ("acme", ACME, "Contact", "backfill", 0),
    ]
    assert {one.requested_at for one in found} == {deployment.clock()}
    assert [one["run"] for one in said.document] == [one.run for one in found]
    assert len({one.run for one in found}) == 2


async def test_one_stream_alone_is_read_where_one_is_named() -> None:
    deployment = Deployment()
    await deployment.connect()

    await deployment.run("backfill", ACME, "--stream", "Contact")

    assert [one.stream for one in requested(deployment)] == ["Contact"]


async def test_asked_again_later_it_is_another_run() -> None:
    deployment = Deployment()
    await deployment.connect()
    await deployment.run("backfill", ACME, "--stream", "Contact")
    deployment.clock.advance(seconds=1)
    await deployment.run("backfill", ACME, "--stream", "Contact")
    await deployment.run("renormalize", ACME, "--stream", "Contact")

    assert len({one.run for one in requested(deployment)}) == 3


async def test_a_dry_run_asks_for_nothing() -> None:
    deployment = Deployment()
    await deployment.connect()

    said = await deployment.run("backfill", ACME, "--dry-run")

    assert (said.code, "would be asked for" in said.out) == (0, True)
    assert requested(deployment) == []


async def test_a_backfill_that_runs_is_not_started_again_and_nothing_else_is_either() -> None:
    deployment = Deployment()
    await deployment.connect()
    began = deployment.clock() - timedelta(minutes=5)
    await deployment.keep("Contact", "backfill", is_running=True, record_count=1500, total_count=90_000, started_at=began, run="r")

    said = await deployment.run("backfill", ACME)

    assert said.code == 1
    assert said.errors.startswith(
        "a back-fill of Contact runs since 2026-11-21T11:55:00.000000Z and is at 1,500 of 90,000 records: watch it with"
    )
    assert requested(deployment) == []


async def test_with_anew_it_is() -> None:
    deployment = Deployment()
    await deployment.connect()
    await deployment.keep("Contact", "backfill", is_running=True, run="r")

    assert (await deployment.run("backfill", ACME, "--anew")).code == 0
    assert len(requested(deployment)) == 2


@pytest.mark.parametrize(
    ("words", "said_of_it", "text"),
    [
        (["backfill", "salesforce:none"], {}, "there is no connection salesforce:none"),
        (["backfill", ACME, "--stream", "Task"], {}, "does not read Task, only Account, Contact"),
        (["backfill", ACME], {"credential": None}, "has no credential: its vendor only calls us"),
        (["renormalize", ACME], {"status": "paused", "paused_reason": "mend it"}, "is paused (mend it): `connections resume` first"),
        (["completeness", ACME, "--fresh"], {"status": "paused"}, "is paused (no reason given)"),
    ],
)
async def test_what_would_not_be_done_is_refused_in_words(words: list[str], said_of_it: dict[str, Any], text: str) -> None:
    deployment = Deployment()
    await deployment.connect(**said_of_it)

    said = await deployment.run(*words)

    assert (said.code, text in said.errors) == (1, True), said.errors
    assert requested(deployment) == []


async def watched_to_its_end(deployment: Deployment, *moments: dict[str, Any], requested_at: int = 0) -> tuple[str | None, list[str]]:
    """Watch a run ``r`` while its state goes through these moments."""
    connection = await deployment.connect()
    left = list(moments)

    async def pause() -> None:
        await asyncio.sleep(0)
        await deployment.keep("Account", "backfill", **left.pop(0))

    seen = Seen()
    run = Watched("Account", "backfill", "r", deployment.clock() + timedelta(seconds=requested_at))
    [look] = await watch(connection, [run], states=deployment.states, connections=deployment.connections, display=seen, pause=pause)
    return look.ending, [line.removeprefix("Account: ") for line in seen.said]


async def test_a_run_is_watched_from_before_its_beginning_to_its_end() -> None:
    deployment = Deployment()
    at = deployment.clock()

    ending, said = await watched_to_its_end(
        deployment,
        {"run": "r", "requested_at": at, "is_running": True, "record_count": 5},
        {"waits_until": at + timedelta(seconds=60), "last_error": "slower"},
        {"is_running": False, "last_status": "success", "finished_at": at, "last_error": None, "waits_until": None},
    )

    assert ending == "success"
    assert said == ["waits for a worker", "reads", "waits until 2026-11-21T12:01:00.000000Z: slower", "done"]


async def test_a_run_that_fails_is_named_with_its_error() -> None:
    ending, said = await watched_to_its_end(
        Deployment(), {"run": "r", "is_running": False, "last_status": "failed", "last_error": "Account cannot be read"}
    )

    assert (ending, said[-1]) == ("failed", "failed: Account cannot be read")


async def test_the_end_of_the_run_before_is_not_taken_for_its_own() -> None:
    deployment = Deployment()
    earlier = deployment.clock() - timedelta(hours=1)

    ending, said = await watched_to_its_end(
        deployment,
        {"run": "before", "requested_at": earlier, "is_running": False, "last_status": "failed"},
        {"run": "r", "is_running": False, "last_status": "success"},
    )

    assert (ending, said) == ("success", ["waits for a worker", "waits for a worker", "done"])


async def test_a_run_whose_place_a_later_one_took_has_ended() -> None:
    deployment = Deployment()
    later = deployment.clock() + timedelta(seconds=9)

    ending, _ = await watched_to_its_end(deployment, {"run": "later", "requested_at": later, "is_running": True})

    assert ending == "overtaken"


async def test_watching_ends_when_the_connection_is_paused() -> None:
    deployment = Deployment()
    connection = await deployment.connect(status="paused")
    seen = Seen()

    runs = [Watched("Account", "backfill", "r", None)]
    [look] = await watch(
        connection, runs, states=deployment.states, connections=deployment.connections, display=seen, pause=deployment.ports.pause
    )

    assert (look.ending, seen.said) == ("paused", ["Account: the connection is paused"])


async def test_what_runs_is_found_to_be_watched() -> None:
    deployment = Deployment()
    connection = await deployment.connect()
    await deployment.keep("Account", "backfill", is_running=True, run="b")
    await deployment.keep("Contact", "compare", is_running=True, run="c")

    found = await running(connection, ("Account", "Contact"), deployment.states)

    assert [(one.stream, one.kind, one.run) for one in found] == [("Account", "backfill", "b"), ("Contact", "compare", "c")]


async def test_a_watched_backfill_ends_with_what_became_of_each_stream() -> None:
    deployment = Deployment()
    await deployment.connect(streams=("Account",))
    typed = asyncio.create_task(deployment.run("backfill", ACME, "--watch", "--json"))
    while not requested(deployment):
        await asyncio.sleep(0)
    [request] = requested(deployment)
    end = {"is_running": False, "last_status": "failed", "last_error": "no right to read", "record_count": 3}
    await deployment.keep("Account", "backfill", run=request.run, requested_at=request.requested_at, **end)

    said = await typed

    assert said.code == 1
    [shown] = said.document
    assert (shown["stream"], shown["ended"], shown["recordCount"], shown["lastError"]) == ("Account", "failed", 3, "no right to read")


async def test_a_fresh_comparison_is_asked_for_and_shown_when_it_has_ended() -> None:
    deployment = Deployment()
    await deployment.connect(streams=("Account",))
    typed = asyncio.create_task(deployment.run("completeness", ACME, "--fresh", "--json"))
    while not requested(deployment):
        await asyncio.sleep(0)
    [request] = requested(deployment)
    report = {"vendorCount": 2, "storedCount": 2, "missing": 0, "extra": 0, "stale": 0, "pending": 0}
    end = {"is_running": False, "last_status": "success", "finished_at": deployment.clock(), "report": report}
    await deployment.keep("Account", "compare", run=request.run, requested_at=request.requested_at, **end)

    said = await typed

    assert request.kind == "compare"
    assert (said.code, said.document["isComplete"]) == (0, True)
    assert json.loads(said.out)["streams"][0]["comparison"]["vendorCount"] == 2
