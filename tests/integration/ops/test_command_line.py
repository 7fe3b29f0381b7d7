"""The real command line, as a process of its own against the stand-ins: settings, output, exit codes, and errors in one line."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.server import running_broker
from devtools.fakes.samples import NOON
from devtools.provision import service_bus_config
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from devtools.vendors.salesforce.records import PretendOrg
from shared import topology
from shared.contracts.rejected import Rejected
from shared.contracts.sync import SyncRequested
from shared.conversions.identifiers import salesforce_id
from shared.messaging.envelope import Envelope
from shared.settings import VARIABLES
from tests.plugins.bus_twins import received
from tests.plugins.stand_ins import DATABASE, transport_of

pytestmark = pytest.mark.integration

WORD = "the-secret"
APP = ConnectedApp("the-client", WORD)
ROOT = Path(__file__).parents[3]
BARE = {name: value for name, value in os.environ.items() if name not in VARIABLES}


@dataclass(frozen=True)
class Printed:
    """What a command came to."""

    code: int
    out: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


async def ops(*words: str) -> Printed:
    """Type a command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "ops", *words),
        cwd=ROOT,
        env=BARE,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    return Printed(process.returncode or 0, out.decode(), errors.decode())


def settings_file(folder: Path, service_bus: str, cosmos: str, secrets: Mapping[str, str] | None = None) -> Path:
    """What an operator has of a deployment."""
    values = {
        "SERVICE_BUS": service_bus,
        "COSMOS": cosmos,
        "COSMOS_DATABASE": DATABASE,
        "BLOB": "UseDevelopmentStorage=true",
        "EMBEDDING_OFFLINE": "true",
        "AUTH_ISSUER": "http://127.0.0.1:1",
        "AUTH_AUDIENCE": "api://shardline",
        "AUTH_JWKS_URL": "http://127.0.0.1:1/keys",
        **(secrets or {}),
    }
    file = folder / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    return file


@pytest.fixture
def settings(tmp_path: Path, cosmos: Cosmos, broker: Broker) -> Path:
    """Of the stand-ins."""
    return settings_file(tmp_path, broker.connection_string, cosmos.connection_string)


async def test_an_organization_is_added_and_seen_and_read(settings: Path, tmp_path: Path, broker: Broker, tenant_id: str) -> None:
    with_settings = ("--settings", str(settings), "--json")
    key = tmp_path / "key.pem"
    key.write_bytes(generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    organization = salesforce_id(f"00D{uuid4().hex[:12]}")
    name = f"salesforce:{organization}"
    said = ("--tenant", tenant_id, "--organization", organization, "--base-url", "https://acme.my.salesforce.com", "--client-id", "c")

    added = await ops("connections", "add", "salesforce", *said, "--user", "u", "--private-key-file", str(key), *with_settings)
    assert (added.code, added.errors) == (0, "")
    assert (added.document["id"], added.document["stored"]) == (name, True)
    assert added.document["next"][0].startswith(f"put the secret into the setting SECRET_SALESFORCE_{organization.upper()}")

    everybody, asked = await asyncio.gather(
        ops("connections", "list", *with_settings), ops("backfill", name, "--stream", "Account", *with_settings)
    )
    assert name in [connection["id"] for connection in everybody.document]
    assert (asked.code, asked.errors) == (0, "")
    requests = [SyncRequested.decode(body) for _, body, _ in await received(broker.connection_string, topology.SYNC_INBOUND_BULK)]
    assert [request.run for request in requests if request.connection_id == name] == [asked.document[0]["run"]]


async def test_a_rejected_message_is_listed_replayed_and_gone(tmp_path: Path, cosmos: Cosmos) -> None:
    async with running_broker(service_bus_config()) as own:
        with_settings = ("--settings", str(settings_file(tmp_path, own.connection_string, cosmos.connection_string)), "--json")
        transport = transport_of(own.connection_string)
        rejected = Rejected(
            tenant_id="acme",
            queue=topology.INGESTION_EVENTS,
            original_id="a" * 32,
            reason="UnmappableRecord",
            detail="Amount: unreadable",
            body='{"note": "secret"}',
            properties={"tenantId": "acme", "messageId": "a" * 32, "attempt": 2},
            attempts=3,
            rejected_at=NOON,
        )
        await transport.send(Envelope.of(rejected, traceparent=None))
        await transport.close()

        listed = await ops("rejected", "list", *with_settings)
        assert [one["id"] for one in listed.document] == ["a" * 32]
        assert "secret" not in listed.out

        replayed = await ops("rejected", "replay", "aaaa", *with_settings)
        assert (replayed.code, replayed.errors) == (0, "")
        [(id_, body, properties)] = await received(own.connection_string, topology.INGESTION_EVENTS)
        assert (id_, body) == (f"{'a' * 32}#r1", b'{"note": "secret"}')
        assert properties == {"tenantId": "acme", "messageId": id_, "replays": 1}
        assert await received(own.connection_string, topology.REJECTED_MESSAGES) == []


async def test_a_connection_is_tested_and_counted_at_the_vendors(tmp_path: Path, cosmos: Cosmos, broker: Broker, tenant_id: str) -> None:
    organization = salesforce_id(f"00D{uuid4().hex[:12]}")
    name, secret = f"salesforce:{organization}", tmp_path / "secret"
    secret.write_text(WORD)
    org = PretendOrg(organization, Random(4), lambda: NOON)
    org.create("Account", Name="Acme")
    async with PretendSalesforce(org, now=lambda: NOON, apps=(APP,)) as salesforce:
        variables = {f"SECRET_SALESFORCE_{organization.upper()}": WORD}
        file = settings_file(tmp_path, broker.connection_string, cosmos.connection_string, variables)
        with_settings = ("--settings", str(file), "--json")
        said = ("--tenant", tenant_id, "--organization", organization, "--base-url", salesforce.url, "--client-id", APP.client_id)
        added = await ops(
            *("connections", "add", "salesforce", *said, "--client-secret-file", str(secret), "--stream", "Account", *with_settings)
        )
        assert (added.code, added.errors) == (0, "")
        tested, counted = await asyncio.gather(
            ops("connections", "test", name, *with_settings), ops("completeness", name, "--quick", *with_settings)
        )

    assert (tested.code, tested.errors) == (0, "")
    [check] = tested.document
    assert (check["stream"], check["isReadable"], check["recordCount"]) == ("Account", True, 1)
    assert (counted.code, counted.document) == (1, [{"stream": "Account", "vendorCount": 1, "storedCount": 0}])


async def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    for name in ("away", "wrong"):
        (tmp_path / name).mkdir()
    nobody = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=eA=="
    away = settings_file(tmp_path / "away", nobody, "AccountEndpoint=http://127.0.0.1:1;AccountKey=eA==;")
    wrong = settings_file(tmp_path / "wrong", nobody, "a-secret-in-a-wrong-place")
    without, silent, unreadable, short = printed = await asyncio.gather(
        ops("connections", "list"),
        ops("connections", "list", "--settings", str(away)),
        ops("connections", "list", "--settings", str(wrong)),
        ops("connections", "add", "salesforce", "--tenant", "t", "--settings", str(away)),
    )

    assert [one.code for one in printed] == [1, 1, 1, 2]
    assert all(len(one.errors.splitlines()) == 1 for one in printed), printed
    assert without.errors.startswith("ops: ConfigurationError: settings: SERVICE_BUS")
    assert silent.errors.startswith("ops: DependencyUnavailable: ")
    assert unreadable.errors.startswith("ops: ValueError at ")
    assert "a-secret" not in unreadable.errors
    assert short.errors == "ops: missing: --organization\n"
