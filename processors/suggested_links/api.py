"""Suggested links: what is likely and waits for a person, and what a person says.

Whoever may read both ends, as they are now, may see a suggestion and decide about it. To everybody else it is not there.
"""

import asyncio
import logging
from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from processors.suggested_links.listing import find
from processors.suggested_links.page import MOST, Page, filter_of
from processors.suggested_links.shown import SuggestionShown, both, ends_of, shown, through
from shared.access.tokens import Caller
from shared.contracts.message import Wire, timestamp
from shared.errors import NotFound, PipelineError, TooLate, TransientError
from shared.linking.asked import Reason, Said
from shared.linking.deciding import Decided, Ports, announce, decide, is_settled, settle, standing, told
from shared.linking.decision import LinkDecision, Verdict
from shared.linking.shown import Link, Sight, edges_of, is_id, link_of, spoken_through
from shared.linking.suggestion import SuggestedLink, SuggestedLinks
from shared.shards.model import Shard
from shared.shards.store import ShardStore

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""So many shards are decided about together."""
IS_THERE_NOT: Final = "there is no such suggested link"


class SuggestionList(Wire):
    """A page of them, the most confident first."""

    suggested_links: tuple[SuggestionShown, ...]
    cursor: str | None
    """Where the next page begins; None: there is none."""


class Approved(Wire):
    """What approving came to."""

    suggested_link: SuggestionShown
    link: Link


class Rejected(Wire):
    """What rejecting came to."""

    suggested_link: SuggestionShown


class Skipped(Wire):
    """One that was not approved."""

    id: str
    why: str


class AllApproved(Wire):
    """What approving many came to."""

    approved: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    is_complete: bool
    """False: there are more that fit."""


class Many(Said):
    """Which ones are to be approved: those that wait, and fit all that is said here."""

    type: str | None = None
    relationship: str | None = None
    shard: str | None = None
    min_confidence: float = 0.0
    max_confidence: float = 1.0
    most: Annotated[int, Field(ge=1, le=MOST)] = MOST
    reason: Reason = None


async def list_suggestions(page: Page, caller: Caller, *, suggestions: SuggestedLinks, shards: ShardStore, now: datetime) -> SuggestionList:
    """A page of suggestions.

    Raises:
        TransientError: when a store cannot answer now.
    """
    sight = Sight(caller, shards)
    found = await find(suggestions, page.wanted, sight, most=page.limit, now=now, after=page.after)
    return SuggestionList(
        suggested_links=tuple(_shown(suggestion, sight, now=now) for suggestion in found.suggestions),
        cursor=None if found.last is None else page.cursor(found.last, caller.tenant_id),
    )


async def approve(suggestion: str, said: Said, caller: Caller, *, ports: Ports) -> Approved:
    """Make the link. Approving what is approved changes nothing and answers the same.

    Raises:
        NotFound: it is not there, or an end of it is gone or not for this caller: who asks cannot tell which.
        TooLate: it was rejected, or is over.
        TransientError: not all of it is known to be done; doing it again completes it.
    """
    sight = Sight(caller, ports.shards)
    settled, decided = await _decided(suggestion, "approved", said, sight, ports)
    edge = next(edge for edge in edges_of(decided.owner) if (edge.relationship_type, edge.target_shard_id) == decided.decision.statement)
    await sight.look_at([*through(settled), *spoken_through(edge.metadata.evidence)])
    source, target = _both(settled, sight)
    link = link_of(edge, owner=source, other=target, direction="out", sight=sight)
    return Approved(suggested_link=shown(settled, source, target, sight, now=ports.now()), link=link)


async def reject(suggestion: str, said: Said, caller: Caller, *, ports: Ports) -> Rejected:
    """Say that it is not so: it is never linked or suggested again. Rejecting what is rejected changes nothing and answers the same.

    Raises:
        NotFound: as ``approve``.
        TooLate: it was approved, or is over.
        TransientError: as ``approve``.
    """
    sight = Sight(caller, ports.shards)
    settled, _ = await _decided(suggestion, "rejected", said, sight, ports)
    await sight.look_at(through(settled))
    return Rejected(suggested_link=_shown(settled, sight, now=ports.now()))


async def approve_all(asked: Many, caller: Caller, *, ports: Ports) -> AllApproved:
    """Approve what fits, one after the other for each shard that says it. What cannot be approved does not stop the others.

    Raises:
        BadRequest: the filter makes no sense.
        TransientError: they cannot be looked up now.
    """
    wanted = filter_of(
        shard_type_id=asked.type,
        relationship_type=asked.relationship,
        source_shard_id=asked.shard,
        min_confidence=asked.min_confidence,
        max_confidence=asked.max_confidence,
    )
    found = await find(ports.suggestions, wanted, Sight(caller, ports.shards), most=asked.most, now=ports.now())
    by_owner: dict[str, list[str]] = {}
    for suggestion in found.suggestions:
        by_owner.setdefault(suggestion.source_shard_id, []).append(suggestion.id)
    turns = asyncio.Semaphore(AT_ONCE)
    faults: dict[str, str | None] = {}

    async def one_after_the_other(those: list[str]) -> None:
        async with turns:
            for one in those:
                faults[one] = await _fault(one, Said(reason=asked.reason), caller, ports)

    await asyncio.gather(*map(one_after_the_other, by_owner.values()))
    outcomes = [(suggestion.id, faults[suggestion.id]) for suggestion in found.suggestions]
    return AllApproved(
        approved=tuple(one for one, fault in outcomes if fault is None),
        skipped=tuple(Skipped(id=one, why=fault) for one, fault in outcomes if fault is not None),
        is_complete=found.last is None,
    )


async def _fault(suggestion: str, said: Said, caller: Caller, ports: Ports) -> str | None:
    """Why it was not approved; None: it was."""
    try:
        await approve(suggestion, said, caller, ports=ports)
    except (NotFound, TooLate) as error:
        return str(error)
    except TransientError:
        return "not now: approve it again in a moment"
    except PipelineError as error:
        log.error("a suggested link could not be approved", extra={"reason": type(error).__name__, "detail": str(error)})  # noqa: TRY400 - as every call of the API
        return "this failed here, and is logged"
    return None


async def _decided(suggestion: str, verdict: Verdict, said: Said, sight: Sight, ports: Ports) -> tuple[SuggestedLink, Decided]:
    """The suggestion and what stands now. What the shard says was decided is so; without that, what the suggestion says of itself."""
    tenant_id, at = sight.caller.tenant_id, ports.now()
    known = await _known(suggestion, tenant_id, ports)
    await sight.look_at(ends_of(known))
    source, _ = _both(known, sight)
    made = LinkDecision(
        verdict=verdict,
        relationship_type=known.relationship_type,
        target_shard_id=known.target_shard_id,
        target_shard_type_id=known.target_shard_type_id,
        decided_by=sight.caller.name,
        decided_at=at,
        reason=said.reason,
        evidence=known.evidence if verdict == "approved" else (),
    )
    if standing(source, made.statement) is None:
        _check_waits(known, made, at)

    async def reread() -> Shard:
        await sight.look_at(ends_of(known), anew=True)
        return _both(known, sight)[0]

    decided = await decide(source, made, may_overrule=False, reread=reread, shards=ports.shards)
    sight.put(decided.owner)
    after = known
    if decided.is_written or not is_settled(known, decided.decision):
        await announce(decided, publisher=ports.publisher, at=at)
        after = await settle(tenant_id, source.id, decided.decision, suggestions=ports.suggestions, known=known) or known
    if decided.decision.holds != made.holds:
        raise TooLate(told(decided.decision))
    return after, decided


async def _known(suggestion: str, tenant_id: str, ports: Ports) -> SuggestedLink:
    known = await ports.suggestions.read(tenant_id, suggestion) if is_id(suggestion) else None
    if known is None:
        raise NotFound(IS_THERE_NOT)
    return known


def _check_waits(suggestion: SuggestedLink, made: LinkDecision, at: datetime) -> None:
    """Nobody's decision stands with the shard: then it waits for one, or is over."""
    status = suggestion.status_at(at)
    if status == "expired":
        raise TooLate(f"it expired at {timestamp(suggestion.expires_at)}: nobody had decided by then")
    if status == "withdrawn":
        raise TooLate(f"it was withdrawn at {timestamp(suggestion.updated_at)}: what it was suggested for is gone")
    if status not in {"pending", made.verdict}:
        when = timestamp(suggestion.decided_at) if suggestion.decided_at else "some time"
        raise TooLate(f"it was {status} by {suggestion.decided_by or 'somebody'} at {when}")


def _both(suggestion: SuggestedLink, sight: Sight) -> tuple[Shard, Shard]:
    ends = both(suggestion, sight)
    if ends is None:
        raise NotFound(IS_THERE_NOT)
    return ends


def _shown(suggestion: SuggestedLink, sight: Sight, *, now: datetime) -> SuggestionShown:
    source, target = _both(suggestion, sight)
    return shown(suggestion, source, target, sight, now=now)
