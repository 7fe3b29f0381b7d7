"""What linking needs of a worker's ports: a part of the composition root."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.linking.anchor import AnchorRows
    from shared.linking.policy import LinkingPolicies
    from shared.linking.suggestion import SuggestedLinks
    from shared.storage.cosmos import CosmosAccount


class LinkingServices(ABC):
    """Its ports over the account that all ports share."""

    @property
    @abstractmethod
    def account(self) -> "CosmosAccount":
        """The database."""

    @cached_property
    def suggested_links(self) -> "SuggestedLinks":
        """Links that wait for a person, and what people decided."""
        from shared.storage.suggested_link_store import CosmosSuggestedLinks

        return CosmosSuggestedLinks(self.account)

    @cached_property
    def linking_policy_store(self) -> "LinkingPolicies":
        """How tenants' shards are linked, as it is stored."""
        from shared.storage.linking_policy_store import CosmosLinkingPolicies

        return CosmosLinkingPolicies(self.account)

    @cached_property
    def anchor_rows(self) -> "AnchorRows":
        """The shards that others are linked to."""
        from shared.storage.anchor_rows import CosmosAnchorRows

        return CosmosAnchorRows(self.account)
