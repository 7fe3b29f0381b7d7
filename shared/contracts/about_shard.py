"""What messages about a shard have in common: they name it and its revision, and may carry it."""

from typing import Self

from pydantic import Field, model_validator

from shared.contracts.message import Identifier, Message
from shared.shards.carried import Carried


class AboutShard(Message):
    """Names a shard and a revision of it. What is not carried along is read from the store."""

    shard_id: Identifier
    shard_type_id: Identifier
    revision: int = Field(ge=1)
    carried: Carried = None

    @model_validator(mode="after")
    def carries_its_own(self) -> Self:
        """A message never carries another shard, let alone another tenant's."""
        if self.carried is not None and not self.carried.is_of(self.tenant_id, self.shard_id):
            raise ValueError("the shard that is carried is not the one that is named")
        return self
