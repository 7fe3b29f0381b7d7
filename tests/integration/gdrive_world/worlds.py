"""What tests of a connected Workspace do again and again."""

from typing import Final

from devtools.fakes.polled_drive import PolledDrive
from shared.shards.model import Shard
from shared.streams.state import StateKind, StreamState

GRACE_MINUTES: Final = 16.0
"""What is so old no comparison takes for being on its way."""


async def settled(world: PolledDrive) -> PolledDrive:
    """Everything is read, compared once and quiet."""
    for minutes in (10, 30):
        await world.poll(minutes=minutes)
    world.google.ledger.clear()
    return world


async def to_the_end(world: PolledDrive) -> None:
    """Polls until whatever was asked for is done: a comparison comes a while later, and its repair is compared once more."""
    for _ in range(4):
        await world.poll(minutes=30)


async def shard_of(world: PolledDrive, file_id: str) -> Shard:
    """A file's shard; LookupError without one."""
    shard = await world.shard(file_id)
    if shard is None:
        raise LookupError(file_id)
    return shard


async def statuses(world: PolledDrive, *file_ids: str) -> list[str]:
    """As what each of them is stored."""
    return [(await shard_of(world, file_id)).status for file_id in file_ids]


async def path_of(world: PolledDrive, folder_id: str) -> object:
    """A folder's path as it is stored."""
    return (await shard_of(world, folder_id)).structured_data.get("path")


def held_by(shard: Shard) -> set[str]:
    """The streams that hold a file."""
    return {edge.scope.partition("/")[2] for edge in shard.external_relationships}


async def state_of(world: PolledDrive, stream: str, kind: StateKind = "changes") -> StreamState:
    """How far a stream was read."""
    return await world.pipeline.states.read(await world.connection(), stream, kind)


async def open_gaps(world: PolledDrive) -> set[tuple[str, str]]:
    """Stream and reason of every open gap."""
    connection = await world.connection()
    return {(gap.stream, gap.reason) for gap in await world.pipeline.gaps.open_ones(connection.tenant_id, connection.id)}


async def compared(world: PolledDrive) -> dict[str, tuple[int, int, int]]:
    """By stream what is missing, extra and stale; nothing of a stream with which all is well."""
    world.clock.advance(seconds=GRACE_MINUTES * 60)
    found = await world.compare_all()
    return {stream: (one.missing, one.extra, one.stale) for stream, one in found.items()}
