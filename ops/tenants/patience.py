"""Going on with a store that is busy: a large tenant's erasure asks more of it than a message does."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from shared.errors import RateLimited, TransientError

TRIES: Final = 8
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 30.0

T = TypeVar("T")
Wait = Callable[[float], Awaitable[None]]
"""Lets so many seconds pass."""


async def patiently(act: Callable[[], Awaitable[T]], wait: Wait) -> T:
    """What ``act`` comes to, tried again while the store cannot.

    Raises:
        TransientError: it could not for some minutes.
    """
    pause = FIRST_WAIT_SECONDS
    for _ in range(TRIES - 1):
        try:
            return await act()
        except TransientError as error:
            await wait(max(pause, error.retry_after_seconds) if isinstance(error, RateLimited) else pause)
            pause = min(2 * pause, LONGEST_WAIT_SECONDS)
    return await act()
