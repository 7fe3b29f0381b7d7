"""``up``: everything a first run needs, on one command.

Stand-ins, Azurite and the host are started, the host over the app as it is deployed: built, and unpacked from its artefact. An invented
organization is connected and sends its records; one record's way is shown step by step, what was stored and linked is compared with what
was sent, and a record is looked for in other words than its own. Then the organization is polled for what it had before, and so are an
invented Google Workspace, in which a file is moved and another one unshared, and an invented workspace in Slack, whose events tell of a
channel that is renamed and of people who come and go; all of that is compared, too. It stays up, or with ``--once`` ends with 0 if every
record is there, right, linked, embedded and found.

With ``--aad`` there is no key: the app has an identity, and the stores take its tokens, over TLS. With ``--app`` the app was built
elsewhere; where it brings its packages, these are all that it has. With ``--faults`` all of that happens under a fault plan, what went
wrong is shown, and a fault that never happened fails the run, too.
"""

import argparse
import asyncio
import secrets
import shutil
import signal
import time
import zipfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

from azure.core.exceptions import AzureError

from devtools import artefact, azurite
from devtools.azurite import AzuriteMissing
from devtools.faults.plan import PlanInvalid
from devtools.faults.report import Report
from devtools.local import background, first_run, planned, processes, slack_company, workspace
from devtools.local.addresses import Addresses
from devtools.local.child import ChildFailed
from devtools.local.children import Children
from devtools.local.clients import cosmos_client
from devtools.local.control import ControlRefused
from devtools.local.docker import Containers, DockerFailed
from devtools.local.first_run import FirstRun
from devtools.local.organization import TENANT, connect
from devtools.local.output import failed, show_json
from devtools.local.patience import patiently
from devtools.local.reset import Requests, remove_stored
from devtools.local.run import DATABASE, ROOT, Run, folder_of
from devtools.local.tables import table
from devtools.vendors.salesforce.ids import random_id
from shared.errors import PipelineError
from shared.storage.cosmos import CosmosAccount
from shared.topology import TOPOLOGY

INTERRUPTED: Final = 130
NOT_POLLED: Final = {
    f"AzureWebJobs.{name}.Disabled": "true"
    for name in (
        *("ingestion-salesforce-poll", "ingestion-gdrive-poll", "ingestion-slack-poll"),
        *("sync-inbound-worker", "sync-inbound-bulk-worker", "normalization-bulk-processor", "telemetry-measure"),
    )
}
"""The host's settings on Microsoft's emulators: with the queues of polling the app would need more connections than there are."""
ENDS: Final = "Ctrl-C stops everything."
ENDS_DETACHED: Final = "It stays up in the background: python -m devtools down stops everything."
STARTING: Final = (
    "starting the stand-ins of Service Bus and Cosmos DB, Azurite, the token issuer, a pretend Salesforce, a pretend Google Drive, a "
    "pretend Slack and the function host …"
)
STARTING_CONTAINERS: Final = "starting Microsoft's emulators, the token issuer and the function host; their images are fetched once …"
FAILURES: Final = (
    ChildFailed,
    AzuriteMissing,
    DockerFailed,
    PlanInvalid,
    artefact.ReadingsDiffer,
    ControlRefused,
    PipelineError,
    AzureError,
)
"""What is one line that says what is wrong."""


async def command(options: argparse.Namespace) -> int:
    """Start a run, in this process or in one that stays."""
    if options.detach:
        return background.start([argument for argument in options.arguments if argument not in {"-d", "--detach"}])
    return await up(options)


async def up(options: argparse.Namespace) -> int:
    """Run it, and return the exit code."""
    addresses = Addresses.shifted(options.port_offset)
    if (taken := addresses.in_use(addresses.ours if options.docker else None, secured=options.aad)) is not None:
        return failed(taken, who="up")
    try:
        going = await _Up.prepared(options)
    except FAILURES as error:
        return failed(str(error), who="up")
    processes.begin(going.children.folder)
    working = asyncio.create_task(going.work())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        return await working
    except asyncio.CancelledError:
        return INTERRUPTED
    except FAILURES as error:
        return failed(str(error), who="up")
    finally:
        await going.stop()
        Run.forget(going.children.folder)
        processes.forget(going.children.folder)


@dataclass(frozen=True)
class _Up:
    """One ``up``: what it runs, and the fault plan it is under."""

    run: Run
    children: Children
    containers: Containers | None
    faults: Path | None
    rng: Random
    options: argparse.Namespace
    say: Callable[[str], object]
    requests: Requests

    @classmethod
    async def prepared(cls, options: argparse.Namespace) -> "_Up":
        """With nothing started yet: what is missing or wrong must be known before anything that was stored is removed.

        Raises:
            PlanInvalid: the fault plan cannot be carried out.
            AzuriteMissing, DockerFailed: Azurite is not installed, or Docker.
        """
        addresses, rng = Addresses.shifted(options.port_offset), Random(secrets.randbits(64))
        organization, domain, team = random_id("Organization", rng), workspace.new_domain(rng), slack_company.new_team(rng)
        key = secrets.token_urlsafe(32)
        folder = folder_of(options.port_offset)
        secured_in = str(folder) if options.aad else None
        run = Run(addresses, organization, TENANT, key, is_official=options.docker, domain=domain, team_id=team, secured_in=secured_in)
        plan = None if options.faults is None else planned.read(options.faults, places=planned.OURS if options.docker else planned.PLACES)
        containers = Containers(run, folder, keep=options.keep) if options.docker else None
        if containers is not None:
            await containers.look()
        else:
            azurite.command(addresses.blob, None)
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        if containers is not None:
            await containers.clear()
        faults = None if plan is None else planned.place(plan, folder)
        say: Callable[[str], object] = (lambda text: None) if options.json else print
        settings = NOT_POLLED if options.docker else None
        has_vendors = not options.docker
        children = Children(
            run,
            folder=folder,
            faults=faults,
            settings=settings,
            emulators=containers,
            has_salesforce=has_vendors,
            has_gdrive=has_vendors,
            has_slack=has_vendors,
        )
        return cls(run, children, containers, faults, rng, options, say, Requests())

    async def work(self) -> int:
        """Start, run, compare; stay up, or return the exit code."""
        started = time.monotonic()
        self.say(STARTING if self.containers is None else f"{STARTING_CONTAINERS} (log: {self.containers.log.relative_to(ROOT)})")
        async with self._account() as account:
            await self._start(account)
            self.run.remember(self.children.folder, self.children.settings)
            records = sum(first_run.COUNTS.values())
            self.say(f"up after {time.monotonic() - started:.1f} s; an invented organization sends {records} records …\n")
            report = await self.children.whole_during(self._first_run(account, started))
        if report["faults"] and self.containers is not None:
            report["faults"] += await self.containers.silent()
        self._tell(report)
        if self.options.once or report["faults"]:
            return 1 if report["faults"] else 0
        self.say(f"\n{_addresses(self.run, self.children)}\n\n{ENDS if self.options.up_through is None else ENDS_DETACHED}")
        if self.options.up_through is not None:
            background.give_back(self.options.up_through, self.children.folder)
        while True:
            await self.children.whole_during(self.requests.next())
            await self._begin_again()

    async def _start(self, account: CosmosAccount, *, due_at: datetime | None = None) -> None:
        """Start everything, and let the run's organization and its workspaces at Google and in Slack be connected before the app is there.
        The first run says when they are polled."""
        for line in await self.children.start():
            self.say(line)
        if self.containers is not None:  # the app would wait for ever
            for container in TOPOLOGY.containers:
                await account.compare(container)
        patience = 0 if self.faults is None else first_run.PATIENT_SECONDS
        await patiently(partial(connect, self.run, account, is_polled=self.containers is None, due_at=due_at), seconds=patience)
        if self.containers is None:
            for connect_one in (workspace.connect, slack_company.connect):
                await patiently(partial(connect_one, self.run, account, due_at=due_at), seconds=patience)
        await self.children.start_host(app=_deployed(self.children.folder, self.options.app))

    async def _begin_again(self) -> None:
        """What ``reset`` asks for."""
        await self.children.stop()
        remove_stored(self.children.folder)
        if self.containers is not None:
            await self.containers.clear(keep=False)
        async with self._account() as account:
            await self._start(account, due_at=None if self.containers else datetime.now(UTC))

    async def stop(self) -> None:
        """End everything."""
        try:
            await self.children.stop()
        except DockerFailed as error:
            failed(str(error), who="up")

    @asynccontextmanager
    async def _account(self) -> AsyncIterator[CosmosAccount]:
        account = CosmosAccount(lambda: cosmos_client(self.run), database=DATABASE)
        try:
            yield account
        finally:
            await account.close()

    async def _first_run(self, account: CosmosAccount, started: float) -> dict[str, Any]:
        patience = first_run.TIMEOUT_SECONDS if self.faults is None else first_run.PATIENT_SECONDS
        first = FirstRun(self.run, self.children.folder, self.children.host_log, account, started, patience)
        return await first.report(self.rng, is_polled=self.containers is None)

    def _tell(self, report: dict[str, Any]) -> None:
        """Print the report, and what became of the fault plan; what never happened is added to its faults."""
        happened = None if self.faults is None else Report.read(self.faults)
        if happened is not None:
            report["faults"] += planned.missing(happened)
            report["plan"] = happened.plain()
        if self.options.json:
            show_json(report)
            return
        if happened is not None:
            print(f"{planned.rendered(happened)}\n")
        print(first_run.readable(report))


def _deployed(folder: Path, app: Path | None) -> Path:
    """The app as it is deployed: built, and unpacked beside the run's data; or the one that is there, in a folder or in a zip."""
    if app is not None and app.is_dir():
        return app
    shutil.rmtree(folder / "artefact", ignore_errors=True)
    if app is None:
        return artefact.unpack(folder)
    with zipfile.ZipFile(app) as archive:
        archive.extractall(folder / "artefact")
    return folder / "artefact"


def _addresses(run: Run, children: Children) -> str:
    which = "emulator" if run.is_official else "stand-in"
    scheme = "http" if run.secured is None else "https"
    bus = f"localhost:{run.addresses.service_bus}" if run.secured is None else "amqps://{}:{}".format(*run.addresses.secured_bus)
    rows = [
        (f"Service Bus {which}", bus, "python -m devtools peek QUEUE"),
        (f"Cosmos DB {which}", f"{scheme}://localhost:{run.addresses.cosmos}", "python -m devtools shard [ID] | trace ID"),
        ("Azurite (blobs)", f"{scheme}://127.0.0.1:{run.addresses.blob}", ""),
        ("function host", run.host, f"logs: {children.host_log.relative_to(ROOT)}"),
        ("Salesforce webhook", run.webhook_url, "python -m devtools send"),
        *(() if run.is_official else (("pretend Salesforce", run.salesforce, f"curl {run.salesforce}/pretend/ledger"),)),
        *(() if run.is_official else (("pretend Google Drive", run.gdrive, f"curl {run.gdrive}/pretend/files"),)),
        *(() if run.is_official else (("pretend Slack", run.slack, f"curl {run.slack}/pretend/channels"),)),
        ("search", run.search_url, 'python -m devtools search "WORDS"'),
        ("token issuer", run.issuer, "python -m devtools token"),
    ]
    return table(("what", "address", "look into it"), rows)
