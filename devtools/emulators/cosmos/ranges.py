"""The physical ranges a container's effective keys are divided into, and which part of a container a call is about.

One range is enough for every feature; several show up what relies on it: ORDER BY and TOP are per range where a prefix of a key lies in
more than one, and change feeds have a token per range. The ranges are the same for all containers and are not kept on disk: a restart
with others is to the client what a split or a merge is. Unlike the service's, the ranges of a container share one counter of sequence
numbers, so tokens survive that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.keys import WHOLE
from devtools.emulators.cosmos.refusals import RANGE_GONE, RefusedError
from devtools.emulators.cosmos.wire import Request

KEY_HEADER: Final = "x-ms-documentdb-partitionkey"
RANGE_HEADER: Final = "x-ms-documentdb-partitionkeyrangeid"
HASHES: Final = 1 << 126
"""How many hashes there are: of 128 bits the two highest are never set."""


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The effective keys from `low` to below `high`."""

    id: str
    low: str
    high: str


def even_ranges(count: int) -> tuple[KeyRange, ...]:
    """As many ranges, all of the same width."""
    return ranges_between([f"{HASHES * number // count:032X}" for number in range(1, count)])


def ranges_between(borders: Sequence[str]) -> tuple[KeyRange, ...]:
    """The ranges that meet at these effective keys, which are in order."""
    ends = pairwise([WHOLE[0], *borders, WHOLE[1]])
    return tuple(KeyRange(str(number), low, high) for number, (low, high) in enumerate(ends))


ONE_RANGE: Final = even_ranges(1)


def point_of(request: Request, container: Container) -> str:
    """The effective key that a call on items names; 400 where it names none, or a part of one."""
    return container.key.point(request.headers.get(KEY_HEADER))


def reach_of(request: Request, container: Container, ranges: Sequence[KeyRange]) -> tuple[str, str]:
    """The half-open range of effective keys a query or a feed is about: those of a key, or of a range, or of a part of one."""
    header = request.headers.get(KEY_HEADER)
    if header is not None:
        return container.key.scope(header)
    low = request.headers.get("x-ms-start-epk", WHOLE[0]).upper()
    high = request.headers.get("x-ms-end-epk", WHOLE[1]).upper()
    if RANGE_HEADER not in request.headers:
        return low, high
    wanted = request.headers[RANGE_HEADER]
    found = next((one for one in ranges if one.id == wanted), None)
    if found is None:
        raise RefusedError(410, f"The partition key range '{wanted}' does not exist.", substatus=RANGE_GONE)
    return max(low, found.low), min(high, found.high)


def range_id(request: Request, container: Container, ranges: Sequence[KeyRange]) -> str:
    """The range that answers: the one that was asked for, or the one the key is in."""
    header = request.headers.get(KEY_HEADER)
    if header is None or len(ranges) == 1:
        return request.headers.get(RANGE_HEADER, ranges[0].id)
    key, _ = container.key.scope(header)
    return next(one.id for one in ranges if one.low <= key < one.high)
