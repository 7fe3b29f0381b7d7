"""What the stand-ins for Service Bus and Cosmos DB can do, and who pays for it: client here, stand-in in a process of its own, on loopback.

Several short rounds, each with a fresh stand-in, with and without its journal in turns; told are medians, and how far the rounds lie apart.
The journal goes to the operating system before anything is acknowledged; nobody waits for the disk. The client is not ours and mostly
takes more processor time than the stand-in, so that rates say what a user will see, and processor time a call what the stand-in costs.
"""

import asyncio
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks import cosmos, machine_load, service_bus
from benchmarks.measurement import goal, say

MESSAGES: Final = 6_000
ROUNDS: Final = 5
SECONDS: Final = 0.5
"""Of each kind of call to Cosmos DB, a round."""


GOALS: Final[Mapping[str, int]] = {"sent in batches": 8_000, "received and completed": 3_000}
"""Messages a second."""


@dataclass(frozen=True)
class Sample:
    """One kind of call in one round; processor time is microseconds a call."""

    operation: str
    at_once: int | None
    keeps_journal: bool
    busy_cores_before: float | None
    per_second: float
    client_processor_us: float
    stand_in_processor_us: float


def measure(messages: int = MESSAGES, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, Any]:
    """``messages``: how many a round, a multiple of 200, which is a batch."""
    load_average = machine_load.load_average()
    bus, items = [], []
    for number in range(rounds):
        say(f"stand-ins: round {number + 1} of {rounds}")
        for keeps_journal in (True, False) if number % 2 else (False, True):
            bus += _bus_round(messages, keeps_journal=keeps_journal)
            items += _cosmos_round(seconds, keeps_journal=keeps_journal)
    rows = told(bus)
    return {
        "rounds": rounds,
        "load_average_before": load_average,
        "service_bus": {"messages": messages, "rows": rows},
        "cosmos": {"seconds": seconds, "rows": told(items)},
        "goals": [
            goal(f"messages a second {row['operation']}, with the journal", row["per_second"]["median"], at_least=GOALS[row["operation"]])
            for row in rows
            if row["keeps_journal"]
        ],
    }


def told(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Two rows for each kind of call, with the journal and without: medians of the rounds, the least and the most of what may vary."""
    kinds = dict.fromkeys((sample.operation, sample.at_once) for sample in samples)
    alike = (
        [sample for sample in samples if (sample.operation, sample.at_once, sample.keeps_journal) == (*kind, keeps_journal)]
        for kind in kinds
        for keeps_journal in (True, False)
    )
    return [_row(rounds) for rounds in alike if rounds]


def _row(alike: Sequence[Sample]) -> dict[str, Any]:
    client = statistics.median(sample.client_processor_us for sample in alike)
    stand_in = statistics.median(sample.stand_in_processor_us for sample in alike)
    busy = [sample.busy_cores_before for sample in alike if sample.busy_cores_before is not None]
    rates = [sample.per_second for sample in alike]
    return {
        "operation": alike[0].operation,
        "at_once": alike[0].at_once,
        "keeps_journal": alike[0].keeps_journal,
        "per_second": _spread(rates),
        "client_processor_us": round(client, 1),
        "stand_in_processor_us": round(stand_in, 1),
        "stand_in_share": round(stand_in / (client + stand_in), 2),
        "busy_cores_before": _spread(busy) if busy else None,
    }


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 2), "least": min(values), "most": max(values)}


def _bus_round(messages: int, *, keeps_journal: bool) -> list[Sample]:
    busy = machine_load.busy_cores()
    figures = service_bus.measure(messages, keeps_journal=keeps_journal)
    return [
        Sample(
            operation=operation,
            at_once=None,
            keeps_journal=keeps_journal,
            busy_cores_before=busy,
            per_second=figures[name]["messages_per_second"],
            client_processor_us=figures[name]["client_processor_us"],
            stand_in_processor_us=figures[name]["stand_in_processor_us"],
        )
        for name, operation in zip(("sent", "received_and_completed"), GOALS, strict=True)
    ]


def _cosmos_round(seconds: float, *, keeps_journal: bool) -> list[Sample]:
    busy = machine_load.busy_cores()
    figures = asyncio.run(cosmos.measure(seconds=seconds, keeps_journal=keeps_journal))
    return [
        Sample(
            operation=figure.operation,
            at_once=figure.at_once,
            keeps_journal=keeps_journal,
            busy_cores_before=busy,
            per_second=figure.per_second,
            client_processor_us=figure.client_processor_us,
            stand_in_processor_us=figure.stand_in_processor_us,
        )
        for figure in figures
    ]
