"""The deployed app loads: in the local host, and in Microsoft's own runtime."""

import asyncio
from pathlib import Path

import pytest

from devtools.host.official_runtime import environment as official_environment
from devtools.host.official_runtime import load_in_official_runtime
from tests.e2e.environment import Environment

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

FUNCTIONS = {
    "ingestion-salesforce-webhook": ("http", "POST /api/webhooks/salesforce/{key}"),
    "ingestion-salesforce-poll": ("timer", "0 */5 * * * *"),
    "ingestion-gdrive-poll": ("timer", "0 */10 * * * *"),
    "ingestion-slack-webhook": ("http", "POST /api/webhooks/slack"),
    "ingestion-slack-poll": ("timer", "0 */10 * * * *"),
    "sync-inbound-worker": ("service bus", "sync-inbound"),
    "sync-inbound-bulk-worker": ("service bus", "sync-inbound-bulk"),
    "telemetry-measure": ("timer", "30 */5 * * * *"),
    "normalization-processor": ("service bus", "ingestion-events"),
    "normalization-bulk-processor": ("service bus", "ingestion-events-bulk"),
    "enrichment-processor": ("service bus", "shard-emission"),
    "embedding-pipeline": ("service bus", "enrichment-jobs"),
    "search": ("http", "GET /api/v1/search"),
    "connections-list": ("http", "GET /api/v1/connections"),
    "connections-completeness": ("http", "GET /api/v1/connections/{id}/completeness"),
    "suggested-links-list": ("http", "GET /api/v1/suggested-links"),
    "suggested-links-approve": ("http", "POST /api/v1/suggested-links/{id}/approve"),
    "suggested-links-reject": ("http", "POST /api/v1/suggested-links/{id}/reject"),
    "suggested-links-approve-all": ("http", "POST /api/v1/suggested-links/approve-all"),
    "links-list": ("http", "GET /api/v1/shards/{id}/links"),
    "links-add": ("http", "POST /api/v1/shards/{id}/links"),
    "links-remove": ("http", "DELETE /api/v1/shards/{id}/links/{edgeId}"),
    "embedding-worker": ("service bus", "embedding-jobs"),
    "health": ("http", "GET /api/health"),
    "ready": ("http", "GET /api/ready"),
}
"""Name → trigger and address."""


async def test_every_function_loads_in_the_local_host(pipeline: Environment) -> None:
    async with pipeline.http.get(f"{pipeline.run.host}/admin/host/status") as response:
        status = await response.json()

    assert status["functions"] == [
        {"name": name, "trigger": trigger, "address": address, "state": "running"} for name, (trigger, address) in FUNCTIONS.items()
    ]


async def test_every_function_loads_in_microsofts_runtime(artefact: Path) -> None:
    python = await asyncio.to_thread(official_environment)
    if python is None:
        pytest.skip("no Python 3.13 found")

    [loaded] = await asyncio.to_thread(load_in_official_runtime, [artefact], python)

    assert loaded == {"functions": [*FUNCTIONS]}
