"""The change feed of a container: every item once, as it is now, in the order of the last writes.

What surprises, and is so in the service: an item that was written twice comes once; what was deleted or has expired does not come at all,
so a reader who was away never hears of it. The token is the sequence number (an `etag`), and a client goes on until it is told with 304
that nothing is new. All items of one batch have one sequence number, so a page never ends between two of them, even where it gets longer
than was asked for. A start time is sent again with every page, together with the token, and both apply.

A token says nothing about its container: that one was made anew is noticed by the resource id that the client keeps in its own token.
Refused: the mode AllVersionsAndDeletes, which needs the continuous backup of an account. Lacking: `410 Gone` for a split, for ranges
never change while this stand-in runs.
"""

import re
from collections.abc import Iterable, Sequence
from email.utils import parsedate_to_datetime
from itertools import groupby
from typing import Final

from devtools.emulators.cosmos.charges import feed_charge
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.documents import Record
from devtools.emulators.cosmos.paging import PAGE_BYTES, page_items
from devtools.emulators.cosmos.ranges import reach_of
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, encode, feed

LATEST_VERSION: Final = "incremental feed"
NOW: Final = "*"
TOKEN: Final = re.compile(r'("?)([0-9]{1,18})\1')


def read_changes(store: Store, request: Request, container: Container) -> Reply:
    """GET .../docs with `A-IM`: a page of what was written since, or 304. Either says where the next one starts."""
    if request.headers["A-IM"].lower() != LATEST_VERSION:
        raise RefusedError(400, "The change feed has the latest version of every item only: this account has no continuous backup.")
    since, start, most = _since(request, container), _start_seconds(request), page_items(request)
    low, high = reach_of(request, container, store.ranges)
    is_new = since < container.lsn  # most calls are of somebody who waits, and cost nothing here
    records = container.within(low, high, store.now()) if is_new else []
    changed = sorted((one for one in records if one.lsn > since and one.document["_ts"] >= start), key=_lsn)
    page = _page(changed, most)
    if not page:
        return Reply(304, b"", {"etag": f'"{container.lsn}"'})
    lsn = page[-1].lsn if len(page) < len(changed) else container.lsn
    rows = [encode({**record.document, "_lsn": record.lsn}) for record in page]
    return feed(container.rid, rows, {"etag": f'"{lsn}"'}, feed_charge(record.size_bytes for record in page))


def _since(request: Request, container: Container) -> int:
    """The sequence number up to which everything is known."""
    text = request.headers.get("If-None-Match")
    if text is None:
        return 0
    if text == NOW:
        return container.lsn
    token = TOKEN.fullmatch(text)
    if token is None:
        raise RefusedError(400, "The continuation of the change feed cannot be read.")
    return int(token[2])


def _start_seconds(request: Request) -> float:
    """Seconds since 1970, before which nothing is of interest."""
    text = request.headers.get("If-Modified-Since")
    if text is None:
        return 0.0
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        raise RefusedError(400, "The start time of the change feed is not a date.") from None


def _page(changed: Sequence[Record], most: int) -> list[Record]:
    """As many as were asked for (-1: as many as fit), and all of the last commit."""
    found: list[Record] = []
    size_bytes = 0
    for _, group in groupby(changed, key=_lsn):
        commit = list(group)
        size_bytes += _body_bytes(commit)
        is_full = len(found) >= most > 0 or size_bytes > PAGE_BYTES
        if found and is_full:
            return found
        found += commit
    return found


def _body_bytes(commit: Iterable[Record]) -> int:
    return sum(len(record.body) for record in commit)


def _lsn(record: Record) -> int:
    return record.lsn
