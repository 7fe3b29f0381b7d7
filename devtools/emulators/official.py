"""Microsoft's emulators, started by ``docker compose`` on their ordinary ports: wait until each answers, and say where they are.

``python -m devtools.emulators.official`` prints the environment variables that bring them into the behaviour suite (docs/testing.md).
Whether one is there is found out in its own protocol: its container runs long before it can be used.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local.addresses import Addresses
from devtools.local.queues import Place, peek_all
from devtools.local.run import Run
from shared.topology import QUEUES

PATIENCE_SECONDS: Final = 300.0
ATTEMPT_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 1.0
AT_ONCE: Final = 5
"""Connections: the emulator has ten for everybody."""


def variables(run: Run) -> dict[str, str]:
    """What the tests read."""
    return {"COSMOS_EMULATOR_ENDPOINT": run.cosmos, "SERVICE_BUS_EMULATOR_ENDPOINT": run.service_bus}


async def answer(run: Run, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Return when both can be used.

    Raises:
        TimeoutError: one cannot, in all that time; the text says which.
    """

    async def queues() -> None:
        await peek_all(run, [Place(queue.name) for queue in QUEUES], most=1, at_once=AT_ONCE)

    async def account() -> None:
        async with aiohttp.ClientSession() as http, http.get(f"http://localhost:{run.addresses.cosmos}/") as said:
            if said.status not in {200, 401}:
                raise aiohttp.ClientError(f"answered {said.status}")

    probes = {"the Service Bus emulator": queues, "the Cosmos DB emulator": account}
    waits = [_until_it_answers(who, probe, patience_seconds) for who, probe in probes.items()]
    found = await asyncio.gather(*waits, return_exceptions=True)  # each to its end: a look that is cut off leaves its connection open
    for error in found:
        if error is not None and not isinstance(error, TimeoutError):
            raise error
    if silent := [str(error) for error in found if error is not None]:
        raise TimeoutError("; ".join(silent))


async def _until_it_answers(who: str, probe: Callable[[], Awaitable[None]], patience_seconds: float) -> None:
    give_up_at = time.monotonic() + patience_seconds
    while True:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                return await probe()
        except (AzureError, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            if time.monotonic() >= give_up_at:
                raise TimeoutError(f"{who} does not answer ({type(error).__name__})") from error
        await asyncio.sleep(PAUSE_SECONDS)


def main() -> int:
    run = Run(Addresses(), organization_id="", tenant_id="", key="", is_official=True)
    try:
        asyncio.run(answer(run))
    except TimeoutError as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in variables(run).items():
        print(f"{name}={value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
