"""What the tests of the stand-in's faults share: a broker and a client with faults armed."""

import contextlib
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from azure.servicebus.aio import ServiceBusClient

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.mishaps import ABILITIES, AT
from devtools.emulators.servicebus.server import running_broker
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind
from tests.integration.servicebus.links import CONFIG, connected

BROKEN_CONNECTIONS = "ignore::pytest.PytestUnraisableExceptionWarning"
"""The client leaves a broken connection to the collector."""


def fault(kind: Kind, operation: str, **how: Any) -> Fault:
    """Once, unless it is said how often."""
    often = {} if {"calls", "share"} & how.keys() else {"calls": 1}
    return Fault(at=AT, kind=kind, operation=operation, **often, **how)


@contextlib.asynccontextmanager
async def faulty(*faults: Fault, seed: int = 1, data: Path | None = None) -> AsyncIterator[tuple[Broker, ServiceBusClient, Injector]]:
    """A broker that obeys these, and a client that does not try again."""
    injector = Injector(AT, ABILITIES, faults=faults, seed=seed)
    async with running_broker(CONFIG, data=data, faults=injector) as broker, connected(broker.connection_string) as client:
        yield broker, client, injector
    injector.close()
    gc.collect()
