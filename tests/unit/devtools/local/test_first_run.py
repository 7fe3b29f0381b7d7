"""What ``up --once`` calls wrong: its exit code is only worth as much as this comparison."""

from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest

from devtools.fakes.samples import sample_shard
from devtools.local.sample import CHECKED, SHARD_TYPES, Sent, faults
from devtools.vendors.salesforce.records import PretendOrg, Record
from shared.shards.model import Shard

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def a_sent_burst() -> Sent:
    org = PretendOrg("00D000000000062EAA", Random(7), lambda: NOON)
    ids = org.populate(accounts=2, contacts=2, opportunities=2)
    records = tuple(org.record(record_id) for record_ids in ids.values() for record_id in record_ids)
    return Sent(org, records, acknowledged=len(records), answers={})


def as_json(value: Any) -> Any:
    if isinstance(value, bool | str):
        return value
    return value.isoformat() if isinstance(value, date) else float(value)


def the_right_shard(record: Record) -> Shard:
    """What the record must become, as far as it is compared: only fields that are not empty are sent."""
    data = {
        name: as_json(record.fields[field]) for name, field in CHECKED[record.object_name].items() if record.fields.get(field) is not None
    }
    return sample_shard("sample").model_copy(update={"shard_type_id": SHARD_TYPES[record.object_name], "structured_data": data})


def right_shards(sent: Sent) -> dict[str, Shard]:
    return {record.id: the_right_shard(record) for record in sent.records}


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
