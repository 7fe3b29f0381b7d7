"""``EnrichmentDone``: a shard has its links; look at what it needs next."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints
from typing_extensions import override

from shared import topology
from shared.contracts.about_shard import AboutShard


class EnrichmentDone(AboutShard):
    """Says which set of edges, too."""

    TYPE: ClassVar[str] = "EnrichmentDone"
    QUEUE: ClassVar[str] = topology.ENRICHMENT_JOBS

    edge_set_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]

    @override
    def identity(self) -> tuple[str, ...]:
        """Shard, revision and edge set."""
        return (self.shard_id, str(self.revision), self.edge_set_hash)
