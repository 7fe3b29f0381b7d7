"""``ShardEmitted``: a shard's own content changed."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints
from typing_extensions import override

from shared import topology
from shared.contracts.about_shard import AboutShard

Cause = Annotated[str, StringConstraints(pattern=r"^(content|text|acl|person|relink:[0-9a-f]{32})$")]


class ShardEmitted(AboutShard):
    """Says why, too."""

    TYPE: ClassVar[str] = "ShardEmitted"
    QUEUE: ClassVar[str] = topology.SHARD_EMISSION

    cause: Cause

    @override
    def identity(self) -> tuple[str, ...]:
        """Shard, revision and cause."""
        return (self.shard_id, str(self.revision), self.cause)
