"""The deals of a first run that people write about elsewhere: what they are called, and whose they are.

Two of the invented companies get names that no invention has, and their deals are called after them, as people do: what is said of one can
then mean no other record. The first company has one deal, which is open and will be closed in some weeks. A company and its deals are one
person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, Self

from devtools.vendors.salesforce.records import PretendOrg, Record

_FIRST: Final = (
    *("Alder", "Basalt", "Beacon", "Bittern", "Bramble", "Cedar", "Clover", "Cobalt", "Egret", "Falcon"),
    *("Fennel", "Foxglove", "Gannet", "Glacier", "Gorse", "Hawthorn", "Heron", "Indigo", "Kingfisher", "Larch"),
    *("Lupine", "Magnolia", "Marlin", "Mistral", "Nettle", "Nimbus", "Osprey", "Oxbow", "Puffin", "Pumice"),
    *("Quartz", "Quill", "Redstart", "Rowan", "Saffron", "Sorrel", "Spruce", "Tansy", "Thistle", "Tundra"),
    *("Vesper", "Vetch", "Violet", "Walnut", "Wexford", "Zephyr"),
)
"""None is nearly a word of the other inventions, or of another of these: a name that is nearly another is evidence, too."""
_SECOND: Final = ("Bicycles", "Breweries", "Ceramics", "Ferries", "Instruments", "Stationery", "Textiles", "Umbrellas")
_FORMS: Final = ("GmbH", "Ltd", "AB", "Inc.")
_WHAT: Final = ("renewal", "new line", "pilot", "expansion", "phase two")
_OPEN: Final = ("Qualification", "Value Proposition", "Proposal/Price Quote")
SOON_DAYS: Final = 21
LATER_DAYS: Final = 120


@dataclass(frozen=True)
class Deals:
    """Those of an organization that the story is about."""

    org: PretendOrg
    company: Record
    """It has one deal."""
    offered: Record
    """That one."""
    other: Record
    """Another company."""
    discussed: Record
    """One of its deals."""

    @classmethod
    def among(cls, org: PretendOrg, records: Sequence[Record]) -> Self:
        """Of the records whose names ``named`` has given."""
        company, other = [record for record in records if record.object_name == "Account"][:2]
        deals = [record for record in records if record.object_name == "Opportunity"]
        [offered] = [deal for deal in deals if deal.fields["AccountId"] == company.id]
        discussed = next(deal for deal in deals if deal.fields["AccountId"] == other.id)
        return cls(org, company, offered, other, discussed)

    @property
    def all(self) -> tuple[Record, ...]:
        """Each record."""
        return self.company, self.offered, self.other, self.discussed

    @property
    def owner(self) -> Record:
        """The user whose are the company and its deal."""
        return self.org.record(str(self.offered.fields["OwnerId"]))


def named(org: PretendOrg, ids: Mapping[str, Sequence[str]], rng: Random) -> None:
    """Give two companies and their deals names of their own, before anybody is told of them."""
    company_ids, deal_ids = ids["Account"][:2], ids["Opportunity"]
    companies = list(zip(rng.sample(_FIRST, 2), rng.sample(_SECOND, 2), strict=True))
    for company_id, words in zip(company_ids, companies, strict=True):
        site = f"https://{words[0].lower()}-{words[1].lower()}.example"
        org.edit(company_id, Name=" ".join((*words, rng.choice(_FORMS))), Website=site)
    wanted = rng.sample(_WHAT, len(deal_ids))
    for number, (deal_id, what) in enumerate(zip(deal_ids, wanted, strict=True)):
        which = 0 if number == 0 else 1
        closes = datetime.now(UTC).date() + timedelta(days=LATER_DAYS + number if which else SOON_DAYS)
        name, owner = f"{' '.join(companies[which])} – {what}", org.record(company_ids[which]).fields["OwnerId"]
        org.edit(deal_id, Name=name, AccountId=company_ids[which], OwnerId=owner, StageName=rng.choice(_OPEN), CloseDate=closes)
