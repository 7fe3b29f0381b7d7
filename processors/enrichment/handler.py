"""Enrichment: a shard whose content changed, or which is to be looked at anew, gets its links.

The order is what makes a death harmless: placeholders and suggestions before the edges, those who have to look again before the stamp that
says that they were told, the next stage after. Whatever broke off in between is made good by the next delivery.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import JsonValue

from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.assessing import Assessment, Known, assess
from processors.enrichment.keys import MOST_KEYS, of_native_id, of_shard
from processors.enrichment.links import OURS, Links, linked, referred
from processors.enrichment.looking import Looking, drive_ids
from processors.enrichment.ports import LinkingPorts
from processors.enrichment.relations import Folder, links_of
from processors.enrichment.relinking import BY_ID, Announcements, Recognition, cause_of, is_second_look, noted, recognition
from processors.enrichment.subject import Subject, targets_of
from processors.enrichment.suggesting import Suggestions, is_settled
from shared.contracts.canonical import digest
from shared.contracts.enrichment_done import EnrichmentDone
from shared.contracts.shard_emitted import ShardEmitted
from shared.linking.anchor import AnchorRow
from shared.linking.policy import LinkingPolicy
from shared.messaging.outcomes import Ignored, Outcome, Passed, Stored, Unchanged
from shared.messaging.publisher import Publisher
from shared.shards.carried import CarriedShard, on_current
from shared.shards.known import KnownShards
from shared.shards.model import Enriched, Linking, Shard
from shared.shards.store import LinksChange, ShardStore
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric
from shared.telemetry.origin import came_through


async def enrich(
    message: ShardEmitted,
    *,
    shards: ShardStore,
    known: KnownShards,
    linking: LinkingPorts,
    publisher: Publisher,
    metrics: Metrics,
    now: Callable[[], datetime],
) -> Outcome:
    """Write the shard's edges, if they are not there. One that is announced as ``relink`` is looked at anew, whatever is remembered.

    Raises:
        Conflict: the shard, or one of its suggestions, was written meanwhile; reading again will show what.
        ConfigurationError: the tenant's linking policy is none.
    """
    run = _Run(message, shards, known, linking, publisher, metrics, now)
    return await on_current(message, run.act, shards=shards, now=now())


@dataclass(frozen=True)
class _Seen:
    """What a look at a shard came to."""

    subject: Subject
    links: Links
    assessment: Assessment
    recognition: Recognition | None
    missing: tuple[str, ...]
    """Files and folders that links lead to and that are not there."""


@dataclass(frozen=True)
class _Run:
    """One message."""

    message: ShardEmitted
    shards: ShardStore
    known: KnownShards
    linking: LinkingPorts
    publisher: Publisher
    metrics: Metrics
    now: Callable[[], datetime]

    @property
    def is_relink(self) -> bool:
        return self.message.cause.startswith("relink:")

    @property
    def announcements(self) -> Announcements:
        return Announcements(self.linking.rows, self.publisher, self.metrics)

    async def act(self, shard: Shard | None) -> Outcome:
        if shard is None:
            return Ignored("the shard is gone")
        came_through(shard.metadata.connection_id)
        if shard.id != self.message.shard_id:
            return await self._give_up()
        policy = await self.linking.policies.of(shard.tenant_id, fresh=self.is_relink)
        if not self.is_relink and _is_linked(shard, policy):
            return await self._same(shard)
        seen = await self._look(shard, policy)
        suggestions = Suggestions(self.linking.suggestions, self.shards, self.metrics, self.now)
        marked, hashes = await suggestions.settle(shard, seen.assessment.decided.suggested)
        notes = self._notes(shard, seen, policy, hashes)
        await self._tell_before(shard, seen, notes)
        enriched = seen.links.stamp(shard)
        is_same = shard.processing.enriched == enriched and list(shard.internal_relationships) == list(seen.links.edges)
        if is_same and marked.linking == notes:
            return await self._same(shard)
        changed = await self.shards.change(marked, LinksChange(seen.links.edges, enriched, notes))
        self._count(shard, seen)
        await self._tell_after(changed, seen, notes)
        if shard.processing.enriched != enriched or changed.awaits_embedding:
            await self._done(changed, enriched)
        return Stored(shard.id, shard.revision_number, reason="notes" if is_same else "links")

    async def _same(self, shard: Shard) -> Outcome:
        if shard.awaits_embedding and shard.processing.enriched is not None:
            await self._done(shard, shard.processing.enriched)
        return Unchanged("same links")

    async def _look(self, shard: Shard, policy: LinkingPolicy) -> _Seen:
        """Everything that has to be asked for first; then the anchors, and nothing is waited for any more."""
        at = self.now()
        is_active = shard.status == "active"
        subject = Subject.of(shard, default_country=policy.default_country)
        looking = Looking(self.shards, self.known, self.linking.folders, self.metrics)
        folder = await looking.folder_of(shard, policy, is_relink=self.is_relink, at=at) if is_active else None
        stored = await looking.stored(subject) if is_active else {}
        targets = referred(shard, {}, policy, at=at).targets
        fresh = await self._anchors(shard, policy) if self.is_relink and targets else None
        places = await looking.places(shard, targets, fresh, folder, at=at)
        references = referred(shard, places, policy, at=at)
        decisions = await looking.decided(shard, await self._anchors(shard, policy)) if shard.link_decisions else ()
        index = await self._anchors(shard, policy)
        found = Known(stored, folder, references.stated(decisions))
        assessment = assess(subject, index, policy, found, decisions) if is_active else Assessment()
        links = linked(shard, references, assessment.decided.linked, decisions, at=at)
        recognised = recognition(shard, index, links.edges, default_country=policy.default_country)
        if is_second_look(self.message, shard):
            await self.announcements.second_look(shard, index, correlation_id=self.message.correlation_id)
        is_looked_for = is_active and bool(targets_of(shard.shard_type_id) & BY_ID)
        missing = tuple(native_id for native_id in drive_ids(subject) if native_id not in stored) if is_looked_for else ()
        return _Seen(subject, links, assessment, recognised, missing)

    async def _anchors(self, shard: Shard, policy: LinkingPolicy) -> AnchorIndex:
        return await self.linking.anchors.of(shard.tenant_id, fresh=self.is_relink, default_country=policy.default_country)

    def _notes(self, shard: Shard, seen: _Seen, policy: LinkingPolicy, suggestions: dict[str, str]) -> Linking:
        recognised = seen.recognition
        anchor: str | None = None
        anchor_keys: tuple[str, ...] = ()
        if recognised is not None:
            anchor, anchor_keys = noted(shard, recognised, is_second_look=is_second_look(self.message, shard))
        keys = (*(recognised.own_keys if recognised is not None else ()), *seen.assessment.keys)
        return Linking(
            keys=keys[:MOST_KEYS],
            has_more_keys=seen.assessment.has_more_keys or len(keys) > MOST_KEYS,
            anchor=anchor,
            anchor_keys=anchor_keys,
            suggestions=suggestions,
            policy=policy.version,
        )

    async def _tell_before(self, shard: Shard, seen: _Seen, notes: Linking) -> None:
        """Who is recognised by something else has that looked for, now and later; whoever names what is not there looks again, too: it may
        come at this moment."""
        at, correlation_id = self.now(), self.message.correlation_id
        recognised, mark = seen.recognition, notes.anchor or ""
        if recognised is not None and recognised.is_news:
            if (row := AnchorRow.of(shard)) is not None:
                self.linking.anchors.noticed(shard.tenant_id, row)
            old_keys = () if shard.linking is None else shard.linking.anchor_keys
            keys = {*recognised.keys, *old_keys, of_shard(shard.id)}
            await self.announcements.to_sharing(
                shard.tenant_id, (shard.id, shard.shard_type_id), keys, cause_of(shard.id, mark), correlation_id=correlation_id
            )
        if recognised is not None and recognised.awaits_second_look:
            cause = cause_of("later", shard.id, mark)
            await self.announcements.schedule(shard, cause, at=at, correlation_id=correlation_id)
        known_keys = () if shard.linking is None else shard.linking.keys
        missing = [native_id for native_id in seen.missing if of_native_id(native_id) not in known_keys]
        cause = cause_of("missing", shard.id, *missing)
        if missing and self.message.cause != cause:  # or a look that finds nothing would ask for the next one for ever
            await self.announcements.schedule(shard, cause, at=at, correlation_id=correlation_id)

    async def _tell_after(self, shard: Shard, seen: _Seen, notes: Linking) -> None:
        """What is in a folder may be linked to what the folder is attached to. It reads the folder: so it is told when that is written."""
        if shard.shard_type_id != "c_folder":
            return
        self.linking.folders.put(shard.tenant_id, Folder(shard.id, links_of(seen.links.edges)))
        if seen.recognition is not None and seen.recognition.has_other_links:
            cause = cause_of("in", shard.id, notes.anchor or "")
            changed = (shard.id, shard.shard_type_id)
            await self.announcements.to_sharing(
                shard.tenant_id, changed, [of_shard(shard.id)], cause, correlation_id=self.message.correlation_id
            )

    def _count(self, shard: Shard, seen: _Seen) -> None:
        for kind, number in seen.assessment.mentions.items():
            self.metrics.count(Metric.ENTITIES, number, kind=kind)
        before, after = (
            {edge.get("id"): edge for edge in edges if edge.get("createdBy") == OURS}
            for edges in (_plain(shard.internal_relationships), seen.links.edges)
        )
        for edges, others, change in ((after, before, "made"), (before, after, "withdrawn")):
            for edge in (edge for place, edge in edges.items() if place not in others):
                features = str(len((edge.get("metadata") or {}).get("evidence", ())))
                self.metrics.count(Metric.LINKS, change=change, type=str(edge.get("relationshipType")), features=features)

    async def _done(self, shard: Shard, enriched: Enriched) -> None:
        await self.publisher.publish(
            EnrichmentDone(
                tenant_id=shard.tenant_id,
                correlation_id=self.message.correlation_id,
                shard_id=shard.id,
                shard_type_id=shard.shard_type_id,
                revision=shard.revision_number,
                edge_set_hash=enriched.edge_set_hash,
                carried=CarriedShard.of(shard, at=self.now()),
            )
        )

    async def _give_up(self) -> Outcome:
        """The id leads to another shard by now. That one is announced itself; of this id nothing may be left, nor any link to it."""
        message = self.message
        gone = [of_shard(message.shard_id)]
        cause = cause_of("given up", message.shard_id, message.cause)
        changed = (message.shard_id, message.shard_type_id)
        await self.announcements.to_sharing(message.tenant_id, changed, gone, cause, correlation_id=message.correlation_id)
        await self.publisher.publish(
            EnrichmentDone(
                tenant_id=message.tenant_id,
                correlation_id=message.correlation_id,
                shard_id=message.shard_id,
                shard_type_id=message.shard_type_id,
                revision=message.revision,
                edge_set_hash=digest(message.cause),  # no set of edges: or the broker took it for what was said of the shard before
            )
        )
        return Passed(message.shard_id, message.revision, reason="given-up id")


def _plain(edges: Iterable[dict[str, JsonValue]]) -> tuple[dict[str, Any], ...]:
    return tuple(edges)


def _is_linked(shard: Shard, policy: LinkingPolicy) -> bool:
    """Whether this very revision was linked under this policy, to its end."""
    enriched, notes = shard.processing.enriched, shard.linking
    if enriched is None or notes is None:
        return False
    return enriched.revision == shard.revision_number and notes.policy == policy.version and is_settled(notes.suggestions)
