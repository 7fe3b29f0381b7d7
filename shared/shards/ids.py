"""Shard ids: derived, so that an upsert is a point read and two deliveries of one record can never make two shards."""

from typing import NewType

from shared.contracts.canonical import digest

ShardId = NewType("ShardId", str)


def external_edge_id(*, system: str, scope: str, record_type: str, external_id: str) -> str:
    """The id of a shard's edge to its vendor record: the same whoever writes it."""
    return digest(system, scope, record_type, external_id)


def shard_id(*, tenant_id: str, system: str, scope: str, record_type: str, external_id: str) -> ShardId:
    """32 hexadecimal characters over what identifies a vendor record.

    ``scope`` is whose ids they are: a Salesforce organization id (18 characters), a Slack enterprise or team id, empty for Drive.
    """
    return ShardId(digest(tenant_id, system, scope, record_type, external_id))
