"""Trying again what a fault plan may hit: the tools' own calls meet its faults as the app's do, and are none of what it is to prove."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from azure.core.exceptions import AzureError

from shared.errors import TransientError

PAUSE_SECONDS: Final = 0.2

Result = TypeVar("Result")


async def patiently(work: Callable[[], Awaitable[Result]], *, seconds: float) -> Result:
    """What the work comes to; as long as it meets what may pass it is done again, and at least once.

    Raises:
        AzureError, TransientError: the last of them, when the time is up.
    """
    give_up_at = time.monotonic() + seconds
    while True:
        try:
            return await work()
        except (AzureError, TransientError):
            if time.monotonic() >= give_up_at:
                raise
        await asyncio.sleep(PAUSE_SECONDS)
