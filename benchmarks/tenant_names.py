"""An invented tenant's anchors: companies, people who work there, deals with them; and texts that name some of them among other words.

Names are made of syllables, so that a hundred thousand of them differ as real ones do: some words are rare, some are in many names.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, Final

from shared.linking.anchor import AnchorRow
from shared.shards.ids import shard_id

TENANT: Final = "sample-tenant"
ORGANIZATION: Final = "00D000000000001EAA"
TEXT_CHARACTERS: Final = 500
_ONSETS: Final = "b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sh st t tr v w z"
_VOWELS: Final = "a e i o u ai ea ee ia io ou"
_CODAS: Final = "n r l s t m x nd rt ss ck th"
_TRADES: Final = "Logistics Systems Foods Energy Holdings Partners Labs Media Group Health Capital Robotics Marine Textiles Optics Bank"
_FORMS: Final = ("Inc", "Ltd", "GmbH", "LLC", "AB", "Pty Ltd", "S.A.", "")
_KINDS: Final = ("Account", "Contact", "Opportunity", "Contact", "Account", "Contact", "Opportunity", "Account", "Contact", "Opportunity")
_PREFIXES: Final = {"Account": "001", "Contact": "003", "Opportunity": "006"}
_TYPES: Final = {"Account": "c_account", "Contact": "c_contact", "Opportunity": "c_opportunity"}
_DEALS: Final = ("renewal", "expansion", "pilot", "rollout", "licences", "support contract", "upgrade")
_TALK: Final = (
    "we met last week and went through the open questions about the contract and the delivery plan with the team the draft has comments "
    "from legal and finance please look at page three before the next call on tuesday they asked for a better price and a later start "
    "there is a risk that the budget moves to next year so we should send the proposal soon and agree on the scope of the first phase"
)


def rows_of(count: int, *, seed: int = 8) -> Iterator[AnchorRow]:
    """So many anchors: of ten, three companies, four contacts, three deals."""
    rng, account, company = Random(seed), 0, ""
    for number in range(count):
        kind = _KINDS[number % len(_KINDS)]
        if kind == "Account":
            account, company = number, f"{_word(rng)} {rng.choice(_TRADES.split())} {rng.choice(_FORMS)}".strip()
            yield _row(
                kind,
                number,
                name=company,
                website=f"https://www.{company.split()[0].lower()}{number}.com",
                phone=_phone(rng),
                billingCountry="US",
            )
        elif kind == "Contact":
            first, last = _word(rng), _word(rng)
            address = f"{first}.{last}@{company.split()[0].lower()}{account}.com".lower()
            yield _row(kind, number, name=f"{first} {last}", email=address, phone=_phone(rng), accountId=_external_id("Account", account))
        else:
            yield _row(
                kind,
                number,
                name=f"{company} – {rng.choice(_DEALS)} {rng.randint(2020, 2027)}",
                accountId=_external_id("Account", account),
                amount=float(rng.randint(1, 900) * 1000),
                currency="USD",
                closeDate=f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                isClosed=rng.random() < 0.5,
            )


def texts_of(rows: Sequence[AnchorRow], count: int, *, names: int, seed: int = 9) -> list[str]:
    """Texts of 500 characters: talk, with so many names of theirs in it, three of ten written with a slip."""
    rng, texts = Random(seed), []
    for _ in range(count):
        words = rng.choices(_TALK.split(), k=TEXT_CHARACTERS // 4)
        for place in sorted(rng.sample(range(5, 50), names)):
            words.insert(place, _written(rng, str(rng.choice(rows).fields["name"])))
        texts.append(" ".join(words)[:TEXT_CHARACTERS])
    return texts


def _written(rng: Random, name: str) -> str:
    if rng.random() < 0.7:
        return name
    place = rng.randrange(1, len(name))
    return name[: place - 1] + name[place:]


def _row(kind: str, number: int, **fields: Any) -> AnchorRow:
    external_id = _external_id(kind, number)
    found = shard_id(tenant_id=TENANT, system="salesforce", scope=ORGANIZATION, record_type=kind, external_id=external_id)
    return AnchorRow(found, _TYPES[kind], "active", (("salesforce", ORGANIZATION, kind, external_id),), fields, changed_at=1)


def _external_id(kind: str, number: int) -> str:
    return f"{_PREFIXES[kind]}{number:012}AAA"


def _word(rng: Random) -> str:
    return "".join(rng.choice(_ONSETS.split()) + rng.choice(_VOWELS.split()) for _ in range(rng.randint(1, 3))).capitalize() + rng.choice(
        _CODAS.split()
    )


def _phone(rng: Random) -> str:
    return f"+1 {rng.randint(201, 989)} {rng.randint(201, 989)} {rng.randint(0, 9999):04}"
