"""``ShardEmitted``: a shard's own content changed."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator
from typing_extensions import override

from shared import topology
from shared.contracts.message import Identifier, Message
from shared.shards.carried import Carried

Cause = Annotated[str, StringConstraints(pattern=r"^(content|text|acl|person|relink:[0-9a-f]{32})$")]


class ShardEmitted(Message):
    """Names the shard, its revision and why. What is not carried along is read from the store."""

    TYPE: ClassVar[str] = "ShardEmitted"
    QUEUE: ClassVar[str] = topology.SHARD_EMISSION

    shard_id: Identifier
    shard_type_id: Identifier
    revision: int = Field(ge=1)
    cause: Cause
    carried: Carried = None

    @model_validator(mode="after")
    def carries_its_own(self) -> Self:
        """A message never carries another shard, let alone another tenant's."""
        if self.carried is not None and not self.carried.is_of(self.tenant_id, self.shard_id):
            raise ValueError("the shard that is carried is not the one that is named")
        return self

    @override
    def identity(self) -> tuple[str, ...]:
        """Shard, revision and cause."""
        return (self.shard_id, str(self.revision), self.cause)
