"""Several questions at once: all answered in their order, not too many of them, and none left asking when one fails."""

import asyncio

import pytest

from ingestion.sources.gdrive.at_once import MOST_AT_ONCE, each


async def test_answers_come_in_the_order_of_the_questions() -> None:
    async def ask(number: int) -> int:
        for _ in range(20 - number):
            await asyncio.sleep(0)
        return number * 2

    assert await each(range(20), ask) == [number * 2 for number in range(20)]


async def test_no_more_than_so_many_are_asked_at_a_time() -> None:
    asking, most = 0, 0

    async def ask(_: int) -> None:
        nonlocal asking, most
        asking += 1
        most = max(most, asking)
        await asyncio.sleep(0)
        asking -= 1

    await each(range(50), ask)
    assert most == MOST_AT_ONCE


async def test_one_that_fails_ends_the_others() -> None:
    asked: list[int] = []

    async def ask(number: int) -> None:
        asked.append(number)
        if number == 3:
            raise ValueError(str(number))
        await asyncio.Event().wait() if number > 3 else None

    with pytest.raises(ValueError, match="3"):
        await each(range(50), ask)
    assert max(asked) <= MOST_AT_ONCE + 3
    assert len(asyncio.all_tasks()) == 1


async def test_no_question_has_no_answer() -> None:
    async def ask(number: int) -> int:
        return number

    assert await each([], ask) == []
