"""An invented organization, what was written about its deals, and an API that says of it what it is told to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from devtools.fakes.samples import sample_shard
from devtools.local.api import Answer
from devtools.local.deals import Deals, named
from devtools.local.expected_links import ExpectedLinks
from devtools.local.mentions import Mentions, Written
from devtools.vendors.salesforce.records import PretendOrg, Record
from shared.shards.model import Shard

TENANT = "sample"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TYPES = {"Account": "c_account", "Opportunity": "c_opportunity"}


def some_deals(seed: int = 7) -> Deals:
    org = PretendOrg("00D000000000062EAA", Random(seed), lambda: NOON)
    ids = org.populate(accounts=2, contacts=1, opportunities=3)
    named(org, ids, Random(seed))
    return Deals.among(org, [org.record(one) for of_an_object in ids.values() for one in of_an_object])


def some_mentions() -> Mentions:
    return Mentions(
        some_deals(),
        offer=Written("c_file", "1Offer", "Offer.pdf"),
        visit=Written("c_file", "1Visit", "Visit.txt"),
        channel=Written("c_channel", "C1", "deal-room"),
    )


def stored(mentions: Mentions) -> list[Shard]:
    """Their shards; each has the id ``shard of`` it."""
    return [
        sample_shard(TENANT).model_copy(
            update={"id": f"shard of {one.id}", "shard_type_id": one.kind, "structured_data": {"externalId": one.id, "name": one.name}}
        )
        for one in mentions.all
    ]


@dataclass
class PretendLinks:
    """What is linked and suggested in a tenant, as the API shows it."""

    mentions: Mentions
    links: list[dict[str, Any]] = field(default_factory=list)
    """Each with the id of the shard that has it as ``owner``."""
    pending: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def right(cls) -> "PretendLinks":
        """As it has to be."""
        made = cls(some_mentions())
        deals, mentions = made.mentions.deals, made.mentions
        made.link(mentions.offer, deals.offered)
        made.link(mentions.visit, deals.company)
        made.link(mentions.channel, deals.discussed)
        made.suggest(mentions.visit, deals.offered)
        return made

    def link(self, one: Written, record: Record, **changed: Any) -> None:
        said = {"id": "e", "says": "is attached to", "confidence": 0.92, "source": "name", "why": ["it says so"], "confirmedBy": None}
        owner, other = self.end_of_written(one), self.end_of_record(record)
        self.links.append({**said, "confirmedAt": None, "owner": owner, "other": other, **changed})

    def suggest(self, one: Written, record: Record, **changed: Any) -> None:
        said = {"id": f"{one.id}/{record.id}", "status": "pending", "says": "is attached to", "confidence": 0.7, "why": ["perhaps"]}
        decided = {"decidedBy": None, "decidedAt": None, "reason": None}
        ends = {"source": self.end_of_written(one), "target": self.end_of_record(record)}
        self.pending.append({**said, **decided, **ends, **changed})

    def end_of_written(self, one: Written) -> dict[str, str]:
        return {"shardId": f"shard of {one.id}", "shardTypeId": one.kind, "name": one.name}

    def end_of_record(self, record: Record) -> dict[str, str]:
        shards = {one.id: shard for shard, one in ExpectedLinks(self.mentions, TENANT).records.items()}
        name, kind = str(record.fields["Name"]), TYPES[record.object_name]
        return {"shardId": shards.get(record.id, f"shard of {record.id}"), "shardTypeId": kind, "name": name}

    def links_of(self, shard: str) -> list[dict[str, Any]]:
        """Seen from a shard."""
        out = [{**link, "direction": "out"} for link in self.links if link["owner"]["shardId"] == shard]
        return [*out, *({**link, "direction": "in", "other": link["owner"]} for link in self.links if link["other"]["shardId"] == shard)]


@dataclass
class PretendApi:
    """The API as somebody has it who may see all, or nothing."""

    told: PretendLinks
    who: str | None
    may_see: bool
    page: int = 100
    refuses: Sequence[str] = ()
    """What it answers with 409: approve, or 503: get."""

    async def get(self, path: str, **asked: str) -> Answer:
        if "get" in self.refuses:
            return Answer(503, {"error": "not now"})
        if path == "suggested-links":
            first, most = int(asked.get("cursor", 0)), min(self.page, int(asked["limit"]))
            shown = [one for one in self.told.pending if self.may_see and one["status"] == asked["status"]]
            cursor = str(first + most) if first + most < len(shown) else None
            return Answer(200, {"suggestedLinks": shown[first : first + most], "cursor": cursor})
        return Answer(200, {"links": self.told.links_of(path.split("/")[1])})

    async def post(self, path: str, **said: Any) -> Answer:
        suggestion, action = path.removeprefix("suggested-links/").rsplit("/", 1)
        if not self.may_see:
            return Answer(404, {"error": "there is no such suggestion"})
        if action in self.refuses:
            return Answer(409, {"error": "it was rejected"})
        [one] = [one for one in self.told.pending if one["id"] == suggestion]
        one |= {"status": {"approve": "approved", "reject": "rejected"}[action], "decidedBy": self.who, "reason": said.get("reason")}
        if action == "approve":
            self._linked(one)
        return Answer(200, {"suggestedLink": one})

    def _linked(self, one: dict[str, Any]) -> None:
        said = {"confidence": 1.0, "source": "manual", "confirmedBy": self.who, "confirmedAt": "2026-11-22T12:00:00Z"}
        self.told.links.append({"id": "e", "says": one["says"], "why": one["why"], "owner": one["source"], "other": one["target"], **said})
