"""The benchmark of the stand-ins measures what it says, and tells medians of its rounds."""

import pytest

from benchmarks import stand_ins
from benchmarks.sections.stand_ins import lines
from benchmarks.stand_ins import Sample, told

pytestmark = pytest.mark.integration


def test_every_kind_of_call_is_measured_with_and_without_the_journal() -> None:
    figures = stand_ins.measure(messages=200, rounds=1, seconds=0.1)

    bus, cosmos = figures["service_bus"]["rows"], figures["cosmos"]["rows"]
    assert [(row["operation"], row["keeps_journal"]) for row in bus] == [
        ("sent in batches", True),
        ("sent in batches", False),
        ("received and completed", True),
        ("received and completed", False),
    ]
    assert [(row["operation"], row["at_once"], row["keeps_journal"]) for row in cosmos] == [
        ("upsert", 1, True),
        ("upsert", 1, False),
        ("upsert", 16, True),
        ("upsert", 16, False),
        ("point read", 1, True),
        ("point read", 1, False),
        ("point read", 16, True),
        ("point read", 16, False),
    ]
    assert all(row["per_second"]["least"] > 0 and row["client_processor_us"] > 0 for row in [*bus, *cosmos])
    assert [(line["measure"], line["at_least"]) for line in figures["goals"]] == [
        ("messages a second sent in batches, with the journal", 8_000),
        ("messages a second received and completed, with the journal", 3_000),
    ]
    assert len([line for line in lines(figures) if line.startswith(("| sent", "| received", "| upsert", "| point read"))]) == 12


def test_a_row_tells_the_median_of_its_rounds_and_how_far_they_lie_apart() -> None:
    rounds = [(900.0, 1_000.0, 250.0, 0.1), (4_000.0, 3_000.0, 1_000.0, 2.0), (1_000.0, 600.0, 200.0, None)]

    [row] = told(
        [
            Sample(
                "upsert",
                16,
                keeps_journal=True,
                busy_cores_before=busy,
                per_second=rate,
                client_processor_us=client,
                stand_in_processor_us=stand_in,
            )
            for rate, client, stand_in, busy in rounds
        ]
    )

    assert row == {
        "operation": "upsert",
        "at_once": 16,
        "keeps_journal": True,
        "per_second": {"median": 1_000.0, "least": 900.0, "most": 4_000.0},
        "client_processor_us": 1_000.0,
        "stand_in_processor_us": 250.0,
        "stand_in_share": 0.2,
        "busy_cores_before": {"median": 1.05, "least": 0.1, "most": 2.0},
    }
