"""The Slack webhook: how soon it answers under load, how soon an event is in its shard, and what is asked of Slack for it."""

from collections.abc import Mapping
from typing import Any, Final

from benchmarks import answers, slack_events
from benchmarks.answers import APART, BARE, BURST
from benchmarks.measurement import goal
from benchmarks.slack_events import Sizes

PER_SECOND: Final = 500
GOAL_RATIO: Final = 5.0
SIZES: Final = Sizes(paced=150, quiet=100, burst=1500, burst_channels=answers.BURST_CHANNELS, storm=1500)


async def measure(*, per_second: int, sizes: Sizes = SIZES) -> dict[str, Any]:
    """``per_second``: events, of the load under which answers are measured."""
    answered = await answers.measure(per_second=per_second)
    told = await slack_events.measure(sizes)
    return {"answers": answered, **told, "goals": _goals(answered, told["mixes"])}


def _goals(answered: Mapping[str, Any], mixes: Mapping[str, Any]) -> list[dict[str, Any]]:
    burst, apart = (round(answered[name]["p99_ms"] / answered[BARE]["p99_ms"], 2) for name in (BURST, APART))
    load = f"{answered['per_second']} events/s"
    most = max(mixes[name]["reads_of_a_channel_in_a_window_most"] for name in slack_events.MIXES)
    return [
        goal(f"p99 of the Slack webhook's answer ÷ a bare function's, {load} in a burst", burst, at_most=GOAL_RATIO),
        goal(f"p99 of the Slack webhook's answer ÷ a bare function's, {load} with a message each", apart, at_most=GOAL_RATIO),
        goal("events of Slack's that were answered and are on no queue", answered["missing"], at_most=0),
        goal("reads of a Slack channel in a window of its events, most", most, at_most=1),
        goal("calls that Slack refused", sum(mixes["refused"].values()), at_most=0),
    ]
