"""A light and a heavy host over the same services, as they are deployed: killed in turn, and then asked to do everything once more."""

import asyncio
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from devtools.faults.plan import Fault, Kind
from devtools.vendors.salesforce.outbound_message import NOTIFICATIONS_PER_MESSAGE
from devtools.vendors.salesforce.records import Record
from tests.e2e.environment import Environment, until
from tests.e2e.load import everything_came_through, sending
from tests.e2e.outages import killed, whole_pipeline
from tests.e2e.queues import Body
from tests.e2e.store import CHUNK_CONTAINERS, Document
from tests.e2e.tenants import OBJECTS, Tenant

AT_ONCE: Final = 32
"""host.json: so many messages of a queue are handled at once."""


async def killed_in_turn(artefact: Path, folder: Path, *, records: int) -> None:
    """The heavy one in the middle of an answer of the model, and again when vectors are there and cannot be stored; then the light one.

    The bound on what is embedded twice, checked for each text: once for a process that died after the model had answered for it and before
    its chunk was stored; never for an answer that did not come, never for a chunk that is stored, and never for the light host. And what
    one death costs is at most the chunks of the messages that were being handled.
    """
    async with whole_pipeline(artefact, folder, lock_seconds=5, is_in_two=True) as (environment, tenant):
        assert environment.model is not None
        resource = environment.model.resource
        resource.faults.add(Fault(at="azure-openai", kind=Kind.TIMEOUT, calls=1))
        async with sending(tenant, records) as load:
            await until(lambda: _is(resource.faults.count(Kind.TIMEOUT) > 0), 60, poll_seconds=0.01)
            without_answer = await killed(environment, tenant, "heavy")
            await until(lambda: _waits(environment, tenant), 60)
            jobs = await environment.queue("embedding-jobs", tenant)
            await _refuse_chunks(environment, times=AT_ONCE)
            await environment.restart("heavy")

            await until(lambda: _is(bool(resource.ledger.texts())), 60, poll_seconds=0.01)
            without_chunk = await killed(environment, tenant, "heavy")
            await environment.restart("heavy")

            await load.received(records // 2)
            await environment.kill("host")
            await environment.restart("host")
            await load.messages.settled(120)

        await everything_came_through(environment, tenant, load)
        shards = await environment.shards(tenant)
        assert without_answer == set()
        assert 1 <= len(without_chunk) <= AT_ONCE * max(shard["vectors"]["chunkCount"] for shard in shards.values())
        assert set(Counter(environment.model.texts).values()) == {1, 2}
        await everything_again_changes_nothing(environment, tenant, jobs)


async def everything_again_changes_nothing(environment: Environment, tenant: Tenant, jobs: list[dict[str, Any]]) -> None:
    """New processes over the same store; every webhook message, and what each stage was told, once more: nothing is embedded or written.

    The broker begins with empty queues and no memory of message ids, as after its detection window; it would drop most of them otherwise.
    """
    assert environment.model is not None
    for name in ("host", "heavy", "service-bus"):
        await environment.kill(name)
    shutil.rmtree(environment.children.folder / "data" / "service-bus")
    for name in ("service-bus", "host", "heavy"):
        await environment.restart(name)
    before, texts, writes = await environment.shards(tenant), environment.model.texts, await environment.store.writes()
    environment.new_log_lines()

    bodies = [tenant.message(tenant.action(name), *records) for name in OBJECTS for records in batches(tenant.org.records(name))]
    assert all(reply.is_acknowledged for reply in await asyncio.gather(*(environment.post(tenant.url, body) for body in bodies)))
    await environment.queues.put(
        "shard-emission", _again({"type": "ShardEmitted", "cause": "content", **_named(s)} for s in before.values())
    )
    stamped = ({"edgeSetHash": s["processing"]["enriched"]["edgeSetHash"], **_named(s)} for s in before.values())
    await environment.queues.put("enrichment-jobs", _again({"type": "EnrichmentDone", **said} for said in stamped))
    await environment.queues.put("embedding-jobs", _again(job["body"] for job in jobs))
    await environment.drained()

    handled = [line for line in environment.new_log_lines() if line["message"] == "message handled"]
    assert Counter((line["queue"], line["outcome"]) for line in handled) == {
        (queue, "unchanged"): len(before) for queue in ("ingestion-events", "shard-emission", "enrichment-jobs")
    }
    assert environment.model.texts == texts
    assert await environment.store.writes() == writes
    assert await environment.shards(tenant) == before
    assert await environment.given_up(tenant) == []


async def _refuse_chunks(environment: Environment, *, times: int) -> None:
    """Let the store refuse so many writes of chunks."""
    url = f"http://127.0.0.1:{environment.run.addresses.cosmos}/_faults"
    fault = {"at": "cosmos", "kind": "refuse", "status": 503, "operation": "batch", "target": CHUNK_CONTAINERS[0], "calls": times}
    async with aiohttp.ClientSession() as http, http.post(url, json=fault) as answer:
        assert answer.status == 204


def batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """As many as one message carries."""
    for start in range(0, len(records), NOTIFICATIONS_PER_MESSAGE):
        yield records[start : start + NOTIFICATIONS_PER_MESSAGE]


async def _waits(environment: Environment, tenant: Tenant) -> bool:
    """Whether there is work for the heavy host."""
    return bool(await environment.queue("embedding-jobs", tenant))


async def _is(condition: bool) -> bool:
    return condition


def _named(shard: Document) -> dict[str, Any]:
    return {
        "version": 1,
        "tenantId": shard["tenantId"],
        "shardId": shard["id"],
        "shardTypeId": shard["shardTypeId"],
        "revision": shard["revisionNumber"],
    }


def _again(bodies: Iterable[Body]) -> Mapping[str, Body]:
    """Each with an id that the broker has not seen."""
    return {secrets.token_hex(16): body for body in bodies}
