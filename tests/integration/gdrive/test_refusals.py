"""What Google refuses, by its reason: some of it says "later", some "not this", and some that a person must act."""

import json

import pytest
from httpx2 import Request

from devtools.fakes.polled_drive import ADA, BOB
from ingestion.sources.gdrive.fields import file_fields
from ingestion.sources.gdrive.quota import DAILY_PAUSE_SECONDS, FIRST_PAUSE_SECONDS
from shared.errors import ConfigurationError, DependencyUnavailable, RateLimited, StreamUnreadable
from shared.telemetry.names import Metric
from tests.integration.gdrive.conftest import Sales
from tests.integration.gdrive.worlds import ADAS, BOBS, Wire, Workspace

RATES = ["user-rate-limit-exceeded", "rate-limit-exceeded", "sharing-rate-limit-exceeded"]
ACCESS = ["insufficient-file-permissions", "app-not-authorized-to-file", "team-drive-membership-required"]


@pytest.mark.parametrize("variant", RATES)
@pytest.mark.parametrize("status", [403, 429])
async def test_a_rate_that_is_exceeded_is_a_pause(world: Workspace, variant: str, status: int) -> None:
    world.fails("refuse", "changes", status=status, variant=variant)
    with pytest.raises(RateLimited) as raised:
        await world.read(ADAS)
    assert FIRST_PAUSE_SECONDS / 2 <= raised.value.retry_after_seconds <= FIRST_PAUSE_SECONDS


async def test_a_pause_is_as_long_as_the_vendor_says(world: Workspace) -> None:
    world.fails("refuse", "changes", status=429, variant="rate-limit-exceeded", retry_after_seconds=77)
    with pytest.raises(RateLimited) as raised:
        await world.read(ADAS)
    assert raised.value.retry_after_seconds == 77


async def test_a_day_that_is_used_up_is_an_hour_for_everybody(world: Workspace) -> None:
    world.fails("refuse", "changes", status=403, variant="daily-limit-exceeded")
    for stream in (ADAS, BOBS):
        with pytest.raises(RateLimited) as raised:
            await world.read(stream)
        assert raised.value.retry_after_seconds == DAILY_PAUSE_SECONDS
    assert world.counts() == {"changes": 1}


@pytest.mark.parametrize("variant", ACCESS)
async def test_what_somebody_may_not_see_is_no_pause(world: Workspace, variant: str) -> None:
    world.fails("refuse", "changes", status=403, variant=variant)
    with pytest.raises(StreamUnreadable):
        await world.read(ADAS)
    assert (await world.read(ADAS)).gaps == []


@pytest.mark.parametrize("variant", ACCESS)
async def test_a_drive_that_is_closed_to_its_reader_asks_for_the_drives(sales: Sales, variant: str) -> None:
    sales.world.fails("refuse", "changes", status=403, variant=variant)
    run = await sales.world.read(sales.stream)
    assert (run.gaps, run.asks, run.gone) == (["not-readable"], {("drives", "changes")}, [])


async def test_a_policy_of_the_domain_is_named(sales: Sales) -> None:
    for stream in (ADAS, sales.stream):
        sales.world.fails("refuse", "changes", status=403, variant="domain-policy")
        with pytest.raises(StreamUnreadable, match="domainPolicy: a policy of the domain"):
            await sales.world.read(stream)


@pytest.mark.parametrize(("status", "variant"), [(500, "internal-error"), (503, "backend-error"), (502, "error-page")])
async def test_an_outage_is_for_later(world: Workspace, status: int, variant: str) -> None:
    world.fails("refuse", "changes", status=status, variant=variant)
    with pytest.raises(DependencyUnavailable):
        await world.read(ADAS)


@pytest.mark.parametrize(("kind", "variant"), [("malformed", "error-page"), ("malformed", "cut-off"), ("drop", None)])
async def test_an_answer_that_cannot_be_read_is_for_later_and_the_cursor_stays(world: Workspace, kind: str, variant: str | None) -> None:
    file = world.drive.create_file("a.txt", by=ADA)
    world.fails(kind, "changes", **({"variant": variant} if variant else {}))
    with pytest.raises(DependencyUnavailable):
        await world.read(ADAS)
    assert (await world.read(ADAS)).files.keys() == {file.id}


async def test_a_scope_that_is_missing_is_for_a_person(world: Workspace) -> None:
    world.fails("refuse", "changes", status=403, variant="insufficient-permissions")
    with pytest.raises(ConfigurationError, match="lacks a scope"):
        await world.read(ADAS)


# Pauses, shared by workers


async def test_a_pause_of_one_person_holds_for_every_worker_and_for_nobody_else(world: Workspace) -> None:
    world.google.quota.limit(ADA, 0)
    other = world.new_poller(world.http)
    for poller in (world.poller, other):
        with pytest.raises(RateLimited):
            await world.read(ADAS, poller=poller)
    assert world.counts()["changes"] == 1
    assert (await world.read(BOBS)).gaps == []


async def test_the_quota_of_the_project_pauses_each_person_who_meets_it(world: Workspace) -> None:
    world.google.quota.project(1)
    await world.read(ADAS)
    with pytest.raises(RateLimited):
        await world.read(BOBS)


async def test_after_a_pause_the_next_is_longer_and_after_an_answer_short_again(world: Workspace) -> None:
    world.google.quota.limit(ADA, 0)
    waits = []
    for _ in range(9):
        with pytest.raises(RateLimited) as raised:
            await world.read(ADAS)
        waits.append(raised.value.retry_after_seconds)
        world.clock.advance(seconds=waits[-1])
    assert all(5 * 2**n / 2 <= wait <= 5 * 2**n for n, wait in enumerate(waits[:6]))
    assert all(150 <= wait <= 300 for wait in waits[6:])
    world.google.quota.limit(ADA, None)
    await world.read(ADAS)
    world.google.quota.limit(ADA, 0)
    with pytest.raises(RateLimited) as raised:
        await world.read(ADAS)
    assert raised.value.retry_after_seconds <= FIRST_PAUSE_SECONDS


# What is asked


async def test_every_request_asks_for_exactly_the_fields_it_needs(sales: Sales) -> None:
    wire, world = Wire(), sales.world
    file = world.drive.create_file("a.txt", parent=sales.drive.id, by=ADA)
    world.drive.share(file.id, BOB)
    async with wire.client() as http:
        poller = world.new_poller(http)
        connection = await world.connection()
        await world.pipeline.connections.replace(connection.model_copy(update={"streams": (*connection.streams, "groups")}))
        for stream in ("drives", ADAS, sales.stream, "groups"):
            await world.read(stream, poller=poller)
        for stream in (ADAS, sales.stream):
            await world.read(stream, "backfill", poller=poller)
            await world.repair(stream, poller=poller)
        await poller.check(await world.connection())
    asked = [request for request in wire.requests if request.method == "GET"]
    assert len(asked) > 10
    assert all(fields_of(request) and "*" not in fields_of(request) for request in asked)
    assert {"/drive/v3", "/admin/di"} == {request.url.path[:9] for request in asked}
    assert all(f"file({file_fields()})" in fields_of(one) for one in asked if one.url.path == "/drive/v3/changes")


async def test_changes_are_asked_for_in_all_drives_and_in_the_largest_pages(sales: Sales) -> None:
    wire = Wire()
    async with wire.client() as http:
        await sales.world.read(sales.stream, poller=sales.world.new_poller(http))
    (asked,) = [request for request in wire.requests if request.url.path == "/drive/v3/changes"]
    said = dict(asked.url.params)
    wanted = ("includeItemsFromAllDrives", "supportsAllDrives", "includeRemoved", "includeCorpusRemovals")
    assert [said[name] for name in wanted] == ["true"] * 4
    assert (said["pageSize"], said["driveId"]) == ("1000", sales.drive.id)


async def test_requests_are_counted_by_operation_and_outcome(world: Workspace) -> None:
    metrics = world.pipeline.metrics
    before = metrics.total(Metric.SOURCE_REQUESTS, source="gdrive", operation="changes")
    await world.read(ADAS)
    world.fails("refuse", "changes", status=503)
    with pytest.raises(DependencyUnavailable):
        await world.read(ADAS)
    assert metrics.total(Metric.SOURCE_REQUESTS, source="gdrive", operation="changes") == before + 2
    assert metrics.total(Metric.SOURCE_REQUESTS, operation="changes", outcome="DependencyUnavailable") == 1


async def test_no_error_holds_a_token_a_secret_or_an_address(world: Workspace) -> None:
    secrets = [*world.pipeline.secrets.values.values()]
    private = json.loads(secrets[0])["private_key"][40:80]
    for status, variant in [
        (403, "domain-policy"),
        (403, "user-rate-limit-exceeded"),
        (500, "internal-error"),
        (403, "insufficient-permissions"),
    ]:
        world.fails("refuse", "changes", status=status, variant=variant)
        with pytest.raises(Exception, match="Google Drive") as raised:
            await world.read(ADAS)
        world.clock.advance(seconds=400)
        assert not any(word in str(raised.value) for word in (private, "ya29", ADA, "127.0.0.1"))


def fields_of(request: Request) -> str:
    """What a request asks for."""
    return str(request.url.params.get("fields", ""))
