"""The benchmark of the Cosmos stand-in measures what it says."""

import pytest

from devtools.emulators.cosmos.bench import measure

pytestmark = pytest.mark.integration


async def test_every_kind_of_call_is_measured_alone_and_sixteen_at_once() -> None:
    figures = await measure(seconds=0.1)

    assert [(figure.operation, figure.concurrency) for figure in figures] == [
        ("upsert", 1),
        ("upsert", 16),
        ("point read", 1),
        ("point read", 16),
    ]
    assert all(figure.per_second > 0 and figure.client_ms > 0 and figure.stand_in_ms >= 0 for figure in figures)
