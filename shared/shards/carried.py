"""A shard that travels with a message: the state that was just written, with the store's mark of it.

It saves the next stage its read and nothing else: whatever that stage writes is guarded by the mark, and when somebody wrote meanwhile the
write is refused and the shard is read. A state that waited long is not trusted: it was probably overtaken, and a refused write costs more
than a read.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Protocol, Self, TypeVar

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from shared.contracts.message import Identifier, Instant, Wire
from shared.errors import Conflict
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from shared.shards.store import ShardStore

TRUSTED_FOR: Final = timedelta(minutes=1)

Outcome = TypeVar("Outcome")


class CarriedShard(Wire):
    """The shard as stored, and when it was."""

    shard: Shard
    etag: str
    stored_at: Instant

    @classmethod
    def of(cls, shard: Shard, *, at: datetime) -> Self | None:
        """A shard that was just read or written; None for one without the store's mark."""
        return cls(shard=shard, etag=shard.etag, stored_at=at) if shard.etag else None

    def restored(self) -> Shard:
        """The shard as a read would have given it."""
        return self.shard.model_copy(update={"etag": self.etag})

    def is_of(self, tenant_id: str, shard_id: str) -> bool:
        """Whether it is the shard a message names. It may never be another's."""
        return (self.shard.tenant_id, self.shard.id) == (tenant_id, shard_id)


def _if_readable(value: Any, read: ValidatorFunctionWrapHandler) -> CarriedShard | None:
    """A shard as another deployment knows it may be none that this one can read. It is only a saving: the store has what is meant."""
    try:
        carried: CarriedShard | None = read(value)
    except ValidationError:
        return None
    return carried


Carried = Annotated[CarriedShard | None, WrapValidator(_if_readable)]


class AboutAShard(Protocol):
    """A message that names a shard and may carry it."""

    @property
    def tenant_id(self) -> Identifier: ...

    @property
    def shard_id(self) -> Identifier: ...

    @property
    def carried(self) -> CarriedShard | None: ...


async def on_current(
    message: AboutAShard, act: Callable[[Shard | None], Awaitable[Outcome]], *, shards: ShardStore, now: datetime
) -> Outcome:
    """Act on the shard as the message carries it and, when that turns out to be overtaken, once more as it is stored.

    Raises:
        Conflict: when the stored state, too, was written before the act was through.
    """
    carried = message.carried
    if carried is not None and timedelta(0) <= now - carried.stored_at < TRUSTED_FOR:
        try:
            return await act(carried.restored())
        except Conflict:
            pass
    return await act(await shards.read(message.tenant_id, ShardId(message.shard_id)))
