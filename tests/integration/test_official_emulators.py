"""Waiting for Microsoft's emulators, tried on the stand-ins, which speak the same protocols on other ports."""

from urllib.parse import urlsplit

import pytest

from devtools.emulators import official
from devtools.emulators.cosmos.key import EMULATORS_KEY
from devtools.emulators.cosmos.server import Cosmos
from devtools.emulators.servicebus.broker import Broker
from devtools.local.addresses import Addresses
from devtools.local.run import Run


def run_at(service_bus: int, cosmos: int) -> Run:
    return Run(Addresses(service_bus=service_bus, cosmos=cosmos), organization_id="", tenant_id="", key="", is_official=True)


def port_in(connection_string: str) -> int:
    endpoint = dict(part.split("=", 1) for part in connection_string.split(";") if part)
    return urlsplit(endpoint.get("Endpoint") or endpoint["AccountEndpoint"]).port or 0


async def test_it_returns_once_both_answer_in_their_own_protocols(broker: Broker, cosmos: Cosmos) -> None:
    await official.answer(run_at(port_in(broker.connection_string), port_in(cosmos.connection_string)))


async def test_one_that_does_not_answer_is_named(broker: Broker, unused_tcp_port: int) -> None:
    with pytest.raises(TimeoutError, match=r"^the Cosmos DB emulator does not answer"):
        await official.answer(run_at(port_in(broker.connection_string), unused_tcp_port), patience_seconds=0)


def test_what_it_says_is_what_the_suite_reads() -> None:
    said = official.variables(run_at(5672, 8081))

    assert set(said) == {"COSMOS_EMULATOR_ENDPOINT", "SERVICE_BUS_EMULATOR_ENDPOINT"}
    assert said["COSMOS_EMULATOR_ENDPOINT"] == f"AccountEndpoint=http://localhost:8081/;AccountKey={EMULATORS_KEY};"
    assert said["SERVICE_BUS_EMULATOR_ENDPOINT"].startswith("Endpoint=sb://localhost:5672;")
    assert all("\n" not in value for value in said.values())
