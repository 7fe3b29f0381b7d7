"""The claim check: a body too large for a message waits in blob storage, and a ``Claim`` travels in its place.

A blob's name starts with its tenant, so that one prefix holds all of a tenant and a claim of one tenant cannot name another's blob.
"""

import hashlib
from typing import Any, Protocol, Self

from pydantic import Field

from shared.contracts.message import Identifier, Wire, parse_object
from shared.errors import ClaimLost, ContractViolation

MAX_MESSAGE_BYTES = 192 * 1024
"""Body and properties. Service Bus allows 256 KB on the Standard tier (Azure documentation, "Service Bus quotas"); the rest is room."""


class Claim(Wire):
    """Where a body is and how to know it again."""

    tenant_id: Identifier
    blob: Identifier
    sha256: str
    size_bytes: int = Field(ge=0)

    @classmethod
    def of(cls, body: bytes, *, tenant_id: str, message_id: str) -> Self:
        """The claim for a body that will be stored under the tenant's prefix."""
        return cls(
            tenant_id=tenant_id,
            blob=f"{hashlib.sha256(tenant_id.encode()).hexdigest()[:32]}/{message_id}",
            sha256=hashlib.sha256(body).hexdigest(),
            size_bytes=len(body),
        )

    @classmethod
    def found_in(cls, read: dict[str, Any]) -> Self | None:
        """The claim a parsed body consists of, if it does.

        Raises:
            ContractViolation: when it looks like a claim and is none, or names another tenant's blob.
        """
        if "claim" not in read:
            return None
        try:
            claim = cls.model_validate(read["claim"])
        except ValueError:
            raise ContractViolation("the claim is not readable") from None
        prefix = hashlib.sha256(claim.tenant_id.encode()).hexdigest()[:32]
        if not claim.blob.startswith(f"{prefix}/") or read.get("tenantId") != claim.tenant_id:
            raise ContractViolation("the claim is not of its message's tenant")
        return claim

    def check(self, body: bytes) -> bytes:
        """The body, when it is the one put aside.

        Raises:
            ClaimLost: when it is not.
        """
        if hashlib.sha256(body).hexdigest() != self.sha256:
            raise ClaimLost(f"blob {self.blob} is not what was put aside")
        return body


class ClaimStore(Protocol):
    """Where large bodies wait."""

    async def put(self, claim: Claim, body: bytes) -> None:
        """Store the body under the claim's name. Storing the same claim again is harmless."""

    async def redeem(self, claim: Claim) -> bytes:
        """The stored body.

        Raises:
            ClaimLost: when the blob is gone or altered.
        """


async def redeemed(body: bytes, *, claims: ClaimStore) -> dict[str, Any]:
    """The JSON object a body holds, fetched from blob storage when the body is a claim."""
    read = parse_object(body)
    claim = Claim.found_in(read)
    return read if claim is None else parse_object(await claims.redeem(claim))
