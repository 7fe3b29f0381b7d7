"""The version of a record: the vendor's monotone value, as text that sorts."""

from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import JsonValue

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

VERSION_FIELD: Final = "SystemModstamp"
"""It moves on user and system changes alike, to the second."""


def moment_of(text: JsonValue) -> datetime | None:
    """A moment as the vendor writes it, in SOAP with ``Z`` and in REST with ``+0000``; None when it is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def vendor_version(text: JsonValue) -> str | None:
    """Milliseconds since 1970 as 15 digits; None when a message does not carry the field, which is legal."""
    moment = moment_of(text)
    return None if moment is None else f"{(moment - EPOCH) // timedelta(milliseconds=1):015d}"
