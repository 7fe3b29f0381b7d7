"""A source whose records have no versions: what is stored is compared with what the source shows of it."""

from datetime import timedelta
from typing import Any

import pytest

from devtools.fakes.samples import NOON, sample_shard
from ingestion.findings import Findings
from ingestion.sources.source import RecordVersion
from shared.access.acl import group, readers
from shared.gaps.gap import SEEN_EVERY, Gap
from tests.unit.ingestion.desk import CONNECTION, STREAM, TENANT, Desk

GRACE = timedelta(seconds=900)
JUST_NOW = NOON - GRACE + timedelta(seconds=1)
KNOWN = readers([group("script", "one/ada")])


@pytest.fixture
def desk() -> Desk:
    return Desk()


def shows(desk: Desk, **contents: dict[str, Any] | None) -> None:
    """What the source shows of these records, of which it says neither version nor moment."""
    desk.script.vendor |= {key: RecordVersion(None, None, content=content) for key, content in contents.items()}


async def compare(desk: Desk, run: str = "r1") -> Findings:
    await desk.read(desk.message("compare", run))
    return Findings.model_validate((await desk.state("compare")).report)


async def test_what_looks_as_it_is_stored_is_no_finding(desk: Desk) -> None:
    stored = await desk.store("a", acl=KNOWN)
    shows(desk, a=dict(stored.structured_data))

    assert await compare(desk) == Findings(vendor_count=1, stored_count=1)
    assert desk.events() == []


async def test_a_field_that_looks_otherwise_is_stale_and_the_record_is_read(desk: Desk) -> None:
    for key in "ab":
        await desk.store(key, acl=KNOWN)
    shows(desk, a={"name": "renamed"}, b={"name": sample_shard(TENANT).structured_data["name"]})

    assert (await compare(desk)).named == {"stale": ("a",)}
    assert desk.keys() == ["a"]


async def test_a_field_that_the_source_does_not_show_is_not_compared_and_nothing_shown_is_nothing_to_differ(desk: Desk) -> None:
    for key in "abc":
        await desk.store(key, acl=KNOWN)
    shows(desk, a={}, b=None, c={"never stored": None})

    assert (await compare(desk)).fault_count == 0


@pytest.mark.parametrize(("shown", "found"), [(None, 1), ("x", 1), (0, 1), (False, 1)])
async def test_nothing_is_another_thing_than_something(desk: Desk, shown: object, found: int) -> None:
    await desk.store("a", acl=KNOWN)
    shows(desk, a={"name": shown})

    assert (await compare(desk)).stale == found


async def test_a_shard_that_somebody_else_wrote_is_stale_whatever_it_looks_like(desk: Desk) -> None:
    tampered = await desk.store("a", acl=KNOWN, structured_data={"name": "Somebody else"})
    shows(desk, a=dict(tampered.structured_data))

    assert (await compare(desk)).stale == 1


async def test_what_was_seen_a_moment_ago_and_differs_is_pending_and_read_all_the_same(desk: Desk) -> None:
    """Nothing says whether its change is on its way, or was lost long ago and something else of it was heard since."""
    await desk.store("a", seen_at=JUST_NOW, acl=KNOWN)
    shows(desk, a={"name": "renamed"})

    found = await compare(desk)

    assert (found.pending, found.fault_count) == (1, 0)
    assert desk.keys() == ["a"]


async def test_what_the_source_says_changed_a_moment_ago_is_pending_too(desk: Desk) -> None:
    await desk.store("a", acl=KNOWN)
    desk.script.vendor = {"a": RecordVersion(None, JUST_NOW, content={"name": "renamed"})}

    found = await compare(desk)

    assert (found.pending, found.fault_count) == (1, 0)


async def test_what_is_missing_and_came_a_moment_ago_is_pending_and_read_all_the_same(desk: Desk) -> None:
    """The app was installed again a moment ago: what came just before that was told by nobody, and its gap is an old one."""
    desk.script.vendor = {"a": RecordVersion(None, JUST_NOW, content={"name": "new"}), "b": RecordVersion("1", JUST_NOW)}

    found = await compare(desk)

    assert (found.pending, found.fault_count) == (2, 0)
    assert desk.keys() == ["a"]


async def test_a_gap_is_not_closed_over_a_difference_that_nobody_mends(desk: Desk) -> None:
    """An event was lost an hour ago; of the same record something was heard just now."""
    await desk.store("a", seen_at=JUST_NOW, acl=KNOWN)
    shows(desk, a={"name": "renamed"})
    lost = Gap.found(tenant_id=TENANT, connection_id=CONNECTION, stream=STREAM, reason="events-lost", at=NOON - GRACE - SEEN_EVERY)
    await desk.pipeline.gaps.open(lost)

    await compare(desk)

    assert await desk.gaps() != [] or desk.keys() == ["a"]


async def test_a_record_with_a_version_and_content_is_judged_by_both(desk: Desk) -> None:
    long_ago = NOON - timedelta(days=1)
    for key in "abc":
        await desk.store(key, version="2", acl=KNOWN)
    name = str(sample_shard(TENANT).structured_data["name"])
    desk.script.vendor = {
        "a": RecordVersion("3", long_ago, content={"name": name}),
        "b": RecordVersion("2", long_ago, content={"name": "renamed"}),
        "c": RecordVersion("2", long_ago, content={"name": name}),
    }

    assert (await compare(desk)).named == {"stale": ("a", "b")}
