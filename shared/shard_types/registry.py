"""The shard types this deployment knows: the one list."""

from typing import Final

from shared.errors import UnmappableRecord
from shared.shard_types.account import ACCOUNT
from shared.shard_types.channel import CHANNEL
from shared.shard_types.contact import CONTACT
from shared.shard_types.file import FILE
from shared.shard_types.folder import FOLDER
from shared.shard_types.group import GROUP
from shared.shard_types.integration_state import INTEGRATION_STATE
from shared.shard_types.lead import LEAD
from shared.shard_types.opportunity import OPPORTUNITY
from shared.shard_types.person import PERSON
from shared.shard_types.project import PROJECT
from shared.shard_types.shard_type import ShardType

SHARD_TYPES: Final = (ACCOUNT, CHANNEL, CONTACT, FILE, FOLDER, GROUP, LEAD, OPPORTUNITY, PERSON, PROJECT, INTEGRATION_STATE)


def shard_type(shard_type_id: str) -> ShardType:
    """The type with this id.

    Raises:
        UnmappableRecord: when the registry does not know it.
    """
    for known in SHARD_TYPES:
        if known.id == shard_type_id:
            return known
    raise UnmappableRecord(f"no shard type {shard_type_id}")
