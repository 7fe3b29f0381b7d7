"""What somebody waits for goes before what is read and stored in bulk, in one worker."""

import asyncio

import pytest

from shared.errors import DependencyUnavailable
from shared.hosting.right_of_way import RightOfWay


async def test_bulk_messages_are_handled_one_at_a_time_in_the_order_in_which_they_came() -> None:
    way, said = RightOfWay(), list[str]()

    async def handle(name: str) -> None:
        async with way.bulk():
            said.append(f"{name} begins")
            await asyncio.sleep(0)
            said.append(f"{name} ends")

    await asyncio.gather(handle("first"), handle("second"))

    assert said == ["first begins", "first ends", "second begins", "second ends"]


async def test_a_bulk_message_that_fails_lets_the_next_one_in() -> None:
    way = RightOfWay()

    with pytest.raises(ValueError, match="wrong"):
        async with way.bulk():
            raise ValueError("wrong")

    async with way.bulk():
        pass


async def test_a_bulk_message_cancelled_in_its_place_comes_back() -> None:
    way = RightOfWay()

    async def handle() -> None:
        async with way.bulk():
            pass

    async with way.bulk():
        waiting = asyncio.create_task(handle())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(DependencyUnavailable):
            await waiting


async def test_nobody_gives_way_to_nothing() -> None:
    way = RightOfWay()

    async with asyncio.timeout(0):
        await way.give_way()


async def test_what_is_bulk_waits_until_all_that_is_live_is_handled() -> None:
    way = RightOfWay()

    with way.live():
        with way.live():
            waiting = asyncio.create_task(way.give_way())
        await asyncio.sleep(0)
        assert not waiting.done()

    await waiting


async def test_what_is_bulk_goes_on_beside_what_is_always_live() -> None:
    way = RightOfWay(most_seconds=0)

    with way.live():
        await way.give_way()
