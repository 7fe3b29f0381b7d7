"""Several questions at once, but not too many."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

MOST_AT_ONCE: Final = 8

AskedT = TypeVar("AskedT")
AnswerT = TypeVar("AnswerT")


async def each(asked: Iterable[AskedT], ask: Callable[[AskedT], Awaitable[AnswerT]]) -> list[AnswerT]:
    """The answer to each, in their order. The first one that fails ends the others."""
    room = asyncio.Semaphore(MOST_AT_ONCE)

    async def answered(one: AskedT) -> AnswerT:
        async with room:
            return await ask(one)

    tasks = [asyncio.create_task(answered(one)) for one in asked]
    try:
        return [await task for task in tasks]
    except BaseException:  # a cancellation, too, must not leave anybody asking
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
