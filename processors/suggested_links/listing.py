"""Suggestions, as many as are wanted, leaving out those whose ends the caller may not see: a page is not shorter for them."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from processors.suggested_links.shown import both, ends_of, through
from shared.linking.shown import Sight
from shared.linking.suggestion import Place, SuggestedLink, SuggestedLinks, SuggestionFilter

MOST_LOOKED_AT: Final = 1_000
"""For one page: whoever may see next to nothing gets a short one, and a cursor to go on."""
AT_ONCE: Final = 16
"""At least so many are looked at together."""


@dataclass(frozen=True)
class Found:
    """What a caller may see."""

    suggestions: tuple[SuggestedLink, ...]
    last: Place | None
    """The last one that was looked at; None when there are no more."""


async def find(
    suggestions: SuggestedLinks, wanted: SuggestionFilter, sight: Sight, *, most: int, now: datetime, after: Place | None = None
) -> Found:
    """The first so many.

    Raises:
        TransientError: when a store cannot answer now.
    """
    stream = suggestions.listed(sight.caller.tenant_id, wanted, now=now, after=after)
    try:
        found, last = await _look(stream, sight, most)
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    await sight.look_at(chain.from_iterable(map(through, found)))
    return Found(tuple(found), None if last is None else Place(last.confidence, last.id))


async def _look(stream: AsyncIterator[SuggestedLink], sight: Sight, most: int) -> tuple[list[SuggestedLink], SuggestedLink | None]:
    """So many that may be seen, and the last one that was looked at; None for that when there are no more."""
    found: list[SuggestedLink] = []
    last = None
    looked_at = 0
    following = await anext(stream, None)
    while following is not None and len(found) < most and looked_at < MOST_LOOKED_AT:
        some, following = await _some(stream, following, max(most - len(found), AT_ONCE))
        await sight.look_at(chain.from_iterable(map(ends_of, some)))
        for suggestion in some:
            if len(found) == most:
                return found, last
            if both(suggestion, sight) is not None:
                found.append(suggestion)
            last = suggestion
        looked_at += len(some)
    return found, last if following is not None else None


async def _some(stream: AsyncIterator[SuggestedLink], first: SuggestedLink, most: int) -> tuple[list[SuggestedLink], SuggestedLink | None]:
    """So many, and the one after them."""
    some = [first]
    while (following := await anext(stream, None)) is not None and len(some) < most:
        some.append(following)
    return some, following
