"""What ``up --once`` calls wrong: its exit code is only worth as much as this comparison."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from devtools.fakes.samples import sample_shard, sample_vectors
from devtools.local.sample import CHECKED, RELATIONSHIPS, SHARD_TYPES, Sent, faults
from devtools.vendors.salesforce.records import PretendOrg, Record
from shared.shards.model import Shard

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_sent_burst() -> Sent:
    org = PretendOrg("00D000000000062EAA", Random(7), lambda: NOON)
    ids = org.populate(accounts=2, contacts=2, opportunities=2)
    sent = tuple(org.record(record_id) for record_ids in ids.values() for record_id in record_ids)
    records = (*sent, org.create("Lead"), *(org.record(user_id) for user_id in org.user_ids))
    return Sent(org, records, acknowledged=len(records), answers={})


def as_json(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    return value.isoformat() if isinstance(value, date) else float(value)


def the_right_shard(sent: Sent, record: Record) -> Shard:
    """What the record must become, as far as it is compared: only fields that are not empty are sent."""
    data = {
        name: as_json(record.fields[field]) for name, field in CHECKED[record.object_name].items() if record.fields.get(field) is not None
    }
    shard = sample_shard("sample").model_copy(
        update={"shard_type_id": SHARD_TYPES[record.object_name], "structured_data": data, "vectors": sample_vectors(revision=1)}
    )
    named = RELATIONSHIPS[record.object_name].items()
    return linked(shard, *((name, the_id(sent, record, field)) for field, name in named if record.fields.get(field)))


def the_id(sent: Sent, record: Record, field: str) -> str:
    return sent.shard_id(sent.org.record(str(record.fields[field])), tenant_id="sample")


def linked(shard: Shard, *edges: tuple[str, str]) -> Shard:
    """With these edges and no others."""
    made = tuple({"relationshipType": name, "targetShardId": target} for name, target in edges)
    return shard.model_copy(update={"internal_relationships": made})


def right_shards(sent: Sent) -> dict[str, Shard]:
    return {record.id: the_right_shard(sent, record) for record in sent.records}


def the_opportunity(sent: Sent) -> Record:
    return next(record for record in sent.records if record.object_name == "Opportunity")


def test_a_burst_that_is_stored_as_it_was_sent_has_no_fault() -> None:
    sent = a_sent_burst()

    assert faults(sent, right_shards(sent)) == []


def test_every_missing_record_is_a_fault() -> None:
    sent = a_sent_burst()

    assert faults(sent, {}) == [f"{record.object_name} {record.id} has no shard" for record in sent.records]


@pytest.mark.parametrize("object_name", CHECKED)
def test_every_value_that_is_not_the_vendors_is_a_fault(object_name: str) -> None:
    sent = a_sent_burst()
    record = next(record for record in sent.records if record.object_name == object_name)
    for field in CHECKED[record.object_name]:
        shards = right_shards(sent)
        shards[record.id] = shards[record.id].model_copy(
            update={"structured_data": {**shards[record.id].structured_data, field: "something else"}}
        )

        [fault] = faults(sent, shards)

        assert fault.startswith(f"{object_name} {record.id}: {field} is 'something else' and")


def test_a_record_that_became_another_type_is_a_fault() -> None:
    sent = a_sent_burst()
    shards = right_shards(sent)
    account = next(record for record in sent.records if record.object_name == "Account")
    shards[account.id] = shards[account.id].model_copy(update={"shard_type_id": "c_contact"})

    assert faults(sent, shards) == [f"Account {account.id} became a c_contact"]


def test_every_edge_that_is_missing_or_leads_elsewhere_is_a_fault() -> None:
    sent = a_sent_burst()
    opportunity, right = the_opportunity(sent), right_shards(sent)
    company, owner = ("opportunity_for", the_id(sent, opportunity, "AccountId")), ("has_owner", the_id(sent, opportunity, "OwnerId"))
    wanted = sorted(map(str, (company, owner)))
    for edges in [(), (company,), (("opportunity_for", "f" * 32), owner), (("contact_for", company[1]), owner)]:
        shards = {**right, opportunity.id: linked(right[opportunity.id], *edges)}

        got = sorted(map(str, edges))

        assert faults(sent, shards) == [f"Opportunity {opportunity.id} is linked by {got} and not by {wanted}"]


def test_vectors_that_are_missing_of_an_older_revision_or_of_no_words_are_a_fault() -> None:
    sent = a_sent_burst()
    opportunity, right = the_opportunity(sent), right_shards(sent)
    shard, vectors = right[opportunity.id], sample_vectors(revision=1)
    wordless = vectors.model_copy(update={"chunk_count": 0})
    wrongs: list[dict[str, Any]] = [{"vectors": None}, {"revision_number": 2}, {"vectors": wordless}]
    for wrong in wrongs:
        shards = {**right, opportunity.id: shard.model_copy(update=wrong)}

        assert faults(sent, shards) == [f"Opportunity {opportunity.id} is not embedded"]
