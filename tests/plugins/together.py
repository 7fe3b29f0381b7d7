"""Tests that run beside each other, because each waits far more than it works: an SDK sleeps for a second to open and close a link."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest_asyncio

AT_ONCE: Final = 8
Scene = Callable[..., Awaitable[None]]
Scenes = Mapping[str, asyncio.Task[None]]


class Together:
    """Tests of one module that run beside each other, because each waits far more than it works.

    ``@together`` makes a coroutine such a test; what it is given is what its module starts them all with, in a fixture ``scenes``. Each
    test then waits for its own scene.
    """

    def __init__(self) -> None:
        self._scenes: dict[str, Scene] = {}

    def __call__(self, scene: Scene) -> Callable[[Scenes], Awaitable[None]]:
        name = scene.__name__
        self._scenes[name] = scene

        async def test(scenes: Scenes) -> None:
            await scenes[name]

        test.__name__ = name
        return test

    def alone(self) -> Any:
        """The fixture ``scenes`` of a module whose tests are given nothing."""

        @pytest_asyncio.fixture(loop_scope="module", scope="module", name="scenes")
        async def scenes() -> AsyncIterator[Scenes]:
            async with self.started() as started:
                yield started
            gc.collect()  # here, where broken connections are expected, and not in whatever test comes later

        return scenes

    @asynccontextmanager
    async def started(self, *given: Any) -> AsyncIterator[Scenes]:
        """All of them, but not too many at once; the machine has few processors."""
        turns = asyncio.Semaphore(AT_ONCE)

        async def play(scene: Scene) -> None:
            async with turns:
                await scene(*given)

        tasks = {name: asyncio.create_task(play(scene)) for name, scene in self._scenes.items()}
        try:
            yield tasks
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)


async def each(act: Callable[..., Awaitable[None]], *cases: tuple[Any, ...]) -> None:
    """All cases of one test side by side; what goes wrong says in which."""

    async def one(case: tuple[Any, ...]) -> None:
        try:
            await act(*case)
        except Exception as error:  # whatever it is, it goes on its way, and says in which case
            error.add_note(f"in the case {case}")
            raise

    async with asyncio.TaskGroup() as tasks:
        for case in cases:
            tasks.create_task(one(case))
