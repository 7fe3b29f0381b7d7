"""What linking needs besides the shards themselves."""

from dataclasses import dataclass
from typing import Protocol

from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.folders import KnownFolders
from shared.linking.anchor import AnchorRow, AnchorRows
from shared.linking.policy import LinkingPolicy
from shared.linking.suggestion import SuggestedLinks


class Anchors(Protocol):
    """A tenant's anchors, as this worker knows them: ``anchors/cache.py``."""

    async def of(self, tenant_id: str, *, fresh: bool = False, default_country: str = "US") -> AnchorIndex:
        """All of them. The index goes on changing: it is to be looked into before the next wait.

        Args:
            tenant_id: whose.
            fresh: whether they must be of now.
            default_country: where phone numbers are dialled that name no country.

        Raises:
            TransientError: the store cannot answer now.
        """

    def noticed(self, tenant_id: str, row: AnchorRow) -> None:
        """This anchor was just seen as it is."""


class Policies(Protocol):
    """Tenants' linking policies: ``shared/linking/remembered_policies.py``."""

    async def of(self, tenant_id: str, *, fresh: bool = False) -> LinkingPolicy:
        """A tenant's; with ``fresh`` as it is now.

        Raises:
            ConfigurationError: what is stored is no policy.
            TransientError: the store cannot answer now.
        """


@dataclass(frozen=True)
class LinkingPorts:
    """Them."""

    anchors: Anchors
    rows: AnchorRows
    suggestions: SuggestedLinks
    policies: Policies
    folders: KnownFolders
