"""Where a shard of each type names others: a table.

What vendors' own references say is not here (``processors/enrichment/references.py``), nor an address that leads to the shard itself. A
folder's ``path`` is left out, too: it names folders that not everybody may see who may see this one, and the reasons of links are shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.access.attendance import Attendance
from shared.access.grants import grants_in

EXTRACTED: Final = "text"
"""What a file's content is called among the fields: the text that was extracted from it."""
MOST_PARTICIPANTS: Final = 64
"""A place with more people says nothing about who takes part."""
_LONGEST_LIST: Final = MOST_PARTICIPANTS * 512
"""Characters: a longer list is not even read."""
_PERSON: Final = "user:"


@dataclass(frozen=True)
class Places:
    """The canonical fields of one type that name others."""

    titles: tuple[str, ...] = ("name",)
    """Names of the record, or of what it belongs to: short, and on purpose."""
    texts: tuple[str, ...] = ("description",)
    """What somebody wrote, in sentences."""
    addresses: tuple[str, ...] = ()
    """E-mail addresses, one each, of people whom it belongs to or is about."""
    phones: tuple[str, ...] = ()
    """Phone numbers, one each."""
    websites: tuple[str, ...] = ()
    """Websites of companies."""
    participants: tuple[str, ...] = ()
    """Lists of people, as JSON: a channel's members, a file's sharing list."""

    @property
    def read(self) -> tuple[str, ...]:
        """Those that ``recognise`` reads, in the order it reads them."""
        return (*self.titles, *self.addresses, *self.phones, *self.texts)


_STORED: Final = Places(addresses=("ownerEmail", "lastModifiedByEmail"), participants=("permissions",))

PLACES: Final[Mapping[str, Places]] = {
    "c_account": Places(phones=("phone",), websites=("website",)),
    "c_channel": Places(texts=("topic", "description"), participants=("members",)),
    "c_contact": Places(addresses=("email",), phones=("phone", "mobilePhone", "homePhone", "otherPhone")),
    "c_file": _STORED,
    "c_folder": _STORED,
    "c_lead": Places(titles=("name", "company"), addresses=("email",), phones=("phone", "mobilePhone"), websites=("website",)),
    "c_opportunity": Places(texts=("description", "nextStep")),
    "c_person": Places(texts=(), addresses=("email",), phones=("phone", "mobilePhone")),
    "c_project": Places(titles=("name", "code")),
}
"""By shard type. One that is not here names nobody."""
PHONES: Final = frozenset(field for places in PLACES.values() for field in places.phones)
"""Fields that hold a phone number, whatever it looks like."""
NOWHERE: Final = Places(titles=(), texts=())


@dataclass(frozen=True, slots=True)
class Participants:
    """Who takes part, as far as lists of people say so."""

    addresses: tuple[str, ...] = ()
    """E-mail addresses, without capitals."""
    slack_ids: tuple[str, ...] = ()
    is_crowd: bool = False
    """Whether they were too many to say anything: then none is named."""


def places_of(shard_type_id: str) -> Places:
    """Where such a shard names others."""
    return PLACES.get(shard_type_id, NOWHERE)


def fields_of(shard_type_id: str, structured: Mapping[str, Any], unstructured: Mapping[str, Any] | None = None) -> dict[str, str]:
    """What ``recognise`` reads of a shard: by field, in the order of titles, addresses, phone numbers, texts, content."""
    content = (unstructured or {}).get(EXTRACTED) if shard_type_id in PLACES else None
    values = {field: structured.get(field) for field in places_of(shard_type_id).read} | {EXTRACTED: content}
    return {field: value for field, value in values.items() if isinstance(value, str) and value}


def participants_of(shard_type_id: str, structured: Mapping[str, Any]) -> Participants:
    """Who takes part in a place: a channel's members by their Slack ids, those a file is shared with by their addresses."""
    found: set[str] = set()
    for field in places_of(shard_type_id).participants:
        kept = structured.get(field)
        if not isinstance(kept, str):
            continue
        if len(kept) > _LONGEST_LIST:
            return Participants(is_crowd=True)
        found.update(_people(field, kept))
    if len(found) > MOST_PARTICIPANTS:
        return Participants(is_crowd=True)
    addresses = tuple(sorted(one.removeprefix(_PERSON) for one in found if one.startswith(_PERSON)))
    return Participants(addresses, tuple(sorted(one for one in found if not one.startswith(_PERSON))))


def _people(field: str, kept: str) -> Iterator[str]:
    if field == "members":
        yield from Attendance.of(kept).members
    else:
        yield from (grant.principal for grant in grants_in(kept) if grant.principal is not None and grant.principal.startswith(_PERSON))
