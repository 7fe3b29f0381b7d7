"""What is not known to be complete is one gap per tenant, connection, stream and reason."""

from datetime import UTC, datetime
from typing import Any

import pytest

from devtools.fakes.stores import InMemoryGaps
from shared.gaps.gap import Gap

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 21, 13, tzinfo=UTC)


def gap(**changes: Any) -> Gap:
    said: dict[str, Any] = {
        "tenant_id": "tenant-1",
        "connection_id": "salesforce:00D",
        "stream": "Opportunity",
        "reason": "acl-unknown",
        "at": NOON,
    }
    return Gap.found(**{**said, **changes})


def test_finding_a_gap_again_finds_the_same() -> None:
    assert gap().id == gap(at=LATER).id == "8a1245f12f278a643d90ab3d12877d8c"


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": "tenant-2"},
        {"connection_id": "salesforce:00E"},
        {"stream": "Account"},
        {"reason": "partial-out-of-order"},
        {"connection_id": "salesforce:00DO", "stream": "pportunity"},
    ],
    ids=str,
)
def test_a_gap_that_differs_in_this_is_another(changes: dict[str, Any]) -> None:
    assert gap(**changes).id != gap().id


def test_a_gap_is_open_since_it_was_found() -> None:
    assert gap().model_dump(mode="json", by_alias=True) == {
        "id": gap().id,
        "tenantId": "tenant-1",
        "connectionId": "salesforce:00D",
        "stream": "Opportunity",
        "reason": "acl-unknown",
        "openedAt": "2026-11-21T12:00:00.000000Z",
        "seenAt": "2026-11-21T12:00:00.000000Z",
        "closedAt": None,
        "status": "open",
    }


async def test_a_gap_found_again_keeps_the_moment_it_was_opened() -> None:
    gaps = InMemoryGaps()

    await gaps.open(gap())
    await gaps.open(gap(at=LATER))

    assert [(found.opened_at, found.seen_at) for found in gaps.known.values()] == [(NOON, LATER)]
