"""A shard as linking sees it: what it mentions, its words, who takes part in it. Pure, and the same for the same shard."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from processors.enrichment.entities.domains import company_domain
from processors.enrichment.entities.fields import Participants, fields_of, participants_of, places_of
from processors.enrichment.entities.mention import Mention, Mentions
from processors.enrichment.entities.recognise import recognise
from processors.enrichment.names.normal import Word, words_in
from shared.linking.vocabulary import INFERRED
from shared.shards.model import Shard

NAMED: Final = frozenset({"c_account", "c_contact", "c_opportunity", "c_project"})
"""What names and addresses lead to. To everything else nothing but an id does."""
_TARGETS: Final[Mapping[str, frozenset[str]]] = {
    owning: frozenset(other for one, other in INFERRED if one == owning) for owning in {one for one, _ in INFERRED}
}
_MASKED: Final = frozenset({"id", "email"})
_DATED: Final = ("createdDate", "lastModified", "lastModifiedDate")
_LONGEST: Final = 20_000
"""Characters of a field whose words are looked at: as many as recognisers look at."""
MOST_WORDS: Final = 5_000
"""Of a shard."""


def targets_of(shard_type_id: str) -> frozenset[str]:
    """The types that such a shard may be found to be linked to."""
    return _TARGETS.get(shard_type_id, frozenset())


@dataclass(frozen=True)
class Subject:
    """One shard that is to be linked."""

    shard: Shard
    mentions: Mentions
    words: Mapping[str, tuple[Word, ...]]
    """By field: those that may be a name's. What an id or an address is written with is none."""
    titles: frozenset[str]
    """The fields that are names themselves."""
    participants: Participants

    @classmethod
    def of(cls, shard: Shard, *, default_country: str) -> "Subject":
        """What is to be seen of a shard."""
        places = places_of(shard.shard_type_id)
        fields = fields_of(shard.shard_type_id, shard.structured_data, shard.unstructured_data)
        mentions = recognise(fields, default_country=default_country)
        is_named = bool(targets_of(shard.shard_type_id) & NAMED)
        unwritten = {*places.addresses, *places.phones}
        left = MOST_WORDS
        words: dict[str, tuple[Word, ...]] = {}
        for name, text in fields.items() if is_named else ():
            if name not in unwritten:
                words[name] = _unmasked(words_in(text[:_LONGEST]), name, mentions)[:left]
                left -= len(words[name])
        return cls(
            shard=shard,
            mentions=mentions,
            words=words,
            titles=frozenset(places.titles),
            participants=participants_of(shard.shard_type_id, shard.structured_data),
        )

    @property
    def is_messaging(self) -> bool:
        """Whether what stands in it was written in a messaging tool."""
        return self.shard.shard_type_id == "c_channel"

    @cached_property
    def address_fields(self) -> frozenset[str]:
        """Fields that hold somebody's address, and not a text with one in it."""
        return frozenset(places_of(self.shard.shard_type_id).addresses)

    @cached_property
    def websites(self) -> tuple[tuple[str, str], ...]:
        """Field and company's domain of each website."""
        texts = ((name, self.shard.structured_data.get(name)) for name in places_of(self.shard.shard_type_id).websites)
        domains = ((name, company_domain(text)) for name, text in texts if isinstance(text, str))
        return tuple((name, domain) for name, domain in domains if domain is not None)

    @cached_property
    def country(self) -> str | None:
        """Where it is, as ``Anchor.country`` says it; None where it is not told."""
        data = self.shard.structured_data
        for name in ("countryCode", "mailingCountryCode", "country", "mailingCountry"):
            value = data.get(name)
            if isinstance(value, str) and value.strip():
                plain = value.strip()
                return plain.upper() if len(plain) == len("DE") else plain.lower()
        return None

    @cached_property
    def dates(self) -> tuple[tuple[str, date], ...]:
        """Field and day of when it was made and changed."""
        texts = ((name, self.shard.structured_data.get(name)) for name in _DATED)
        days = ((name, _day(text)) for name, text in texts if isinstance(text, str))
        return tuple((name, day) for name, day in days if day is not None)

    def emails(self) -> Iterable[tuple[str, Mention | None, str]]:
        """Address, mention and field, of every address in it: also of those who take part by a list of people."""
        yield from ((mention.value, mention, mention.field) for mention in self.mentions.of("email"))
        yield from ((address, None, "permissions") for address in self.participants.addresses)


def _unmasked(words: Iterable[Word], name: str, mentions: Mentions) -> tuple[Word, ...]:
    masks = [(each.start, each.end) for each in mentions.found if each.field == name and each.kind in _MASKED]
    if not masks:
        return tuple(words)
    return tuple(word for word in words if not any(start < word.end and word.start < end for start, end in masks))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
