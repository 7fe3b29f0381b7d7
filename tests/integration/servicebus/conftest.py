"""A broker and a client, per test."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.limits import AZURE
from devtools.emulators.servicebus.server import running_broker
from tests.integration.servicebus.links import CONFIG, connected


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with running_broker(CONFIG) as broker:
        yield broker


@pytest.fixture
async def tight_broker() -> AsyncIterator[Broker]:
    """One whose limits are reached soon."""
    async with running_broker(CONFIG, limits=replace(AZURE, links=600, unread_bytes=1_048_576)) as broker:
        yield broker


@pytest.fixture
async def client(broker: Broker) -> AsyncIterator[ServiceBusClient]:
    async with connected(broker.connection_string) as client:
        yield client
