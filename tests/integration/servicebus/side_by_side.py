"""Tests that go on side by side: the client sleeps for a second while it opens and closes a link, and most do hardly anything else.

A family starts with the first of its tests; each has a broker of its own, and each is reported by itself.
"""

import asyncio
import functools
import gc
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

import pytest

Act = Callable[[], Coroutine[None, None, None]]
"""A test, its name a sentence."""


class Family:
    """A decorator for acts that go on side by side."""

    def __init__(self) -> None:
        self._acts: list[Act] = []

    def __call__(self, act: Act) -> Act:
        self._acts.append(act)
        return act

    def rows(self) -> Iterator[object]:
        """For a parametrization by `act` and `family`."""
        return (pytest.param(act, self, id=act.__name__) for act in self._acts)

    def check(self, act: Act) -> None:
        """Raises what the act ended with, if not well."""
        if problem := self._outcomes[act]:
            raise problem

    @functools.cached_property
    def _outcomes(self) -> dict[Act, BaseException | None]:
        async def together() -> list[BaseException | None]:
            return await asyncio.gather(*(act() for act in self._acts), return_exceptions=True)

        ended = dict(zip(self._acts, asyncio.run(together()), strict=True))
        gc.collect()  # here, where broken connections are expected, and not in whatever test comes later
        return ended


async def each(act: Callable[..., Awaitable[None]], *cases: tuple[Any, ...]) -> None:
    """All cases of one test side by side; what goes wrong says in which."""

    async def one(case: tuple[Any, ...]) -> None:
        try:
            await act(*case)
        except Exception as error:
            error.add_note(f"in the case {case}")
            raise

    async with asyncio.TaskGroup() as tasks:
        for case in cases:
            tasks.create_task(one(case))
