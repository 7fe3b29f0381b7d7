"""One trace from a vendor's call to the vectors, over two deployments, as a collector is told it; with the measurements and the lines."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.environment import Environment, running_environment, until
from tests.e2e.tenants import Tenant
from tests.integration.telemetry.places import Place, running

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

CHOSEN = "4bf92f3577b34da6a3ce929d0e0e4736"
FORGED = {"traceparent": f"00-{CHOSEN}-00f067aa0ba902b7-01"}
STAGES = ["IngestionEvent", "ShardEmitted", "EnrichmentDone", "EmbeddingRequested"]


class Seen:
    """One call, and what the collector was told of it."""

    def __init__(self, environment: Environment, collector: Place, tenant: Tenant) -> None:
        self.environment = environment
        self.collector = collector
        self.tenant = tenant
        self.record_name = "Quillon Lanterns of the Harbour"

    async def call(self) -> None:
        """A record is told, and everything that follows has happened and was exported."""
        account = self.tenant.org.create("Account", Name=self.record_name, Description="They make lanterns.")
        reply = await self.environment.post(self.tenant.url, self.tenant.message(self.tenant.action("Account"), account))
        assert reply.is_acknowledged
        await self.environment.drained()

        async def is_told() -> bool:
            lines = [line["attributes"].get("queue") for line in self.collector.lines()]
            return "embedding-jobs" in lines and len(self.spans("handle message")) == len(STAGES)

        await until(is_told, 40)

    @property
    def trace(self) -> str:
        """The trace of the call."""
        [webhook] = self.spans("webhook")
        return str(webhook["traceId"])

    def spans(self, name: str) -> list[dict[str, Any]]:
        return sorted(
            (span for span in self.collector.spans() if span["name"] == name and "host_trace" not in span["attributes"]),
            key=lambda span: int(span["startTimeUnixNano"]),
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def seen(artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seen]:
    with running() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
        async with running_environment(tmp_path_factory.mktemp("traced"), artefact, settings=settings, is_in_two=True) as environment:
            one = Seen(environment, collector, await environment.tenant())
            await one.call()
            yield one


async def test_every_stage_is_a_step_of_the_call_s_trace_in_the_deployment_it_runs_in(seen: Seen) -> None:
    [webhook], steps = seen.spans("webhook"), seen.spans("handle message")

    assert [step["attributes"]["type"] for step in steps] == STAGES
    assert {step["traceId"] for step in steps} == {seen.trace}
    assert [step["parentSpanId"] for step in steps] == [span["spanId"] for span in (webhook, *steps[:-1])]
    assert [step["service"] for step in (webhook, *steps)] == [*["shardline-light"] * 4, "shardline-heavy"]
    assert [step["attributes"]["outcome"] for step in steps] == ["stored", "stored", "passed", "stored"]
    assert {step["attributes"]["source"] for step in (webhook, *steps)} == {"salesforce"}
    assert len(seen.spans("send")) >= 4
    assert len(seen.spans("model call")) == 1


async def test_the_host_s_own_span_is_the_parent_of_ours(seen: Seen) -> None:
    [webhook] = seen.spans("webhook")

    assert webhook.get("parentSpanId")


async def test_a_stranger_s_trace_is_named_and_not_joined(seen: Seen) -> None:
    await seen.environment.post(seen.tenant.url.rpartition("/")[0] + "/nobody-s-key", b"<none/>", FORGED)

    def forged() -> list[dict[str, Any]]:
        return [span for span in seen.collector.spans() if span["attributes"].get("host_trace") == CHOSEN]

    async def is_told() -> bool:
        return bool(forged())

    await until(is_told, 40)
    [webhook] = forged()
    assert (webhook["name"], webhook.get("parentSpanId", "")) == ("webhook", "")
    assert CHOSEN not in {span["traceId"] for span in seen.collector.spans()}


@pytest.mark.long
async def test_what_was_measured_says_stages_sources_lags_and_what_the_store_charged(seen: Seen) -> None:
    async def is_told() -> bool:
        return bool(seen.collector.points("shardline.lag.vector")) and bool(seen.collector.points("shardline.cosmos.request_units"))

    await until(is_told, 40)  # measurements are sent every fifteen seconds
    handled = [point["attributes"] for point in seen.collector.points("shardline.messages.handled")]
    charged = [point["attributes"] for point in seen.collector.points("shardline.cosmos.request_units")]
    [lag] = [point["attributes"] for point in seen.collector.points("shardline.lag.shard")][:1]

    assert {(one["type"], one["source"]) for one in handled} == {(stage, "salesforce") for stage in STAGES}
    assert ("shards", "create") in {(one["container"], one["operation"]) for one in charged}
    assert lag == {"source": "salesforce", "pace": "live"}


async def test_the_lines_are_in_the_trace_with_ids_and_without_anything_of_the_record(seen: Seen) -> None:
    lines = [line for line in seen.collector.lines() if line["body"]["stringValue"] == "message handled"]
    told = repr(seen.collector.requests)

    assert {line["traceId"] for line in lines} == {seen.trace}
    assert {line["attributes"]["tenant"] for line in lines} == {seen.tenant.id}
    assert "Quillon" not in told
    assert seen.tenant.url.rpartition("/")[2] not in told, "the secret key of the webhook's path"


async def test_what_is_exported_is_not_said_to_the_host_as_well(seen: Seen) -> None:
    assert [line for line in seen.environment.new_log_lines() if line["message"] == "message handled"] == []
