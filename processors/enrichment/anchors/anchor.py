"""An anchor as a worker keeps it: what it is recognised by in the forms that texts are compared in, and which shards it is related to."""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from processors.enrichment.entities.domains import company_domain
from processors.enrichment.entities.phones import phone_number
from processors.enrichment.names.normal import normal_name
from shared.linking.anchor import AnchorRow
from shared.shards.ids import shard_id

NAMED: Final = frozenset({"c_account", "c_contact", "c_opportunity", "c_project"})
"""Recognised by their names; people and channels are by ids and addresses alone."""
_COMPANIES: Final = frozenset({"c_account"})
"""Whose names may end with a legal form."""
DEALS: Final = frozenset({"c_opportunity", "c_project"})
_RECORD_TYPES: Final = {"accountId": "Account", "contactId": "Contact", "ownerId": "User", "parentId": "Account"}
"""By field: the kind of record it names, of the same vendor account."""
_OVER: Final = frozenset({"completed", "cancelled"})
"""What a project's status says when nothing is done for it any longer."""
_COUNTRY_LETTERS: Final = 2
LAST_DIGITS: Final = 6
_PLAIN: Final = re.compile(r"[0-9 ()+./\-\u00a0\u2010-\u2013]+")
"""A number without an extension behind it, and without letters."""
_SIGNS: Final = re.compile(r"[^0-9]+")


@dataclass(frozen=True, slots=True)
class Anchor:
    """One anchor."""

    shard_id: str
    shard_type_id: str
    name: str
    """As it is written; empty where there is none."""
    names: tuple[tuple[str, ...], ...]
    """What it is called, each as normal words."""
    emails: tuple[str, ...]
    domains: tuple[str, ...]
    """Registrable domains of its website, where they are its own."""
    dialled: tuple[tuple[str, str], ...]
    """Its phone numbers as they are written, and the country where each is dialled: to read one takes long, and most nobody asks for."""
    native_ids: tuple[str, ...]
    """``system:id`` of each vendor record."""
    account_id: str | None
    """Of the company it belongs to, as a shard's id; so the next three."""
    contact_id: str | None
    owner_id: str | None
    parent_id: str | None
    amount: float | None
    currency: str | None
    close_date: date | None
    is_open: bool
    """Whether work goes on: false for a deal or a project that is over, true for everything else."""
    country: str | None
    """Its code in two letters where the vendor tells it, else the name in lower case."""

    @property
    def phones(self) -> tuple[str, ...]:
        """Its numbers in E.164."""
        return _each(number for text, country in self.dialled if (number := phone_number(text, country)) is not None)

    @property
    def last_digits(self) -> tuple[str, ...]:
        """Of each number, as they are in E.164: those of an ordinary one can be told without reading it."""
        return _each(digits for text, country in self.dialled if (digits := _last_digits(text, country)) is not None)

    @property
    def is_deal(self) -> bool:
        """Whether it is an opportunity or a project."""
        return self.shard_type_id in DEALS


def anchor_of(row: AnchorRow, *, tenant_id: str, default_country: str) -> Anchor | None:
    """The anchor of a row; None for one that nothing is linked to now: it is gone, was never seen, or is somebody who has left.

    Args:
        row: what the store tells.
        tenant_id: whose it is.
        default_country: where a phone number is dialled that names no country, when the anchor names none either.
    """
    if row.status != "active" or row.fields.get("isActive") is False:
        return None
    texts = {field: text for field, value in row.fields.items() if isinstance(value, str) and (text := value.strip())}
    country = _country(texts)
    dialled = country if country is not None and len(country) == _COUNTRY_LETTERS else default_country
    email, domain = texts.get("email", ""), company_domain(texts["website"]) if "website" in texts else None
    return Anchor(
        shard_id=sys.intern(row.shard_id),
        shard_type_id=row.shard_type_id,
        name=texts.get("name", ""),
        names=_names(row.shard_type_id, texts),
        emails=(email.lower(),) if "@" in email else (),
        domains=() if domain is None else (domain,),
        dialled=tuple((texts[field], dialled) for field in ("phone", "mobilePhone") if field in texts),
        native_ids=tuple(dict.fromkeys(f"{system}:{external_id}" for system, _, _, external_id in row.records)),
        account_id=_related(row, texts, "accountId", tenant_id),
        contact_id=_related(row, texts, "contactId", tenant_id),
        owner_id=_related(row, texts, "ownerId", tenant_id),
        parent_id=_related(row, texts, "parentId", tenant_id),
        amount=_number(row.fields.get("amount")),
        currency=texts.get("currency"),
        close_date=_date(texts.get("closeDate")),
        is_open=row.fields.get("isClosed") is not True and not (row.shard_type_id == "c_project" and texts.get("status") in _OVER),
        country=country,
    )


def _names(shard_type_id: str, texts: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    if shard_type_id not in NAMED:
        return ()
    is_company = shard_type_id in _COMPANIES
    found = (normal_name(texts[field], is_company=is_company) for field in ("name", "code") if field in texts)
    return tuple(dict.fromkeys(tuple(map(sys.intern, name)) for name in found if name))


def _related(row: AnchorRow, texts: Mapping[str, str], field: str, tenant_id: str) -> str | None:
    """The shard that a field names. The id is of the same vendor account as the record; where there is no record, it is a shard's."""
    external_id = texts.get(field)
    if external_id is None or not row.records:
        return external_id
    system, scope, _, _ = row.records[0]
    found = shard_id(tenant_id=tenant_id, system=system, scope=scope, record_type=_RECORD_TYPES[field], external_id=external_id)
    return sys.intern(found)  # a company's id is in each of its deals


def _last_digits(text: str, country: str) -> str | None:
    digits = _SIGNS.sub("", text)
    if len(digits) < LAST_DIGITS or not _PLAIN.fullmatch(text):
        digits = phone_number(text, country) or ""
    return digits[-LAST_DIGITS:] or None


def _country(texts: Mapping[str, str]) -> str | None:
    for code in ("billingCountryCode", "mailingCountryCode"):
        if code in texts:
            return texts[code].upper()
    found = texts.get("billingCountry") or texts.get("mailingCountry")
    return found if found is None else found.upper() if len(found) == _COUNTRY_LETTERS else found.lower()


def _each(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        return None
