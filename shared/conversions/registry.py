"""The conversions this deployment knows: the one list."""

from collections.abc import Mapping
from typing import Any, Final

from shared.conversions.conversion import Conversion
from shared.conversions.gdrive import GDRIVE
from shared.conversions.salesforce import SALESFORCE
from shared.conversions.slack import SLACK
from shared.errors import UnmappableRecord

CONVERSIONS: Final = (*SALESFORCE, *GDRIVE, *SLACK)


def conversion_of(
    source: str, record_type: str | None, record: Mapping[str, Any] | None = None, *, shard_type_id: str | None = None
) -> Conversion:
    """The conversion of a source's kind of record. Where the kind has several, the record says which, or the shard it has become.

    Raises:
        UnmappableRecord: when there is none.
    """
    known = [one for one in CONVERSIONS if (one.source, one.record_type) == (source, record_type)]
    by_shard = [one for one in known if one.shard_type_id == shard_type_id]
    said = [one for one in known if one.when is not None and record is not None and record.get(one.when[0]) == one.when[1]]
    found = [*said, *by_shard, *(one for one in known if one.when is None), *known]
    if not found:
        raise UnmappableRecord(f"no conversion for {source} {record_type or 'record without a type'}")
    return found[0]
