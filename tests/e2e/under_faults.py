"""The whole app under a fault plan: whatever goes wrong, every acknowledged record ends as its shard, linked and embedded, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from devtools.faults.injector import Injector
from devtools.faults.plan import Plan
from devtools.faults.report import Report
from devtools.vendors.azure_openai import faults as azure_openai
from devtools.vendors.salesforce import faults as salesforce
from tests.e2e.environment import Environment, running_environment
from tests.e2e.load import Load, everything_came_through, sending
from tests.e2e.model import running_model
from tests.e2e.tenants import Tenant

PLANS: Final = {path.stem: path for path in sorted((Path(__file__).parents[1] / "fixtures" / "fault_plans").iterdir())}
SEEDS: Final = (1, 2, 3)
LOCK_SECONDS: Final = 5
"""What was not completed comes back after it; in production after five minutes."""
PAID_TWICE: Final = frozenset({"batch", "embeddings"})
"""Where one of these fails the vectors are lost on their way to the store, and the text has to be embedded once more."""


async def all_is_well(artefact: Path, folder: Path, *, name: str, seed: int, records: int) -> None:
    """Under this plan, with this seed; and every fault of the plan did happen."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "plan.json"
    plan = Plan.read(PLANS[name]).model_copy(update={"seed": seed})
    plan.write(path)
    may_repeat = any(fault.operation in PAID_TWICE for fault in plan.faults)
    async with (
        running_model(faults=Injector.of("azure-openai", azure_openai.ABILITIES, path), may_repeat=may_repeat) as model,
        running_environment(folder, artefact, model=model, lock_seconds=LOCK_SECONDS, faults=path) as environment,
        started_again(environment),
    ):
        tenant = await environment.tenant()
        of_sender = Injector.of("salesforce", salesforce.ABILITIES, path)
        async with sending(tenant, records, faults=of_sender) as load:
            await load.messages.settled(120)
            await edit(tenant, load)
            await load.messages.settled(120)
        await everything_came_through(environment, tenant, replace(load, records=tenant.records()))
    report = Report.read(path)
    assert report.has_proven, report.rows()


async def edit(tenant: Tenant, load: Load) -> None:
    """Let people change every other opportunity, while some of what was sent before is still on its way."""
    edited = [record.id for record in tenant.org.records("Opportunity")][::2]
    at = datetime.now(UTC) + timedelta(seconds=2)  # the vendor's times have no fractions, and this is no story about ties
    for record_id in edited:
        tenant.org.edit(record_id, at=at, Description=f"{record_id} asks for an offer.\n\n{record_id} has signed.")
    load.messages.notify(tenant.action("Opportunity"), edited)


@asynccontextmanager
async def started_again(environment: Environment) -> AsyncIterator[None]:
    """Whatever ends by itself is started again, as a platform would, while the block runs: a stand-in whose disk is full ends."""

    async def watch() -> None:
        while True:
            ended = await environment.children.any_ended()
            await environment.restart(ended.name)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
