"""A back-fill whose host, broker and store are killed at random moments, while people go on working in the organization.

Moments are numbers of writes to the store, drawn from a seed: no clock is asked. They are spread over all of it, for the broker gives up a
message that ten workers have died with, as Service Bus does.
"""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from devtools.vendors.salesforce.records import Record
from tests.e2e.environment import Environment, until
from tests.e2e.model import running_model
from tests.e2e.polled import NOTHING_WRONG, Polled, minutes_pass, polled_environment, wrong

LOCK_SECONDS: Final = 5
"""What a dead host held comes back after it; in production after five minutes."""
SMALL_STEPS: Final = {"SYNC_STEP_SECONDS": "0.5"}
SHARES: Final = {"Account": 0.1, "Contact": 0.3, "Lead": 0.2, "Opportunity": 0.4}
HOST_ALONE: Final = ("host",)
ANYBODY: Final = ("host", "host", "host", "cosmos", "service-bus")


async def killed_at_random(
    artefact: Path, folder: Path, *, records: int, kills: int, seed: int, victims: tuple[str, ...] = HOST_ALONE
) -> None:
    """In the end every record is there once, and the comparison finds nothing wrong."""
    rng = Random(seed)
    async with (
        running_model() as model,
        polled_environment(folder, artefact, lock_seconds=LOCK_SECONDS, model=model, settings=SMALL_STEPS) as polled,
    ):
        for object_name, share in SHARES.items():
            await polled.control.tell("populate", object=object_name, count=int(records * share), at="2026-01-05T10:00:00+00:00")
        await polled.control.tell("page-rows", rows=200)
        people = People(polled, rng)
        await people.hired()
        await polled.ask()
        for _ in range(kills):
            await writes(polled.environment, rng.randrange(1, records * 4 // 5))
            victim = rng.choice(victims)
            await polled.environment.kill(victim)
            if victim == "host":
                await minutes_pass(polled.environment, polled.tenant.id)
            await people.work()
            await polled.environment.restart(victim)
            await people.tell()
            await polled.ask()
        await settled(polled, records)
        await everything_is_here_once(polled)


@dataclass
class People:
    """Who works in the organization meanwhile: some of it a webhook tells of, some of it only a poll."""

    polled: Polled
    rng: Random
    told: tuple[Record, ...] = ()
    waiting: tuple[Record, ...] = ()
    done: int = 0

    async def hired(self) -> None:
        """Companies whose changes a webhook tells of."""
        self.told = tuple([await self.polled.create("Account", is_old=True, Name=f"Told {number}") for number in range(6)])

    async def work(self) -> None:
        """While something is away: a change by each way, a new company, a record that goes."""
        number = self.done
        known = self.rng.choice(self.told)
        self.waiting += (
            await self.polled.edit(known, Name=f"Told anew {number}"),
            await self.polled.create("Account", Name=f"New {number}"),
        )
        for object_name, command in (("Contact", "edit"), ("Opportunity", "edit"), ("Lead", "delete")):
            row = self.rng.choice(await self.polled.control.records(object_name))
            said = {"fields": {"Description": f"Edited {number}"}} if command == "edit" else {}
            await self.polled.control.tell(command, id=row["Id"], at=self.polled.moment().isoformat(), **said)
        self.done += 1

    async def tell(self) -> None:
        """The webhook's part, as Salesforce does it: again and again until it is taken."""
        waiting, self.waiting = self.waiting, ()
        for record in waiting:
            current = self.polled.tenant.org.record(record.id)

            async def is_taken(record: Record = current) -> bool:
                return await self.polled.is_taken(record)

            await until(is_taken, 60)


async def writes(environment: Environment, count: int) -> None:
    """Return when so much more was written to the store, or nothing is left to write."""
    before = (await environment.store.writes()).total()

    async def are_made() -> bool:
        return (await environment.store.writes()).total() - before >= count or await environment.queues.are_empty(environment.stages)

    await until(are_made, 120, poll_seconds=0.02)


async def settled(polled: Polled, records: int) -> None:
    """Poll until a poll has nothing more to tell. What was put off comes back later."""
    for _ in range(2):
        await polled.poll(120 + records / 20)
        await minutes_pass(polled.environment, polled.tenant.id)


async def everything_is_here_once(polled: Polled) -> None:
    """Said without the app's own comparison, and then by it."""
    shards = await polled.environment.shards(polled.tenant)  # two of one record fail there
    live: dict[str, Any] = {}
    for stream in NOTHING_WRONG:
        live |= {row["Id"]: row for row in await polled.control.records(stream)}
    given_up = await polled.environment.given_up(polled.tenant)
    assert [(message["deadLetterReason"], message["properties"].get("type")) for message in given_up] == []
    assert {record_id for record_id, shard in shards.items() if shard["status"] == "active"} == set(live)
    assert {record_id: shards[record_id]["structuredData"]["name"] for record_id in live} == {
        record_id: row["Name"] for record_id, row in live.items()
    }
    assert [shard["id"] for shard in shards.values() if shard["vectors"]["revision"] != shard["revisionNumber"]] == []
    assert wrong(await polled.compared()) == NOTHING_WRONG
