"""``python -m benchmarks.reader CONNECTION STREAM [--profile FILE]``: a process that back-fills one stream as ``sync-inbound-bulk-worker``
does.

The settings are the environment's, as a function's are. It asks for the run on the queue, or lets the stream's first look ask for it where
that takes what the catching up begins from; takes every step from the queue through ``deliver``, and ends with the run; then it prints what
that took, a line of JSON. The time is that from the request's publishing, or the first look, to the end of the last step, after which every
record is on the queue. Memory is counted from after all imports.
"""

import asyncio
import json
import resource
import secrets
import sys
import time
from cProfile import Profile
from pathlib import Path
from typing import Any, Final

import azure.cosmos.aio
import azure.servicebus.aio
import azure.storage.blob.aio  # noqa: F401 - what the services import when they are needed, so that it is no part of what reading takes
from azure.servicebus import ServiceBusReceivedMessage

from devtools.host.messages import body_of
from ingestion.poller import PACED_BY, Pace, PollerPorts, read
from ingestion.sources.polled import pollers
from shared import topology
from shared.connections.connection import Connection
from shared.contracts.sync import SyncKind, SyncRequested
from shared.hosting.loading import loaded
from shared.hosting.services import Services, now, services
from shared.messaging.delivery import deliver
from shared.messaging.outcomes import Outcome
from shared.messaging.returns import Delivery
from shared.streams.defaults import user_stream

LOOKED_AT: Final = {"gdrive": ("drives",)}
"""By source: the streams that say what others there are. They are read before, too."""
IN_LOGS: Final = frozenset({"gdrive"})
"""Sources whose streams are looked at first, which asks for the back-fill."""
PATIENCE_SECONDS: Final = 120.0
"""The longest wait for a step: one that failed comes back later."""


def main(arguments: list[str]) -> int:
    """Read, and print."""
    connection_id, stream, *profiled = arguments
    profile = Profile() if profiled else None
    print(json.dumps(asyncio.run(_back_filled(connection_id, stream, profile))), flush=True)
    if profile is not None:
        profile.dump_stats(Path(profiled[0]))
    return 0


class _Steps:
    """The steps of one run, read one after the other."""

    def __init__(self, ports: PollerPorts) -> None:
        self._ports = ports
        self.count = 0
        self.reasons: list[str] = []

    async def step(self, message: SyncRequested) -> Outcome:
        """One of them."""
        self.count += 1
        outcome = await read(message, ports=self._ports)
        self.reasons.append(outcome.reason)
        return outcome

    @property
    def is_over(self) -> bool:
        return bool(self.reasons) and self.reasons[-1] == "read to the end"


async def _back_filled(connection_id: str, stream: str, profile: Profile | None) -> dict[str, Any]:
    await loaded()
    s = services()
    ports = _ports(s)
    connection = await s.connection_store.find(connection_id)
    if connection is None:
        raise LookupError(f"{connection_id} is not connected")
    await s.delivery.ready()
    async with (
        s._service_bus_client() as client,  # noqa: SLF001 - a second one, as the host has
        client.get_queue_receiver(topology.SYNC_INBOUND_BULK) as receiver,
    ):

        async def look(name: str) -> None:
            """At what changed in one stream; at the first time, where its log is now."""
            await read(_request(connection, name, "changes"), ports=ports)

        async def read_all(name: str) -> _Steps:
            """Of one stream, whose back-fill is asked for on the queue."""
            if connection.source in IN_LOGS:
                await look(name)
            else:
                await s.publisher.publish(_request(connection, name, "backfill"))
            steps = _Steps(ports)
            while not steps.is_over:
                for message in await receiver.receive_messages(max_message_count=1, max_wait_time=PATIENCE_SECONDS):
                    await deliver(_delivery(message), SyncRequested, steps.step, ports=s.delivery)
                    await receiver.complete_message(message)
            return steps

        memory, began = _peak_megabytes(), time.perf_counter()
        for name in LOOKED_AT.get(connection.source, ()):
            await look(name)
        await read_all(_warmed_with(connection))
        for queue in PACED_BY:
            await s.queue_ages.oldest_seconds(queue)
        warming = time.perf_counter() - began
        if profile is not None:
            profile.enable()
        cpu, began = time.process_time(), time.perf_counter()
        steps = await read_all(stream)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
        if profile is not None:
            profile.disable()
    state = await s.states.read(connection, stream, "backfill")
    await _close(s)
    return {
        "records": state.record_count,
        "seconds_to_warm": round(warming, 3),
        "seconds": round(seconds, 3),
        "processor_seconds": round(cpu_seconds, 3),
        "steps": steps.count,
        "megabytes_before": memory,
        "megabytes_peak": _peak_megabytes(),
    }


async def _close(s: Services) -> None:
    """The ports have no such thing, for a worker is ended and not closed; but this one's last words are read."""
    adapters: tuple[Any, ...] = (s.queue_ages, s.transport, s.claims, s.account)
    for adapter in adapters:
        await adapter.close()
    await s.http.aclose()


def _warmed_with(connection: Connection) -> str:
    """The few records of this stream are read before, and the queues looked at: a worker logs in, and opens its links, once and not with
    every run."""
    return "User" if connection.source == "salesforce" else user_stream(connection.users[0])


def _request(connection: Connection, stream: str, kind: SyncKind) -> SyncRequested:
    run = secrets.token_hex(16)
    return SyncRequested(
        tenant_id=connection.tenant_id,
        correlation_id=run,
        connection_id=connection.id,
        stream=stream,
        kind=kind,
        run=run,
        requested_at=now(),
    )


def _ports(s: Services) -> PollerPorts:
    """As ``ingestion/functions.py`` has them."""
    sync = s.settings.sync
    return PollerPorts(
        pollers=pollers(s.settings, http=s.http, secrets=s.secrets, states=s.states, index=s.record_index, metrics=s.metrics, now=now),
        connections=s.connection_store,
        states=s.states,
        index=s.record_index,
        gaps=s.gaps,
        publisher=s.publisher,
        queue_ages=s.queue_ages,
        metrics=s.metrics,
        now=now,
        pace=Pace(step_seconds=sync.step_seconds, age_seconds=sync.pace_age_seconds, grace_seconds=sync.compare_grace_seconds),
        give_way=s.right_of_way.give_way,
    )


def _delivery(message: ServiceBusReceivedMessage) -> Delivery:
    said = {_text(name): _text(value) for name, value in (message.application_properties or {}).items()}
    properties = {str(name): value for name, value in said.items() if isinstance(value, str | int)}
    return Delivery(topology.SYNC_INBOUND_BULK, str(message.message_id), body_of(message), properties)


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _peak_megabytes() -> float:
    """The most memory this process has had in use. Linux counts in ``ru_maxrss`` what the parent had when it forked, and here not."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return round(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024, 1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
