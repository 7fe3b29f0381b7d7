"""``ShardEmitted``: a shard's own content changed."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints
from typing_extensions import override

from shared import topology
from shared.contracts.message import Identifier, Message

Cause = Annotated[str, StringConstraints(pattern=r"^(content|text|acl|person|relink:[0-9a-f]{32})$")]


class ShardEmitted(Message):
    """Names the shard, its revision and why; the content is read from the store."""

    TYPE: ClassVar[str] = "ShardEmitted"
    QUEUE: ClassVar[str] = topology.SHARD_EMISSION

    shard_id: Identifier
    shard_type_id: Identifier
    revision: int = Field(ge=1)
    cause: Cause

    @override
    def identity(self) -> tuple[str, ...]:
        """Shard, revision and cause."""
        return (self.shard_id, str(self.revision), self.cause)
