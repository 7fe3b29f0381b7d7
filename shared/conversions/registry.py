"""The conversions this deployment knows: the one list."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.salesforce import SALESFORCE
from shared.errors import UnmappableRecord

CONVERSIONS: Final = (*SALESFORCE,)


def conversion_of(source: str, record_type: str | None) -> Conversion:
    """The conversion of a source's kind of record.

    Raises:
        UnmappableRecord: when there is none.
    """
    for known in CONVERSIONS:
        if (known.source, known.record_type) == (source, record_type):
            return known
    raise UnmappableRecord(f"no conversion for {source} {record_type or 'record without a type'}")
