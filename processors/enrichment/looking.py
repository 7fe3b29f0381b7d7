"""What enrichment looks up in the store before it can say what a shard is linked to: its references' shards, its folder, linked files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from processors.enrichment.anchors.index import AnchorIndex
from processors.enrichment.candidates import Stored
from processors.enrichment.folders import KnownFolders
from processors.enrichment.links import Target, led_to, referred
from processors.enrichment.placeholders import ensure
from processors.enrichment.relations import Folder, links_of
from processors.enrichment.relinking import BY_ID
from processors.enrichment.subject import Subject, targets_of
from shared.linking.decision import LinkDecision, led
from shared.linking.policy import LinkingPolicy
from shared.shards.ids import ShardId, shard_id
from shared.shards.known import KnownShards
from shared.shards.model import Shard
from shared.shards.store import ShardStore
from shared.telemetry.metrics import Metrics
from shared.telemetry.names import Metric

MOST_LINKS: Final = 10
"""To files and folders, of one shard, that are followed."""
_FOLDER_FIELDS: Final = {"c_file": "parentFolderExternalId", "c_folder": "parentExternalId"}
_DRIVE: Final = "gdrive:"


@dataclass(frozen=True)
class Looking:
    """In one store, for one worker."""

    shards: ShardStore
    known: KnownShards
    folders: KnownFolders
    metrics: Metrics

    async def folder_of(self, shard: Shard, policy: LinkingPolicy, *, is_relink: bool, at: datetime) -> Folder | None:
        """The folder a file or a folder is in, as far as it says so. At most one read; none when it was read a moment ago, unless whoever
        asks has to know."""
        external_id = shard.structured_data.get(_FOLDER_FIELDS.get(shard.shard_type_id, ""))
        target = next((one for one in referred(shard, {}, policy, at=at).targets if one.external_id == external_id), None)
        if target is None or target.shard_type_id != "c_folder":
            return None
        remembered = None if is_relink else self.folders.get(shard.tenant_id, target.shard_id)
        if remembered is not None:
            return remembered
        found = await self.shards.read(shard.tenant_id, target.shard_id)
        if found is None:
            return Folder(target.shard_id)
        self.known.add(shard.tenant_id, target.shard_id)
        folder = Folder(target.shard_id, links_of(found.internal_relationships) if found.status == "active" else ())
        self.folders.put(shard.tenant_id, folder)
        return folder

    async def stored(self, subject: Subject) -> dict[str, Stored]:
        """By ``system:id``, the files and folders that links in the texts lead to, as far as they are there. One read each.

        Nothing is made for what is not there: an id in a text is no proof that there is such a thing.
        """
        if not targets_of(subject.shard.shard_type_id) & BY_ID:
            return {}
        found = {}
        for native_id in drive_ids(subject):
            place = _drive_shard(subject.shard.tenant_id, native_id)
            there = None if place == subject.shard.id else await self.shards.read(subject.shard.tenant_id, place)
            if there is not None and there.status == "active" and there.shard_type_id in BY_ID:
                found[native_id] = Stored(there.id, there.shard_type_id)
        return found

    async def decided(self, shard: Shard, index: AnchorIndex) -> tuple[LinkDecision, ...]:
        """What people decided, led to where the shards are by now that it is about. One read for each that is no anchor any more."""
        targets = {one.target_shard_id for one in shard.link_decisions if one.target_shard_type_id not in BY_ID}
        places = {}
        for target in sorted(target for target in targets if index.get(target) is None):
            found = await self.shards.read(shard.tenant_id, ShardId(target))
            if found is not None and found.id not in {target, shard.id}:
                places[target] = found.id
        return led(shard.link_decisions, places)

    async def places(
        self, shard: Shard, targets: Iterable[Target], index: AnchorIndex | None, folder: Folder | None, *, at: datetime
    ) -> dict[ShardId, ShardId]:
        """Where the shards of references are. Those that are not there are made as placeholders.

        Args:
            shard: whose references they are.
            targets: what they name.
            index: anchors as they are now; None to rely on what this worker remembers. Who is among them is there, under its own id.
            folder: the one it is in, which was read.
            at: now.

        Raises:
            Conflict: one was there a moment ago, and is not any more.
        """
        before, places = led_to(shard), {}
        for target in targets:
            if index is not None and index.get(target.shard_id) is not None:
                places[target.shard_id] = target.shard_id
                continue
            is_read = folder is not None and folder.shard_id == target.shard_id
            remembered = target.shard_id if is_read else None if index is not None else before.get(target.shard_id, target.shard_id)
            place = await ensure(shard.tenant_id, target, remembered=remembered, shards=self.shards, known=self.known, at=at)
            places[target.shard_id] = place.shard_id
            if place.is_new:
                self.metrics.count(Metric.PLACEHOLDERS, type=target.shard_type_id)
        return places


def drive_ids(subject: Subject) -> list[str]:
    """The files and folders that links in its texts lead to, as ``system:id``."""
    found = (mention.value for mention in subject.mentions.of("id") if mention.value.startswith(_DRIVE))
    return list(dict.fromkeys(found))[:MOST_LINKS]


def _drive_shard(tenant_id: str, native_id: str) -> ShardId:
    external_id = native_id.removeprefix(_DRIVE)
    return shard_id(tenant_id=tenant_id, system="gdrive", scope="", record_type="File", external_id=external_id)
