"""Who is to be looked at anew when something that others are linked to comes, changes or goes.

A worker links by anchors that it remembers, and another one may link at the same moment: so whoever shares a key with what changed is
announced at once, and once more ``LATER``, when nobody can hold the old state any longer. The second look is a message of the anchor
itself, scheduled before anything is written; its cause is derived from the mark in the anchor's notes, by which it is recognised. Until
then the notes keep the old keys, too.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from processors.enrichment.anchors.anchor import Anchor, anchor_of
from processors.enrichment.anchors.cache import STALE_AT_MOST
from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.keys import MOST_KEYS, STEPS, of_native_id, of_shard, of_step, of_word, recognised, words_of
from processors.enrichment.relations import links_of
from processors.enrichment.subject import targets_of
from shared.contracts.canonical import digest
from shared.contracts.shard_emitted import ShardEmitted
from shared.linking.anchor import AnchorRow, AnchorRows
from shared.messaging.publisher import Publisher
from shared.shards.model import Linking, Shard
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

LATER: Final = STALE_AT_MOST
AT_ONCE: Final = 100
"""Messages."""
GONE: Final = "-"
"""Instead of a hash: nothing is linked to it."""
BY_ID: Final = frozenset({"c_file", "c_folder"})
"""What nothing but an id leads to: they are looked for in the store, and no worker remembers them."""
LED_THROUGH: Final = frozenset({"c_person"})
Edges = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Recognition:
    """By what others know a shard now, and what changed of that since they were told."""

    hash: str
    keys: tuple[str, ...] = ()
    own_keys: tuple[str, ...] = ()
    """What the anchor itself is found by when a word of its names becomes commoner, or rarer."""
    is_news: bool = False
    """Whether it is recognised by something else than before, or no longer, or for the first time."""
    has_other_links: bool = False
    """Of a folder: whether it is attached to something else than before."""
    is_remembered: bool = True
    """Whether workers may remember it as it was."""

    @property
    def awaits_second_look(self) -> bool:
        """Whether somebody may go on with what was so before."""
        return (self.is_news and self.is_remembered) or self.has_other_links


def recognition(shard: Shard, index: AnchorIndex, edges: Edges, *, default_country: str) -> Recognition | None:
    """By what a shard is known, with these edges; None for one of a type that nothing is linked to."""
    known = (shard.linking or Linking()).anchor or GONE
    if shard.shard_type_id in BY_ID:
        return _by_id(shard, known, edges)
    row = AnchorRow.of(shard)
    if row is None:
        return None
    anchor = anchor_of(row, tenant_id=shard.tenant_id, default_country=default_country)
    if anchor is None:
        return Recognition(GONE, is_news=_hash_in(known) != GONE)
    keys = recognised(anchor)
    steps = [(word, index.rarity(kind, word)) for kind, word in words_of(keys)]
    own_keys = tuple(of_step(anchor.shard_type_id, step, word) for word, step in steps)
    hashed = _hash_of(anchor, steps)
    return Recognition(hashed, keys, own_keys, is_news=_hash_in(known) != hashed)


def noted(shard: Shard, seen: Recognition, *, is_second_look: bool) -> tuple[str | None, tuple[str, ...]]:
    """Mark and keys for the notes: with the old keys, until the second look is over."""
    known = shard.linking or Linking()
    if seen.is_news or seen.has_other_links:
        kept = known.anchor_keys if seen.is_remembered else ()
        return f"{seen.hash}.{digest(shard.etag)[:8]}", tuple(dict.fromkeys((*seen.keys, *kept)))[:MOST_KEYS]
    return known.anchor, seen.keys if is_second_look else known.anchor_keys


def is_second_look(message: ShardEmitted, shard: Shard) -> bool:
    """Whether this message has those looked at who may have been linked by the state before the shard's last change."""
    mark = None if shard.linking is None else shard.linking.anchor
    return mark is not None and message.cause == cause_of("later", shard.id, mark)


def cause_of(*parts: str) -> str:
    """Of a message that has a shard looked at anew."""
    return f"relink:{digest(*parts)}"


@dataclass(frozen=True)
class Announcements:
    """Has shards looked at anew."""

    rows: AnchorRows
    publisher: Publisher
    metrics: Metrics

    async def to_sharing(
        self, tenant_id: str, changed: tuple[str, str], keys: Iterable[str], cause: str, *, correlation_id: str | None
    ) -> frozenset[str]:
        """Announce every shard that has one of these keys and may be linked to what changed, but for that itself.

        Args:
            tenant_id: whose shards they are.
            changed: id and type of the shard that the keys are of.
            keys: what others may have.
            cause: of the messages.
            correlation_id: theirs.

        Returns:
            Those of the keys that the shards were found to have and that say how rare a word was.

        Raises:
            TransientError: as the store and the broker. Announcing again is harmless.
        """
        wanted = sorted({key for key in keys if not key.startswith("n:")})
        waiting: list[ShardEmitted] = []
        steps: set[str] = set()
        shard_id, shard_type_id = changed
        async for other in self.rows.sharing(tenant_id, wanted) if wanted else _nobody():
            if other.id == shard_id:
                continue
            own_steps = {key for key in (other.linking or Linking()).keys if key.startswith("w:") and key in wanted}
            steps |= own_steps
            if not own_steps and not _concerns(other.shard_type_id, shard_type_id):
                continue
            waiting.append(announcement(other, cause, correlation_id=correlation_id))
            if len(waiting) == AT_ONCE:
                await self._publish(waiting)
                waiting = []
        await self._publish(waiting)
        return frozenset(steps)

    async def second_look(self, shard: Shard, index: AnchorIndex, *, correlation_id: str | None) -> None:
        """Announce whoever may have been linked by the state before, and those for whom a word of the names is as rare no longer.

        Raises:
            TransientError: as above.
        """
        known = shard.linking or Linking()
        cause = cause_of("later", shard.id, known.anchor or "")
        steps = {
            of_step(kind, step, word): word
            for kind, word in words_of(known.anchor_keys)
            for step in STEPS
            if step != index.rarity(kind, word)
        }
        keys, changed = {*known.anchor_keys, of_shard(shard.id), *steps}, (shard.id, shard.shard_type_id)
        crossed = await self.to_sharing(shard.tenant_id, changed, keys, cause, correlation_id=correlation_id)
        await self.to_sharing(shard.tenant_id, changed, {of_word(steps[key]) for key in crossed}, cause, correlation_id=correlation_id)

    async def schedule(self, shard: Shard, cause: str, *, at: datetime, correlation_id: str | None) -> None:
        """Have this very shard looked at ``LATER``.

        Raises:
            TransientError: as the broker.
        """
        await self.publisher.schedule(announcement(shard, cause, correlation_id=correlation_id), due_at=at + LATER)

    async def _publish(self, waiting: Sequence[ShardEmitted]) -> None:
        if waiting:
            await self.publisher.publish(*waiting)
            self.metrics.count(Metric.RELINKS, len(waiting))


def announcement(shard: Shard, cause: str, *, correlation_id: str | None) -> ShardEmitted:
    """What has a shard looked at anew."""
    return ShardEmitted(
        tenant_id=shard.tenant_id,
        correlation_id=correlation_id,
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        revision=shard.revision_number,
        cause=cause,
    )


def _concerns(shard_type_id: str, changed_type_id: str) -> bool:
    """Whether a shard of the one type may have other links because one of the other type changed. People lead to others: what they take
    part in looks at their addresses."""
    return changed_type_id in LED_THROUGH or changed_type_id in targets_of(shard_type_id)


def _by_id(shard: Shard, known: str, edges: Edges) -> Recognition:
    """A file or a folder: whether it is there, and what it is attached to, which files in a folder are told. Compared with what was told
    last and not with the edges as they are: a person's decision is among those before anybody was told."""
    after = links_of(edges) if shard.shard_type_id == "c_folder" else ()
    is_there, was_there = shard.status == "active", _hash_in(known) != GONE
    keys = tuple(of_native_id(f"{edge.system}:{edge.external_id}") for edge in shard.external_relationships) if is_there else ()
    hashed = digest(keys, [asdict(link) for link in after]) if is_there else GONE
    return Recognition(
        hash=hashed,
        keys=keys,
        is_news=is_there is not was_there,
        has_other_links=shard.shard_type_id == "c_folder" and hashed != _hash_in(known) and (was_there or bool(after)),
        is_remembered=False,
    )


def _hash_in(mark: str) -> str:
    return mark.partition(".")[0]


def _hash_of(anchor: Anchor, steps: Sequence[tuple[str, float]]) -> str:
    """Of all that a link may come from. Not of the name as it is written: that is shown, and not compared."""
    return digest(_canonical(asdict(replace(anchor, name=""))), steps)


def _canonical(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in said.items()}


async def _nobody() -> AsyncIterator[Shard]:
    return
    yield  # what makes it a generator
