"""``infra/docker-compose.yml``: Microsoft's own emulators, for ``scripts/up --docker`` and for hands.

What comes from elsewhere is taken from there: ports from a local run's addresses, queues from the clamped file beside it, Azurite's version
from ``package.json``, so that the container is what npm installs. Everything is published on 127.0.0.1 alone. Nothing is started before
somebody has accepted the licences: ``ACCEPT_EULA`` has no default, and neither has the password of the SQL Server that the Service Bus
emulator keeps its queues in.
"""

import json
from typing import Any, Final

import yaml

from devtools.azurite import ROOT
from devtools.local.addresses import Addresses

PATH: Final = "infra/docker-compose.yml"
QUEUES: Final = "servicebus-emulator.json"
"""Beside the compose file."""

SERVICE_BUS_PORT: Final = "SHARDLINE_SERVICE_BUS_PORT"
COSMOS_PORT: Final = "SHARDLINE_COSMOS_PORT"
BLOB_PORT: Final = "SHARDLINE_BLOB_PORT"
"""The variables a run with other ports sets."""

_REGISTRY: Final = "mcr.microsoft.com"
_SERVICE_BUS: Final = f"{_REGISTRY}/azure-messaging/servicebus-emulator:2.0.1"
_SQL: Final = f"{_REGISTRY}/mssql/server:2022-CU14-ubuntu-22.04"
_COSMOS: Final = f"{_REGISTRY}/cosmosdb/linux/azure-cosmos-emulator:vnext-EN20260907"
"""A dated build of ``vnext-preview``: that name moves."""
_AZURITE: Final = f"{_REGISTRY}/azure-storage/azurite"

_HEAD: Final = """\
# Made by scripts/generate from devtools/generate/compose.py, never edited. What it is for: docs/local-development.md
# By hand: ACCEPT_EULA=Y MSSQL_SA_PASSWORD=<eight or more, of three kinds of characters> docker compose -f infra/docker-compose.yml up
"""


def text() -> str:
    """The file."""
    return _HEAD + yaml.safe_dump(_compose(), sort_keys=False, width=1000)


def _compose() -> dict[str, Any]:
    known = Addresses()
    return {
        "name": "shardline",
        "services": {
            "service-bus": _service_bus(known.service_bus),
            "sql": _sql(),
            "cosmos": _cosmos(known.cosmos),
            "azurite": _azurite(known.blob),
        },
        "volumes": {"cosmos": {}, "azurite": {}},
    }


def _service_bus(port: int) -> dict[str, Any]:
    """No health check: nothing says which tools are in the image. Whoever needs the queues asks them (``devtools/local/docker.py``)."""
    return {
        "image": _SERVICE_BUS,
        "environment": {**_accepted(), "MSSQL_SA_PASSWORD": _needed("MSSQL_SA_PASSWORD"), "SQL_SERVER": "sql"},
        "volumes": [f"./{QUEUES}:/ServiceBus_Emulator/ConfigFiles/Config.json:ro"],
        "ports": [_published(SERVICE_BUS_PORT, port, inside="5672")],
        "depends_on": {"sql": {"condition": "service_healthy"}},
    }


def _sql() -> dict[str, Any]:
    """Where the Service Bus emulator keeps its queues; it makes them anew at every start, so there is no volume."""
    asked = '/opt/mssql-tools18/bin/sqlcmd -C -S localhost -U sa -P "$$MSSQL_SA_PASSWORD" -Q "SELECT 1"'
    return {
        "image": f"${{SHARDLINE_SQL_IMAGE:-{_SQL}}}",
        "environment": {**_accepted(), "MSSQL_SA_PASSWORD": _needed("MSSQL_SA_PASSWORD")},
        "healthcheck": _health(["CMD-SHELL", asked]),
    }


def _cosmos(port: int) -> dict[str, Any]:
    """It tells its clients its own port, so the port inside has to be the one outside."""
    inside = _variable(COSMOS_PORT, port)
    return {
        "image": _COSMOS,
        "environment": {"PORT": inside, "PROTOCOL": "http", "DATA_PATH": "/data", "ENABLE_EXPLORER": "false", "ENABLE_TELEMETRY": "false"},
        "volumes": ["cosmos:/data"],
        "ports": [_published(COSMOS_PORT, port, inside=inside)],
        "healthcheck": _health(["CMD-SHELL", "curl --fail --silent http://127.0.0.1:8080/ready"]),
    }


def _azurite(port: int) -> dict[str, Any]:
    """With the switches of ``devtools/azurite.py``; inside a container 127.0.0.1 would be nobody's."""
    version = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]["azurite"]
    where = ["--blobHost", "0.0.0.0", "--blobPort", "10000", "--location", "/data"]
    return {
        "image": f"{_AZURITE}:{version}",
        "command": ["azurite-blob", *where, "--skipApiVersionCheck", "--disableTelemetry"],
        "volumes": ["azurite:/data"],
        "ports": [_published(BLOB_PORT, port, inside="10000")],
        "healthcheck": _health(["CMD", "nc", "-z", "127.0.0.1", "10000"]),
    }


def _accepted() -> dict[str, str]:
    return {"ACCEPT_EULA": _needed("ACCEPT_EULA")}


def _needed(name: str) -> str:
    """Compose stops with this sentence where the variable is not set."""
    return f"${{{name}:?see docs/local-development.md}}"


def _variable(name: str, default: int) -> str:
    return f"${{{name}:-{default}}}"


def _published(name: str, default: int, *, inside: str) -> str:
    return f"127.0.0.1:{_variable(name, default)}:{inside}"


def _health(test: list[str]) -> dict[str, Any]:
    return {"test": test, "interval": "2s", "timeout": "5s", "retries": 90}
