"""The page's words about the stand-ins for Service Bus and Cosmos DB."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    bus, cosmos = figures["service_bus"], figures["cosmos"]
    yield "## The stand-ins"
    yield ""
    yield (
        "Through the unmodified clients, each stand-in in a process of its own, on loopback. "
        f"{figures['rounds']} rounds, each with a fresh stand-in, with and without its journal in turns: the median, and in brackets the "
        "least and the most. The journal goes to the operating system before anything is acknowledged; nobody waits for the disk. "
        "Processor time, user and system, is that of a message or a call, on each side; the share is the stand-in's of both together. "
        "The last column is how many cores others kept busy just before the rounds began"
        f"{_load(figures['load_average_before'])}: where it is far from 0, rates are those of a busy machine."
    )
    yield ""
    yield (
        f"Service Bus: {bus['messages']:,} messages of 1 KB a round, sent in batches as large as they may be, then received a hundred "
        "at a time and completed one by one, with the client's synchronous face."
    )
    yield from _table("messages", "µs", bus["rows"])
    yield ""
    yield f"Cosmos DB: items of 1 KB, {cosmos['seconds']} s of each kind of call a round, with the client's asynchronous face."
    yield from _table("calls", "ms", cosmos["rows"])


def _load(average: float | None) -> str:
    return "" if average is None else f" (load average of the minute before the first: {average})"


def _table(calls: str, unit: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield ""
    yield f"| {calls} | journal | a second | client {unit} | stand-in {unit} | stand-in's share | busy before |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        told = row["operation"] + (f", {row['at_once']} at once" if row["at_once"] else "")
        costs = [_cost(row[f"{side}_processor_us"], unit) for side in ("client", "stand_in")]
        cells = [
            told,
            "yes" if row["keeps_journal"] else "no",
            _spread(row["per_second"]),
            *costs,
            f"{round(100 * row['stand_in_share'])} %",
        ]
        yield f"| {' | '.join(cells)} | {_spread(row['busy_cores_before'])} |"


def _cost(microseconds: float, unit: str) -> str:
    return f"{microseconds / 1000:.2f}" if unit == "ms" else f"{microseconds:.0f}"


def _spread(values: Mapping[str, float] | None) -> str:
    return "–" if values is None else f"**{values['median']:,}** ({values['least']:,} to {values['most']:,})"
