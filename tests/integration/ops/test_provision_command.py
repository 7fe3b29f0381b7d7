"""``python -m ops provision`` as a process: a token of a managed identity, the pretend Azure Resource Manager, and shard types stored."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.resource_manager.server import running_resource_manager
from devtools.issuer.addresses import CLIENT_ID, IDENTITY_HEADER
from devtools.issuer.server import running_issuer
from shared.settings import VARIABLES
from tests.integration.ops.operators import ENVIRON, SUBSCRIPTION
from tests.plugins.stand_ins import DATABASE

pytestmark = pytest.mark.integration

ROOT: Final = Path(__file__).parents[3]


async def test_from_the_command_line_to_shard_types(cosmos: Cosmos, tmp_path: Path) -> None:
    named = {"service_bus": "acme-bus", "cosmos": "acme-cosmos", "storage": "acmeblobs"}
    settings = {name: value for name, value in ENVIRON.items() if not name.startswith("COSMOS")}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({**settings, "COSMOS": cosmos.connection_string, "COSMOS_DATABASE": DATABASE}), encoding="utf-8")
    manager = running_resource_manager(
        SUBSCRIPTION, "acme", service_bus=named["service_bus"], cosmos=named["cosmos"], storage=named["storage"]
    )
    async with manager as azure, running_issuer(tmp_path / "issuer") as issuer:
        words = ["--subscription", SUBSCRIPTION, "--resource-group", "acme", "--arm-url", azure.url, "--cosmos-account", "acme-cosmos"]
        identity = {"IDENTITY_ENDPOINT": issuer.identity_endpoint, "IDENTITY_HEADER": IDENTITY_HEADER, "AZURE_CLIENT_ID": CLIENT_ID}
        code, told = await ops("provision", *words, "--settings", str(file), "--yes", "--json", identity=identity)

    assert (code, told["applied"], {step["action"] for step in told["plan"]}) == (0, True, {"create"})
    assert len(azure.queues["acme-bus"]) == len([step for step in told["plan"] if step["kind"] == "queue"])


async def ops(*words: str, identity: dict[str, str]) -> tuple[int | None, Any]:
    """Exit code, and what was printed for machines."""
    environ = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops", *words), cwd=ROOT, env={**environ, **identity}, stdout=-1, stderr=-1
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return process.returncode, json.loads(out)
