"""What the workers of one connection share is written only over what is there, and by all of them."""

import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryShards
from ingestion.account_memory import TRIES, SharedMemory
from shared.contracts.message import Wire
from shared.errors import Conflict
from shared.shards.model import Shard
from shared.shards.store import Change
from shared.streams.state import StreamStates

CONNECTION = sample_connection("acme", "00D000000000062EAA")


class Count(Wire):
    """Something to share."""

    count: int = 0


class Shards(InMemoryShards):
    """A store at which somebody else is quicker so many times."""

    contested = 0

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        if self.contested:
            self.contested -= 1
            raise Conflict("written since")
        return await super().change(shard, change)


class Workers:
    """Several workers of one connection over one store."""

    def __init__(self) -> None:
        self.shards = Shards()

    def another(self) -> SharedMemory[Count]:
        """A worker that has not looked yet."""
        return SharedMemory(Count, CONNECTION, StreamStates(self.shards), Clock())


def one_more(memory: Count) -> Count:
    """Counts."""
    return Count(count=memory.count + 1)


async def test_nothing_is_there_before_somebody_wrote() -> None:
    assert await Workers().another().look() == Count()


async def test_what_several_workers_change_at_once_is_all_there() -> None:
    workers = Workers()
    first, second = workers.another(), workers.another()
    await first.look()
    await second.look()
    for worker in (first, second, first, second):
        assert await worker.change(one_more)
    assert (await workers.another().look()).count == 4


async def test_no_change_is_no_write() -> None:
    workers = Workers()
    assert not await workers.another().change(lambda _: None)
    assert workers.shards.writes == 0


@pytest.mark.parametrize("contested", [1, TRIES - 1])
async def test_somebody_who_is_quicker_now_and_then_costs_another_try(contested: int) -> None:
    workers = Workers()
    await workers.another().change(one_more)
    workers.shards.contested = contested
    assert await workers.another().change(one_more)
    assert (await workers.another().look()).count == 2


async def test_somebody_who_is_always_quicker_is_a_conflict() -> None:
    workers = Workers()
    await workers.another().change(one_more)
    workers.shards.contested = TRIES
    with pytest.raises(Conflict):
        await workers.another().change(one_more)
