"""The records that are measured with: invented as ``devtools.vendors.salesforce`` invents them, but for what would be measured wrongly.

Invented names and descriptions come from short lists, so many records would share a text, which a worker embeds once. Here every record
has a number, which stands in its name and in every paragraph of its description, so that every chunk has a text of its own; copies, whose
texts are all known, are made on purpose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Final

from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.salesforce.stories import OPPORTUNITY_STORIES

_THE_VENDORS: Final = frozenset(
    {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp", "LastActivityDate", "IsDeleted"}
    | {"ExpectedRevenue", "FiscalQuarter", "FiscalYear"}
)
"""Fields nobody writes."""


@dataclass(frozen=True)
class Books:
    """What the invented organization sells, and to whom."""

    org: PretendOrg
    rng: Random
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def accounts(self, number: int) -> list[str]:
        """Ids of new accounts."""
        return [self._named(self.org.create("Account").id) for _ in range(number)]

    def contacts(self, number: int) -> list[str]:
        """Ids of new contacts of the accounts there are."""
        return [self.org.create("Contact", LastName=f"Ito-{next(self._numbers)}").id for _ in range(number)]

    def opportunities(self, number: int) -> list[str]:
        """Ids of new opportunities of the accounts there are."""
        return [self._named(self.org.create("Opportunity").id) for _ in range(number)]

    def long_opportunities(self, number: int, *, paragraphs: int) -> list[str]:
        """Ids of new opportunities with long notes: each paragraph is a chunk, and one more the facts."""
        made = []
        for _ in range(number):
            told = (self.rng.choice(OPPORTUNITY_STORIES).description.replace("\n\n", " ") for _ in range(paragraphs))
            notes = "\n\n".join(f"{place}. {story}" for place, story in enumerate(told, start=1))
            made.append(self._named(self.org.create("Opportunity", Description=notes).id))
        return made

    def copies(self, record_ids: Sequence[str]) -> list[str]:
        """Ids of new opportunities that say word for word what these say."""
        made = []
        for record_id in record_ids:
            said = {name: value for name, value in self.org.record(record_id).fields.items() if name not in _THE_VENDORS}
            made.append(self.org.create("Opportunity", at=_now(), **said).id)
        return made

    def reword(self, record_ids: Sequence[str]) -> None:
        """Write one more paragraph into each."""
        for record_id in record_ids:
            known = self.org.record(record_id).fields["Description"] or "No notes yet."
            self.org.edit(record_id, Description=f"{known}\n\nCall again on the {next(self._numbers)}th day.", at=_now())

    def recount(self, record_ids: Sequence[str]) -> None:
        """Change in each a field that is stored, and no part of the text."""
        for record_id in record_ids:
            self.org.edit(record_id, TotalOpportunityQuantity=1000 + next(self._numbers), at=_now())

    def _named(self, record_id: str) -> str:
        number, known = next(self._numbers), self.org.record(record_id).fields
        paragraphs = [f"{paragraph} (No. {number})" for paragraph in str(known["Description"] or "").split("\n\n") if paragraph]
        self.org.edit(record_id, Name=f"{known['Name']} {number}", Description="\n\n".join(paragraphs) or None)
        return record_id


def _now() -> datetime:
    return datetime.now(UTC)
