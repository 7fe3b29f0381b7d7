"""A shard's id is derived from what identifies the vendor record, and from nothing else."""

import pytest

from shared.shards.ids import shard_id

SAID = {
    "tenant_id": "tenant-1",
    "system": "salesforce",
    "scope": "00D5g000004Rt5xEAC",
    "record_type": "Opportunity",
    "external_id": "0065g00000XyZabAAF",
}


def test_the_id_is_this_and_stays_this() -> None:
    assert shard_id(**SAID) == "4a822c3e1c80e5b7c26fb6b191eb720a"


@pytest.mark.parametrize("name", list(SAID))
def test_a_record_that_differs_in_this_is_another_shard(name: str) -> None:
    assert shard_id(**{**SAID, name: "another"}) != shard_id(**SAID)


def test_moving_a_character_from_one_part_to_the_next_is_another_shard() -> None:
    parts = ["tenant_id", "system", "scope", "record_type", "external_id"]

    ids = {shard_id(**{**dict.fromkeys(parts, "x"), part: "xx"}) for part in parts}

    assert len(ids) == len(parts)
