"""The page's words about the Slack webhook."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

KINDS: Final = {
    "bare": "a function that only answers",
    "apart": "the webhook, each event of another channel",
    "burst": "the webhook, a burst of mixed changes of {burst_channels} channels",
}
MIXES: Final = {
    "quiet": "quiet: each of another channel, a quarter of them people who join",
    "burst": "burst: mixed changes, 500 events a second, a tenth of them told twice",
    "storm": "storm: people who join and leave one channel, 500 a second",
}


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    answers = figures["answers"]
    yield "## The Slack webhook"
    yield ""
    yield (
        f"{answers['per_second']} calls a second by the clock, {answers['seconds']:g} s a turn, {answers['rounds']} rounds in turns, from "
        "a process of its own; an answer is late from the moment its call was due. The calls are those of the pretend Slack, signed. The "
        "function that only answers runs in a second host of the same kind and gets the same calls. An answer of the webhook means that "
        "the event is on the queue: events of as many channels need a message each, of a burst most are told by the message of the end of "
        "their window, which is there already. The app's other functions are off. Host, broker and caller share the cores."
    )
    yield from ("", "| | p50, p95, p99, most ms | p99 of each round | host µs a call | sends, messages a call |", "|---|---|---|---|---|")
    for name, said in KINDS.items():
        row = answers[name]
        taken = f"{row['p50_ms']}, {row['p95_ms']}, **{row['p99_ms']}**, {row['most_ms']}"
        rounds = ", ".join(map(str, row["p99_ms_by_round"]))
        sent = f"{row['sends_per_event']}, {row['messages_per_event']}"
        yield f"| {said.format(**answers)} | {taken} | {rounds} | {row['host_processor_us']} | {sent} |"
    yield from (
        "",
        "A host of one process answers all calls here, beside the broker and the caller on the same two cores. With a message for each "
        "event it is busy most of the time, so whatever holds it up for a moment makes a line: rounds differ by a factor of thirty, and "
        "their p99 says where one such host ends, rather than how long an answer takes.",
    )
    late = max(answers[name]["caller_late_ms_most"] for name in KINDS)
    yield ""
    yield f"The caller itself sent no request later than {late} ms after it was due, waits for a free connection included."
    yield from _to_the_shard(figures["paced"])
    yield from _asked(figures["mixes"])


def _to_the_shard(paced: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "### From an event to its shard", "")
    yield (
        f"{paced['events']} events of as many known channels, {paced['per_second']} a second: from the moment a call was due to the line "
        "that says that the shard is stored. Webhook, reading and normalization are one process; what follows the shard is off."
    )
    yield from ("", "| | events | p50, p95, most ms |", "|---|---|---|")
    for name, said in (("carried", "the event says enough"), ("read", "the channel has to be read: its members changed")):
        row = paced[name]
        yield f"| {said} | {row['events']} | {row['p50_ms']}, **{row['p95_ms']}**, {row['most_ms']} |"


def _asked(mixes: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "### What Slack is asked", "")
    yield (
        "Counted by the pretend Slack, which has the vendor's limits; the three are workspaces of their own and run beside each other, "
        f"until nothing is to be read any more: {mixes['seconds']} s."
    )
    yield from ("", "| mix | events | calls | calls per 1,000 events |", "|---|---|---|---|")
    for name, said in MIXES.items():
        row = mixes[name]
        calls = ", ".join(f"{count} {operation}" for operation, count in row["calls"].items())
        yield f"| {said} | {row['events']:,} | {calls} | **{row['calls_per_1000']}** |"
