"""Slack tells of changes while the broker is dead, and a host dies in a read: what was answered 200 is here in the end."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.killed_slack import a_burst_meets_a_dead_broker, a_host_dies_in_a_read, own_slack

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_what_was_acknowledged_is_here_though_the_broker_died_in_a_burst_and_the_host_in_a_read(
    artefact: Path, tmp_path: Path
) -> None:
    async with own_slack(tmp_path / "run", artefact, channels=3, window=timedelta(seconds=2)) as slack:
        await a_burst_meets_a_dead_broker(slack, count=200, per_second=50, away=3.5)
        await slack.sent(60)
        tried_again = [attempt for attempt in slack.deliveries.ledger.calls if attempt.attempt]
        await a_host_dies_in_a_read(slack)
        await slack.settled(60)

        await slack.everything_is_here()
        assert tried_again, "the broker was not missed"
        assert slack.deliveries.lost == []


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_minute_of_500_changes_a_second_with_duplicates_and_a_dead_broker_is_here_with_one_read_of_a_channel_in_a_window(
    artefact: Path, tmp_path: Path
) -> None:
    window = timedelta(seconds=30)
    async with own_slack(tmp_path / "run", artefact, channels=10, window=window) as slack:
        began = slack.clock()
        await a_burst_meets_a_dead_broker(slack, count=30_000, per_second=500, duplicates=0.1, away=3)
        await slack.settled(1500)
        reads = slack.service.ledger.of("conversations.info")

        await slack.everything_is_here()
        windows = (max(call.at for call in reads) - slack.clock.ahead - began) // window + 1
        # One more for the windows that the burst began and ended in, and one for a read whose answer the dead broker did not take.
        assert {one: count for one, count in slack.reads().items() if count > windows + 2} == {}
