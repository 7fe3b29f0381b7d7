"""``linking relink``: every shard of a tenant that can be linked is announced again, for enrichment to look at its links anew.

Each call asks anew, whatever was asked before, for what it is asked for may be another reason than a policy. What is done twice changes
nothing: a shard whose links are as they were is not written.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typing_extensions import override

from devtools.local.output import show_json
from ops.linkable import LINKED_TYPES, LinkableShard
from ops.ports import Ports
from ops.refusals import Refused
from shared.contracts.canonical import digest
from shared.contracts.message import timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.linking.policy import LinkingPolicy

BATCH: Final = 200
"""Messages in a batch, with a pause after each: what people do meanwhile waits behind one batch, not behind all of them."""


class Bar(Protocol):
    """Shows how far it is."""

    def show(self, done: int) -> None:
        """So many are announced."""


async def relink(options: argparse.Namespace, ports: Ports) -> int:
    """Announce them.

    Raises:
        Refused: a type is named whose shards are not linked.
    """
    types = options.type or LINKED_TYPES
    if unknown := sorted(set(types) - set(LINKED_TYPES)):
        raise Refused(f"shards of {', '.join(unknown)} are linked to nothing: there is {', '.join(LINKED_TYPES)}")
    stored = await ports.policies.read(options.tenant)
    version = (LinkingPolicy() if stored is None else stored.policy).version
    shards, run = ports.linkable(), digest(options.tenant, "relink", version, timestamp(ports.now()))
    total = await shards.count(options.tenant, types)
    announced = 0
    if not options.dry_run:
        with shown(total) as bar:
            async for batch in _batches(shards.each(options.tenant, types)):
                if announced:
                    await ports.pause()
                await ports.publisher.publish(*(announcement(options.tenant, shard, run) for shard in batch))
                announced += len(batch)
                bar.show(announced)
    if options.json:
        show_json({"tenantId": options.tenant, "policyVersion": version, "found": total, "announced": announced})
    else:
        print(f"{total:,} would be announced" if options.dry_run else f"{announced:,} announced: enrichment looks at each one's links anew")
    return 0


def announcement(tenant_id: str, shard: LinkableShard, run: str) -> ShardEmitted:
    """What enrichment is told of one. ``run``: a hash of the policy and of when it was asked for."""
    return ShardEmitted(
        tenant_id=tenant_id,
        correlation_id=run,
        shard_id=shard.id,
        shard_type_id=shard.shard_type_id,
        revision=shard.revision,
        cause=f"relink:{run}",
    )


async def _batches(shards: AsyncIterator[LinkableShard]) -> AsyncIterator[Sequence[LinkableShard]]:
    batch: list[LinkableShard] = []
    async for shard in shards:
        batch.append(shard)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def shown(total: int) -> Iterator[Bar]:
    """Where to show how far it is while the block goes on: on a terminal, and nowhere else."""
    if not sys.stderr.isatty():
        yield _Nowhere()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _OnTerminal(progress, total)


class _Nowhere(Bar):
    @override
    def show(self, done: int) -> None:
        """A log needs no bar."""


class _OnTerminal(Bar):
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._task = progress, progress.add_task("announced", total=total)

    @override
    def show(self, done: int) -> None:
        self._progress.update(self._task, completed=done)
