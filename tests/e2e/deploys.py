"""Bad deploys, and the good one after: what the normalizer did to the messages must not have lost one of them.

A bad deploy is a copy of the unpacked artefact in which the handler of normalization is replaced.
"""

import json
import shutil
from pathlib import Path

from tests.e2e.environment import Environment, running_environment, until
from tests.e2e.graph import everything_is_linked_and_embedded
from tests.e2e.load import everything_came_through, sending
from tests.e2e.model import running_model
from tests.e2e.tenants import Tenant

RAISES = """
async def normalize(event, **ports):
    raise KeyError(event.source_id)
"""
REJECTS = """
from shared.errors import UnmappableRecord


async def normalize(event, **ports):
    raise UnmappableRecord("a bad deploy")
"""


def bad_deploy(artefact: Path, folder: Path, handler: str) -> Path:
    """The artefact with another normalizer. Not in a folder of the artefact's name, which coverage takes for the real code."""
    copy = folder / "bad-deploy"
    shutil.copytree(artefact, copy)
    (copy / "processors" / "normalization" / "handler.py").write_text(handler)
    return copy


async def raising(artefact: Path, folder: Path, *, messages: int) -> None:
    """Every message fails at least once with an error nobody named; after the fix all come through and nothing is parked or dead."""
    deployed = bad_deploy(artefact, folder, RAISES)
    async with running_model() as model, running_environment(folder / "run", deployed, model=model) as environment:
        tenant = await environment.tenant()
        async with sending(tenant, messages) as load:
            await load.messages.settled(60)
            await all_failed(environment, tenant, messages)
        await environment.kill("host")
        await environment.restart("host", app=artefact)

        await everything_came_through(environment, tenant, load, seconds=180)


async def rejecting(artefact: Path, folder: Path, *, messages: int) -> None:
    """Only what it takes to open the breaker is parked, and that with its reason; the others come through after the fix."""
    deployed = bad_deploy(artefact, folder, REJECTS)
    async with running_model() as model, running_environment(folder / "run", deployed, model=model) as environment:
        tenant = await environment.tenant()
        async with sending(tenant, messages) as load:
            await load.messages.settled(60)
            await all_failed(environment, tenant, messages)
        await environment.kill("host")
        await environment.restart("host", app=artefact)

        await environment.drained(180)

        parked = await environment.queue("rejected-messages", tenant)
        shards = await environment.shards(tenant)
        parked_ids = {json.loads(message["body"]["body"])["sourceId"] for message in parked}
        assert {message["body"]["reason"] for message in parked} == {"UnmappableRecord"}
        assert 1 <= len(parked) <= 20
        assert parked_ids.isdisjoint(shards)
        assert parked_ids | shards.keys() == {record.id for record in load.records}
        assert await environment.given_up(tenant) == parked
        await everything_is_linked_and_embedded(environment, tenant)


async def all_failed(environment: Environment, tenant: Tenant, messages: int) -> None:
    """Return when every message was handled once: what is left of them is parked or a later copy."""

    async def have_failed() -> bool:
        waiting = await environment.queue("ingestion-events", tenant)
        parked = await environment.queue("rejected-messages", tenant)
        copies = [message for message in waiting if message["properties"].get("attempt")]
        return len(copies) == len(waiting) and len(copies) + len(parked) == messages

    await until(have_failed, 60, poll_seconds=0.3)
