"""The deployed app loads: in the local host, and in Microsoft's own runtime."""

import asyncio
from pathlib import Path

import pytest

from devtools.host.official_runtime import environment as official_environment
from devtools.host.official_runtime import load_in_official_runtime
from tests.e2e.environment import Environment

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

FUNCTIONS = ["ingestion-salesforce-webhook", "normalization-processor"]


async def test_every_function_loads_in_the_local_host(environment: Environment) -> None:
    async with environment.http.get(f"{environment.run.host}/admin/host/status") as response:
        status = await response.json()

    assert status["functions"] == [
        {
            "name": "ingestion-salesforce-webhook",
            "trigger": "http",
            "address": "POST /api/webhooks/salesforce/{key}",
            "state": "running",
        },
        {"name": "normalization-processor", "trigger": "service bus", "address": "ingestion-events", "state": "running"},
    ]


async def test_every_function_loads_in_microsofts_runtime(artefact: Path) -> None:
    python = await asyncio.to_thread(official_environment)
    if python is None:
        pytest.skip("no Python 3.13 found")

    [loaded] = await asyncio.to_thread(load_in_official_runtime, [artefact], python)

    assert loaded == {"functions": FUNCTIONS}
