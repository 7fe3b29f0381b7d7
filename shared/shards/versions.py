"""Which of two sightings of one record is the newer.

The order is (vendorVersion, observedAt, conversionVersion). A vendor's own version decides where both have one; where either has none, only
the moment of observation does. A tombstone is a sighting like any other: a late update cannot revive, a restore can.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Order(Enum):
    """How a sighting stands to what is stored."""

    NEWER = "newer"
    SAME = "same"
    OLDER = "older"


@dataclass(frozen=True)
class Version:
    """When and as what a record was seen."""

    vendor_version: str | None
    """Zero-padded text: text order is the vendor's order."""
    observed_at: datetime
    conversion_version: str


def order(candidate: Version, stored: Version) -> Order:
    """How ``candidate`` stands to ``stored``.

    Equal versions seen later are newer: a vendor's version has the precision of a second, and two edits may share it. The same sighting
    under another conversion is newer too, so that a corrected mapping takes effect.
    """
    if candidate.vendor_version is not None and stored.vendor_version is not None and candidate.vendor_version != stored.vendor_version:
        return Order.NEWER if candidate.vendor_version > stored.vendor_version else Order.OLDER
    if candidate.observed_at != stored.observed_at:
        return Order.NEWER if candidate.observed_at > stored.observed_at else Order.OLDER
    return Order.SAME if candidate.conversion_version == stored.conversion_version else Order.NEWER
