"""The second source that is polled: what is its own, and that three lines are all it takes."""

import json
from pathlib import Path
from typing import Any

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from ingestion import functions
from shared.contracts.ingestion import IngestionEvent
from tests.contract.tiny_source import lines

FIXTURES = Path(__file__).parent / "tiny_source" / "fixtures"


@pytest.mark.usefixtures("tiny_source_is_known")
async def test_the_card_a_vendor_gives_becomes_this_shard() -> None:
    pipeline = InMemoryPipeline()
    event = IngestionEvent.from_object(part("card.event.json"))

    await pipeline.publisher.publish(event)
    await pipeline.run()

    [shard] = pipeline.shards.all()
    stored = shard.document()
    stored["normalization"]["conversionVersion"] = "of the table"
    assert stored == part("card.shard.json")
    assert event.payload == part("card.json")


def part(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def test_the_binding_of_a_polled_source_is_a_timer_like_that_of_the_others() -> None:
    bindings = {function.get_function_name(): timers(function) for function in (*built(functions.light), *built(lines.light))}

    assert bindings["ingestion-cards-poll"] == bindings["ingestion-salesforce-poll"]
    assert bindings["ingestion-cards-poll"]


def built(blueprint: Any) -> list[Any]:
    return [builder.build() for builder in blueprint._function_builders]


def timers(function: Any) -> list[Any]:
    bindings: list[Any] = json.loads(function.get_function_json())["bindings"]
    return [binding for binding in bindings if binding["type"] == "timerTrigger"]
