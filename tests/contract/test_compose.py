"""``infra/docker-compose.yml``: what the containers are given fits a local run, the topology, and a machine that others can reach."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from devtools.generate import compose, infra
from devtools.local.addresses import Addresses
from shared.topology import QUEUES

ROOT = Path(__file__).parents[2]
FILE = ROOT / "infra" / "docker-compose.yml"
SERVICES: dict[str, Any] = yaml.safe_load(FILE.read_text())["services"]
KEYS = {"image", "command", "environment", "volumes", "ports", "depends_on", "healthcheck"}
"""All of the compose specification that the file uses."""

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_file_is_what_the_generator_makes() -> None:
    assert FILE.read_text() == compose.text()


def test_it_holds_the_official_emulators_and_the_database_one_of_them_needs() -> None:
    assert {name: re.sub(r"^\$\{\w+:-|\}$", "", service["image"]).rpartition(":")[0] for name, service in SERVICES.items()} == {
        "service-bus": "mcr.microsoft.com/azure-messaging/servicebus-emulator",
        "sql": "mcr.microsoft.com/mssql/server",
        "cosmos": "mcr.microsoft.com/cosmosdb/linux/azure-cosmos-emulator",
        "azurite": "mcr.microsoft.com/azure-storage/azurite",
    }


@each_service
def test_every_image_is_pinned_and_no_tag_moves(name: str) -> None:
    tag = SERVICES[name]["image"].rstrip("}").rpartition(":")[2]

    assert re.search(r"\d", tag)
    assert not re.search("latest|preview", tag)


def test_azurite_is_the_version_that_npm_installs() -> None:
    installed = json.loads((ROOT / "package.json").read_text())["devDependencies"]["azurite"]

    assert SERVICES["azurite"]["image"].endswith(f"azurite:{installed}")


@each_service
def test_a_service_is_made_of_known_keys_and_every_published_port_is_loopbacks(name: str) -> None:
    service = SERVICES[name]

    assert set(service) <= KEYS
    assert all(isinstance(value, str) for value in service.get("environment", {}).values())
    for port in service.get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\$\{SHARDLINE_\w+_PORT:-\d+\}:(\d+|\$\{\w+:-\d+\})", port)


def test_the_ports_are_those_of_a_local_run() -> None:
    known = Addresses()

    assert {name: defaults(service["ports"][0]) for name, service in SERVICES.items() if "ports" in service} == {
        "service-bus": (known.service_bus, 5672),
        "cosmos": (known.cosmos, known.cosmos),
        "azurite": (known.blob, 10000),
    }


def defaults(published: str) -> tuple[int, int]:
    outside, inside = re.findall(r"(\d+)\}?(?=:|$)", published.removeprefix("127.0.0.1:"))
    return int(outside), int(inside)


def test_the_cosmos_emulator_listens_inside_where_it_is_found_outside_for_it_tells_its_clients() -> None:
    assert SERVICES["cosmos"]["environment"]["PORT"] == "${SHARDLINE_COSMOS_PORT:-8081}"


def test_the_broker_is_given_every_queue_of_the_topology_clamped_to_what_it_takes() -> None:
    source, _, mode = SERVICES["service-bus"]["volumes"][0].split(":")

    [namespace] = json.loads((FILE.parent / source).read_text())["UserConfig"]["Namespaces"]
    assert [queue["Name"] for queue in namespace["Queues"]] == [queue.name for queue in QUEUES]
    for queue in namespace["Queues"]:
        assert queue["Properties"]["DefaultMessageTimeToLive"] == "PT1H"
        assert queue["Properties"]["DuplicateDetectionHistoryTimeWindow"] == "PT5M"
    assert mode == "ro"


def test_each_clamp_is_told() -> None:
    assert "embedding-jobs: DefaultMessageTimeToLive P14D becomes PT1H" in list(infra.clamps())


def test_the_licences_and_the_password_have_no_default() -> None:
    needed = {
        "ACCEPT_EULA": "${ACCEPT_EULA:?see docs/local-development.md}",
        "MSSQL_SA_PASSWORD": "${MSSQL_SA_PASSWORD:?see docs/local-development.md}",
    }

    for name in ("service-bus", "sql"):
        assert needed.items() <= SERVICES[name]["environment"].items()


def test_the_broker_waits_for_its_database_to_be_healthy_and_the_others_for_nobody() -> None:
    assert {name: service["depends_on"] for name, service in SERVICES.items() if "depends_on" in service} == {
        "service-bus": {"sql": {"condition": "service_healthy"}}
    }
    assert [name for name, service in SERVICES.items() if "healthcheck" not in service] == ["service-bus"]  # asked by its protocol


def test_volumes_that_are_named_are_declared() -> None:
    declared = yaml.safe_load(FILE.read_text())["volumes"]

    named = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == set(declared)


def test_nothing_else_is_fetched_and_nobody_is_reported_to() -> None:
    text = FILE.read_text()

    assert set(re.findall(r"\b[\w-]+(?:\.[\w-]+)+\.(?:com|io|net|org)\b", text)) == {"mcr.microsoft.com"}
    assert SERVICES["cosmos"]["environment"]["ENABLE_TELEMETRY"] == "false"
    assert "--disableTelemetry" in SERVICES["azurite"]["command"]
