"""Request units, estimated from the size of the item.

The reads of 1, 2, 8 and 16 KB and the writes are the service's documented reference points (default indexing, session consistency); the
reads of 4, 32 and 64 KB are drawn along the line. Between points: a straight line. Above 64 KB: in proportion. A query's price is
invented: a floor and a little for each item looked at. Good enough to compare designs, not to write a budget.

Sizes are bytes of compact UTF-8 JSON without the system properties.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

KILOBYTE: Final = 1024
READ_POINTS: Final = ((1, 1.0), (2, 1.04), (4, 1.14), (8, 1.33), (16, 1.67), (32, 2.35), (64, 3.71))
WRITE_POINTS: Final = ((1, 4.95), (2, 6.29), (4, 6.67), (8, 7.04), (16, 9.52), (32, 11.23), (64, 22.67))
MINIMUM: Final = 1.0
QUERY_FLOOR: Final = 2.3
QUERY_PER_ITEM: Final = 0.05


def read_charge(size_bytes: int) -> float:
    """A point read."""
    return _along(READ_POINTS, size_bytes / KILOBYTE)


def write_charge(size_bytes: int) -> float:
    """A create, upsert, replace, patch or delete of an item of this size."""
    return _along(WRITE_POINTS, size_bytes / KILOBYTE)


def query_charge(items_looked_at: int) -> float:
    """One page of a query."""
    return QUERY_FLOOR + QUERY_PER_ITEM * items_looked_at


def feed_charge(sizes_bytes: Iterable[int]) -> float:
    """One page of a change feed: invented, the price of one item as large as all of them."""
    return read_charge(sum(sizes_bytes))


def _along(points: tuple[tuple[int, float], ...], kilobytes: float) -> float:
    last_size, last_charge = points[-1]
    if kilobytes >= last_size:
        return last_charge * kilobytes / last_size
    right = bisect_left(points, (kilobytes, 0.0))
    if right == 0:
        return points[0][1]
    (low, low_charge), (high, high_charge) = points[right - 1], points[right]
    return low_charge + (high_charge - low_charge) * (kilobytes - low) / (high - low)
