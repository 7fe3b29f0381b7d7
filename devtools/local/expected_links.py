"""What was written about the deals of a first run, as it has to be linked.

What is expected is taken from the invented records and not from the app: a wrong link must not agree with itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from devtools.local.deals import Deals
from devtools.local.links import called
from devtools.local.mentions import Mentions, Written
from devtools.local.suggestions import stated
from devtools.vendors.salesforce.records import Record
from shared.shards.ids import shard_id

SURE, LIKELY = 0.8, 0.6
"""From here on something is linked, or suggested, as long as nobody has changed the tenant's policy."""
CUSTOMERS: Final = frozenset({"c_account", "c_contact", "c_opportunity", "c_project"})
"""What is looked at: to which of these something is linked. That a file lies in a folder is the vendor's own word."""

Shown = Mapping[str, Any]
"""A link or a suggestion, as the API shows it."""


@dataclass(frozen=True)
class Seen:
    """What the API says at a moment."""

    shards: Mapping[str, str]
    """The shard of a file or channel, by the vendor's id."""
    links: Mapping[str, Sequence[Shown]]
    """From each to customers, by the vendor's id."""
    back: Mapping[str, Sequence[Shown]]
    """To each of the records that it is about, by the shard: what was concluded, and not what the vendor says itself."""
    waiting: Sequence[Shown]
    """What is suggested of any of them, and not settled."""

    @classmethod
    def of(cls, shards: Mapping[str, str], links: Mapping[str, Sequence[Shown]], pending: Sequence[Shown]) -> "Seen":
        """Of all suggestions, and all links of these shards and of the records, by the shard."""
        mine = set(shards.values())
        return cls(
            shards=shards,
            links={
                vendor_id: [link for link in links[one] if _is_to_a_customer(link)] for vendor_id, one in shards.items() if one in links
            },
            back={one: [link for link in links[one] if _is_concluded(link)] for one in links if one not in mine},
            waiting=[one for one in pending if one["source"]["shardId"] in mine],
        )


@dataclass(frozen=True)
class ExpectedLinks:
    """Those of one run."""

    mentions: Mentions
    tenant_id: str

    @property
    def records(self) -> dict[str, Record]:
        """The deals and their companies, by the shard."""
        return {self._shard_id(record): record for record in self._deals.all}

    def likely(self, seen: Seen) -> Shown | None:
        """The suggestion that has to wait."""
        visit, deal = seen.shards.get(self.mentions.visit.id), self._shard_id(self._deals.offered)
        found = (one for one in seen.waiting if (one["source"]["shardId"], one["target"]["shardId"]) == (visit, deal))
        return next(found, None)

    def faults(self, seen: Seen) -> Iterator[str]:
        """What is missing or wrong, a line each."""
        deals, mentions = self._deals, self.mentions
        # The offer is called after a deal that is called after its company: it may be linked to both.
        yield from self._of(mentions.offer, seen, deals.offered, allowed=(deals.company,))
        yield from self._of(mentions.visit, seen, deals.company)
        yield from self._of(mentions.channel, seen, deals.discussed)
        yield from self._others(seen)
        likely = self.likely(seen)
        if likely is None:
            yield f"it does not wait for anybody that {name_of(mentions.visit)} belongs to {_named(deals.offered)}"
        elif not LIKELY <= likely["confidence"] < SURE or not likely["why"]:
            yield f"that {stated(likely)} waits with confidence {likely['confidence']} and {len(likely['why'])} reasons"
        yield from (f"it waits for somebody that {stated(one)}, and nothing says so" for one in seen.waiting if one is not likely)

    def _of(self, one: Written, seen: Seen, wanted: Record, *, allowed: Sequence[Record] = ()) -> Iterator[str]:
        if one.id not in seen.links:
            yield f"{name_of(one)} has no shard, or nobody is told of its links"
            return
        found = {link["other"]["shardId"]: link for link in seen.links[one.id]}
        link = found.get(self._shard_id(wanted))
        if link is None:
            yield f"{name_of(one)} is not linked to {_named(wanted)}"
        elif not SURE <= link["confidence"] < 1 or not link["why"]:
            yield f"{name_of(one)} is linked to {_named(wanted)} with confidence {link['confidence']} and {len(link['why'])} reasons"
        elif seen.shards[one.id] not in {back["other"]["shardId"] for back in seen.back.get(link["other"]["shardId"], ())}:
            yield f"{name_of(one)} is linked to {_named(wanted)}, which does not say so"
        known = {self._shard_id(record) for record in (wanted, *allowed)}
        wrong = [called(it["other"]) for other, it in found.items() if other not in known]
        yield from (f"{name_of(one)} is linked to {other}, and nothing says so" for other in wrong)

    def _others(self, seen: Seen) -> Iterator[str]:
        """What is linked to these records, and is none of what was written about them."""
        written = set(seen.shards.values())
        for shard, record in self.records.items():
            wrong = [link["other"] for link in seen.back.get(shard, ()) if link["other"]["shardId"] not in written]
            yield from (f"{called(other)} is linked to {_named(record)}, and nothing says so" for other in wrong)

    @property
    def _deals(self) -> Deals:
        return self.mentions.deals

    def _shard_id(self, record: Record) -> str:
        scope, kind = self._deals.org.organization_id, record.object_name
        return shard_id(tenant_id=self.tenant_id, system="salesforce", scope=scope, record_type=kind, external_id=record.id)


def name_of(one: Written) -> str:
    """What a person would call it."""
    return called({"shardTypeId": one.kind, "name": one.name})


def _is_to_a_customer(link: Shown) -> bool:
    return bool(link["direction"] == "out" and link["other"]["shardTypeId"] in CUSTOMERS)


def _is_concluded(link: Shown) -> bool:
    return bool(link["direction"] == "in" and link["source"] != "crm")


def _named(record: Record) -> str:
    return str(record.fields["Name"])
