"""``linking relink``: everything that can be linked is announced once more, in batches with pauses between them."""

from dataclasses import replace

from devtools.fakes.samples import sample_shard
from ops.linkable import LINKED_TYPES
from ops.relinking import BATCH
from shared import topology
from shared.contracts.shard_emitted import ShardEmitted
from shared.shards.model import Shard
from tests.unit.ops.deployment import Deployment


async def keep(deployment: Deployment, number: int, *, tenant: str = "acme", **said: object) -> Shard:
    shard = sample_shard(tenant, external_id=f"{number:015}AAA")
    return await deployment.shards.create(shard.model_copy(update=said))


def announced(deployment: Deployment) -> list[ShardEmitted]:
    return [ShardEmitted.decode(one.body) for one in deployment.transport.on(topology.SHARD_EMISSION)]


async def test_every_shard_of_the_tenant_that_can_be_linked_is_announced_as_it_is_now() -> None:
    deployment = Deployment()
    account = await keep(deployment, 1, revision_number=7)
    channel = await keep(deployment, 2, shard_type_id="c_channel")
    await keep(deployment, 3, status="deleted")
    await keep(deployment, 4, status="draft")
    await keep(deployment, 5, shard_type_id="c_person")
    await keep(deployment, 6, tenant="globex")

    said = await deployment.run("linking", "relink", "--tenant", "acme", "--json")

    assert {(one.shard_id, one.shard_type_id, one.revision) for one in announced(deployment)} == {
        (account.id, "c_account", 7),
        (channel.id, "c_channel", 1),
    }
    assert all(one.tenant_id == "acme" and one.cause.startswith("relink:") and one.carried is None for one in announced(deployment))
    assert (said.code, said.document["found"], said.document["announced"]) == (0, 2, 2)


async def test_only_some_types_may_be_announced_and_one_that_is_linked_to_nothing_is_refused() -> None:
    deployment = Deployment()
    await keep(deployment, 1)
    channel = await keep(deployment, 2, shard_type_id="c_channel")

    refused = await deployment.run("linking", "relink", "--tenant", "acme", "--type", "c_person")
    await deployment.run("linking", "relink", "--tenant", "acme", "--type", "c_channel")

    assert (refused.code, "c_person" in refused.errors) == (1, True)
    assert [one.shard_id for one in announced(deployment)] == [channel.id]


async def test_a_dry_run_counts_and_announces_nothing() -> None:
    deployment = Deployment()
    await keep(deployment, 1)

    said = await deployment.run("linking", "relink", "--tenant", "acme", "--dry-run")

    assert said.out == "1 would be announced\n"
    assert deployment.transport.sent == []


async def test_asked_for_again_later_it_is_announced_again_whatever_the_broker_remembers() -> None:
    deployment = Deployment()
    await keep(deployment, 1)
    await deployment.run("linking", "relink", "--tenant", "acme")
    await deployment.run("linking", "set", "--tenant", "acme", "--link-from", ".9")
    deployment.clock.advance(seconds=60)
    await deployment.run("linking", "relink", "--tenant", "acme")
    await deployment.run("linking", "reset", "--tenant", "acme", "--yes")
    deployment.clock.advance(seconds=60)
    await deployment.run("linking", "relink", "--tenant", "acme")

    assert len({one.id for one in deployment.transport.sent}) == 3


async def test_between_two_batches_there_is_a_pause() -> None:
    deployment = Deployment()
    for number in range(2 * BATCH + 1):
        await keep(deployment, number)
    seen: list[int] = []

    async def pause() -> None:
        seen.append(len(deployment.transport.sent))

    deployment.ports = replace(deployment.ports, pause=pause)
    said = await deployment.run("linking", "relink", "--tenant", "acme")

    assert seen == [BATCH, 2 * BATCH]
    assert said.out == f"{2 * BATCH + 1} announced: enrichment looks at each one's links anew\n"


def test_what_is_linked_is_what_the_vocabulary_says() -> None:
    assert LINKED_TYPES == ("c_account", "c_channel", "c_contact", "c_file", "c_folder", "c_lead", "c_opportunity", "c_project")
