"""The step ``provision`` of scripts/deploy, carried out: by whoever is signed in to the Azure CLI, against a pretend Azure Resource Manager
and the Cosmos DB stand-in, with the settings the script has written for operators.
"""

import asyncio
import json
import os
from pathlib import Path

import pytest
from azure.cosmos.aio import CosmosClient

from devtools.azure_cli import answers, recorder
from devtools.azure_cli.recorder import Script
from devtools.certificate import public_certificate
from devtools.emulators.cosmos.server import running_cosmos
from devtools.emulators.resource_manager.server import running_resource_manager
from devtools.provision import provision_cosmos
from ops.deployment.__main__ import main
from shared.shard_types.registry import SHARD_TYPES
from shared.topology import QUEUES

ROOT = Path(__file__).parents[3]
DEPLOY = ["deploy", "--resource-group", "trial", "--parameters", str(ROOT / "infra" / "dev.bicepparam"), "--yes", "--from", "provision"]
BEFORE = [["group", "create", "--name", "trial"], ["deployment", "group", "create", "--resource-group", "trial"]]
"""What the steps before have asked for."""
SHARD_TYPES_CONTAINER = "shard-types"
BUS, ACCOUNT, STORAGE = (answers.OUTPUTS[name] for name in ("serviceBusNamespace", "cosmosAccount", "storageAccount"))


async def test_the_operators_command_runs_as_the_person_who_deploys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_cosmos(data=tmp_path / "cosmos") as cosmos:
        await provision_cosmos(cosmos.connection_string, database=answers.OUTPUTS["cosmosDatabase"])
    azure = running_resource_manager(answers.SUBSCRIPTION, "trial", service_bus=BUS, cosmos=ACCOUNT, storage=STORAGE)
    async with running_cosmos(data=tmp_path / "cosmos", for_identities=True) as cosmos, azure as manager:
        settings = {"COSMOS__accountEndpoint": f"https://127.0.0.1:{cosmos.port}/"}
        script = Script(arm_url=manager.url, settings=settings, groups={"trial": "westeurope"})
        ledger = recorder.put(tmp_path / "bin", script)
        ledger.write_text("".join(f"{json.dumps(words)}\n" for words in BEFORE))
        monkeypatch.chdir(tmp_path)
        for name in [name for name in os.environ if name.lower().endswith("_proxy") or name.startswith("AZURE_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("SSL_CERT_FILE", str(public_certificate(tmp_path / "cosmos")))

        exit_code = await asyncio.to_thread(main, [*DEPLOY, "--until", "provision"])

        assert exit_code == 0, capsys.readouterr().err
        assert set(manager.queues[BUS]) == {queue.name for queue in QUEUES}
        asked = [" ".join(words[:2]) for words in recorder.read_ledger(ledger)]
        assert asked.count("account get-access-token") == 2  # of ARM and of Cosmos DB: each starts a program
    async with running_cosmos(data=tmp_path / "cosmos") as cosmos, CosmosClient.from_connection_string(cosmos.connection_string) as client:
        stored = client.get_database_client(answers.OUTPUTS["cosmosDatabase"]).get_container_client(SHARD_TYPES_CONTAINER)
        assert {item["id"] async for item in stored.read_all_items()} == {known.id for known in SHARD_TYPES}
