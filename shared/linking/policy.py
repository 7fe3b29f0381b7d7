"""A tenant's linking policy: thresholds, weights, ceilings and switches. Stored, validated when it is written and when it is read.

The first values are those of the issue (thresholds and ceilings) and of measured starting points (weights); what they are good for is
measured in docs/benchmarks.md.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Protocol, Self, get_args

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from shared.contracts.canonical import digest
from shared.contracts.message import Identifier, Instant, Wire
from shared.errors import ConfigurationError
from shared.linking.evidence import EvidenceSource, Feature, Share

WEIGHTS: Final[dict[Feature, float]] = {
    "vendor-id": 0.9,
    "native-id": 0.995,
    "person": 1.0,
    "email": 0.98,
    "email-domain": 0.9,
    "phone": 0.7,
    "exact-name": 0.92,
    "fuzzy-name": 0.8,
    "contact-of": 0.8,
    "account-of": 0.4,
    "folder": 0.35,
    "team": 0.25,
    "amount": 0.3,
    "close-date": 0.4,
    "near-in-time": 0.6,
}
CEILINGS: Final[dict[EvidenceSource, float]] = {
    "explicit": 1.0,
    "manual": 1.0,
    "crm": 0.9,
    "participant": 0.85,
    "relation": 0.8,
    "name": 0.92,
    "messaging": 0.5,
    "llm": 0.6,
    "temporal": 0.6,
    "amount": 0.3,
}
MOST_CHARACTERS: Final = 1_000
"""Of what is said of an invalid one."""
ALWAYS: Final[frozenset[str]] = frozenset({"vendor-id", "person"})
"""Features that cannot be switched off: what the CRM itself says, and what people decided."""


def _checked(given: object, allowed: tuple[str, ...], first: dict[Any, float]) -> dict[Any, float]:
    if not isinstance(given, dict):
        raise ValueError("is not a table of names and numbers")  # noqa: TRY004 - what a validator finds is a ValueError
    if unknown := sorted(set(given) - set(allowed)):
        raise ValueError(f"knows no {', '.join(map(str, unknown))}; there is {', '.join(allowed)}")
    return {**first, **given}


class LinkingPolicy(Wire):
    """How one tenant's shards are linked."""

    model_config = ConfigDict(extra="forbid")

    link_from: Share = 0.80
    """A candidate with at least this score is linked."""
    suggest_from: Share = 0.60
    """One with at least this, or one that would be linked and has a rival, is suggested."""
    margin: Share = 0.05
    """By so much the best has to be ahead of the second of the same type; else both are only suggested."""
    weights: dict[Feature, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=lambda: dict(WEIGHTS))
    ceilings: dict[EvidenceSource, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=lambda: dict(CEILINGS))
    switched_off: frozenset[Feature] = frozenset()
    """Features that are not looked for."""
    links_automatically: bool = True
    """False: what would be linked is suggested instead."""
    suggests: bool = True
    own_domains: tuple[str, ...] = ()
    """Mail domains of the tenant itself: an address there says nothing about a customer."""
    default_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] = "US"
    """Where a phone number without a country code is dialled (ISO 3166)."""
    max_suggestions: Annotated[int, Field(ge=0, le=50)] = 10
    """Of one shard, the best."""

    @field_validator("weights", mode="before")
    @classmethod
    def _weights(cls, given: object) -> dict[Any, float]:
        return _checked(given, get_args(Feature), dict(WEIGHTS))

    @field_validator("ceilings", mode="before")
    @classmethod
    def _ceilings(cls, given: object) -> dict[Any, float]:
        return _checked(given, get_args(EvidenceSource), dict(CEILINGS))

    @field_validator("own_domains")
    @classmethod
    def _domains(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({domain.strip().lower().removeprefix("@") for domain in given} - {""}))

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.suggest_from > self.link_from:
            raise ValueError("suggestFrom is above linkFrom")
        if kept := sorted(ALWAYS & self.switched_off):
            raise ValueError(f"{', '.join(kept)} cannot be switched off")
        return self

    @property
    def version(self) -> str:
        """A hash: links that were made under another one are looked at anew."""
        return digest(self.model_dump(mode="json", by_alias=True) | {"switchedOff": sorted(self.switched_off)})


class StoredPolicy(Wire):
    """A tenant's policy as it is stored."""

    tenant_id: Identifier
    policy: LinkingPolicy
    updated_by: str
    updated_at: Instant
    etag: str | None = Field(default=None, exclude=True)

    @classmethod
    def read_from(cls, document: Mapping[str, Any]) -> Self:
        """The policy of a stored document.

        Raises:
            ConfigurationError: it is none: which fields are at fault and what they should be, and not what stands there.
        """
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            faults = [
                f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors(include_input=False, include_url=False)
            ]
            raise ConfigurationError(f"a stored linking policy is not valid: {'; '.join(faults)}"[:MOST_CHARACTERS]) from None


class LinkingPolicies(Protocol):
    """Where they are."""

    async def read(self, tenant_id: str) -> StoredPolicy | None:
        """A tenant's own; None: it has the first values.

        Raises:
            ConfigurationError: what is stored is no policy; naming the fault.
            TransientError: when the store cannot answer now.
        """

    async def write(self, stored: StoredPolicy) -> StoredPolicy:
        """Store it over the state that was read (``etag``), or as the first one.

        Raises:
            Conflict: somebody wrote it meanwhile.
        """

    async def remove(self, tenant_id: str) -> bool:
        """Go back to the first values. Whether there was one."""
