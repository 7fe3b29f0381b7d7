"""All that a source has against all that is stored, a range of keys at a time: what is missing, extra or stale, and its repair.

Memory grows with one range and not with the stream. Two records are the same when their versions are; a shard whose content is not what
its stamp says was written by somebody else, and is stale too. What is younger than the grace may still be on its way, and is counted as
pending.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ingestion.findings import MOST_NAMED, Fault, Findings
from ingestion.sources.source import Page, Poller, Reading, RecordVersion, Versions
from shared.access.acl import ADMINS_ONLY
from shared.connections.connection import Connection
from shared.errors import DependencyUnavailable
from shared.gaps.gap import Gaps
from shared.shards.model import Shard
from shared.shards.record_index import RecordIndex
from shared.streams.state import StreamState


@dataclass
class Window:
    """What one range of keys showed."""

    versions: Versions
    settled_before: datetime
    """What changed later is not judged."""
    faults: dict[str, Fault]
    """The record's key → what is wrong."""
    findings: Findings
    unsure: set[str] = field(default_factory=set)
    """Keys of pending ones of a source without versions: read all the same, or a gap would be closed that stands for one."""

    def judge(self, key: str, fault: Fault, changed_at: datetime | None) -> None:
        """Note a difference."""
        if changed_at is not None and changed_at > self.settled_before:
            self.findings = self.findings.plus(Findings(pending=1))
        else:
            self.faults[key] = fault

    def count_faults(self) -> None:
        """Count and name what was noted, in the order of keys: the store gives shards in none, and the same faults must look the same."""
        for fault, count in Counter(self.faults.values()).items():
            keys = sorted(key for key, found in self.faults.items() if found == fault)
            self.findings = self.findings.plus(Findings.model_validate({fault: count, "named": {fault: keys[:MOST_NAMED]}}))


async def window(reading: Reading, after: str | None, *, poller: Poller, index: RecordIndex, grace: timedelta) -> Window:
    """Compare one range: all keys above ``after``, as far as the source's page goes.

    Raises:
        TransientError: the source or the store cannot now; and the others of ``Poller.versions``.
    """
    versions = await poller.versions(reading.connection, reading.stream, after=after)
    if after is not None and versions.up_to is not None and versions.up_to <= after:
        raise DependencyUnavailable(f"{reading.stream}: the source gives one range again and again")
    seen = Window(versions, versions.read_at - grace, {}, Findings(vendor_count=len(versions.by_key)))
    missing = dict(versions.by_key)
    stored_count = unknown_readers = 0
    async for stored in index.between(poller.record_kind(reading.connection, reading.stream), after=after, up_to=versions.up_to):
        if stored.shard.is_gone:
            if _seen_at(stored.shard) > seen.settled_before and missing.pop(stored.external_id, None) is not None:
                seen.findings = seen.findings.plus(Findings(pending=1))  # deleted since the source was asked, or revived since
            continue
        version = missing.pop(stored.external_id, None)
        if version is None:
            seen.judge(stored.external_id, "extra", _seen_at(stored.shard))
            continue
        stored_count += 1
        unknown_readers += stored.shard.acl == ADMINS_ONLY
        if _is_stale(stored.shard, version):
            seen.judge(stored.external_id, "stale", version.changed_at)
        elif _differs(stored.shard, version):
            # Nothing says when it changed. What was seen lately changes often, and the next change may be on its way.
            seen.judge(stored.external_id, "stale", max(version.changed_at or _seen_at(stored.shard), _seen_at(stored.shard)))
            seen.unsure |= {stored.external_id} - seen.faults.keys()
    for key, version in missing.items():
        seen.judge(key, "missing", version.changed_at)
        if version.content is not None:  # it may have come while nothing was pushed, however lately
            seen.unsure |= {key} - seen.faults.keys()
    seen.count_faults()
    seen.findings = seen.findings.plus(Findings(stored_count=stored_count, unknown_readers=unknown_readers))
    return seen


async def compared(reading: Reading, *, poller: Poller, index: RecordIndex, grace: timedelta) -> Page:
    """One range as a page: its events are the repair, its cursor ends with what was found so far. Raises as ``window``."""
    cursor = reading.cursor or {}
    after = cursor.get("after")
    seen = await window(reading, after if isinstance(after, str) else None, poller=poller, index=index, grace=grace)
    keys = sorted(seen.unsure.union(seen.faults))
    events = await poller.records(reading, keys) if keys else ()
    return Page(
        events=events,
        cursor={"after": seen.versions.up_to, "found": Findings.model_validate(cursor.get("found", {})).plus(seen.findings).report()},
        is_last=seen.versions.up_to is None,
        total_count=seen.versions.total_count,
    )


async def close_gaps(state: StreamState, found: Findings, *, connection: Connection, gaps: Gaps, grace: timedelta, at: datetime) -> None:
    """Close the stream's gaps that a finished comparison saw to the end. None, if it found anything: its repair is still on its way. None
    that is younger than the grace either: what it stands for was not judged.

    Raises:
        TransientError: the store cannot now.
    """
    if found.fault_count or state.started_at is None:
        return
    for gap in await gaps.open_ones(connection.tenant_id, connection.id):
        is_mended = gap.reason != "acl-unknown" or not found.unknown_readers
        if gap.stream == state.stream and is_mended and gap.is_closed_by(state.started_at - grace):
            await gaps.close(gap, at=at)


def found_by(state: StreamState) -> Findings:
    """What the comparison of a state found so far."""
    return Findings.model_validate((state.cursor or {}).get("found", {}))


def is_to_be_repeated(found: Findings, before: Findings | None) -> bool:
    """Whether to compare once more: something was found, and not the same as the last time, which would be beyond its mending."""
    return found.fault_count > 0 and not found.has_same_faults(before)


def _is_stale(shard: Shard, version: RecordVersion) -> bool:
    stamp = shard.normalization
    if stamp is None:
        return True
    theirs = version.vendor_version
    is_older = theirs is not None and (stamp.vendor_version is None or stamp.vendor_version < theirs)
    is_partial = version.is_whole and stamp.coverage != "complete"
    return is_older or is_partial or not shard.is_as_stamped


def _differs(shard: Shard, version: RecordVersion) -> bool:
    """Whether a record without versions looks otherwise at its source."""
    content = version.content or {}
    return any(shard.structured_data.get(name) != value for name, value in content.items())


def _seen_at(shard: Shard) -> datetime:
    return shard.normalization.observed_at if shard.normalization else shard.updated_at
