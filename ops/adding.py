"""``connections add``: a vendor's account is connected, or its connection stored anew.

The connection document holds the name of a secret, and the secret itself goes to the deployment's Key Vault, or is a setting that an
operator makes. Nothing that is secret is printed, but the address of a webhook whose key was made here: once, for it is stored as a hash.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from devtools.local.output import show_json
from devtools.local.tables import table
from ingestion.asking import COMPARED_AGAIN_AFTER
from ingestion.sources.source import StreamCheck
from ops import adding_gdrive, adding_salesforce, adding_slack
from ops.answers import Answers
from ops.asking import asked
from ops.checks import checks_of, plain_checks, rendered_checks
from ops.connections import plain, shortened
from ops.ports import Ports
from ops.refusals import Refused
from ops.runs import requests_for
from ops.wanted import Wanted, next_steps
from shared.contracts.sync import SyncRequested
from shared.errors import ConfigurationError, TransientError

SOURCES: Final = {
    "salesforce": adding_salesforce.wanted_of,
    "gdrive": adding_gdrive.wanted_of,
    "slack": adding_slack.wanted_of,
}
YES: Final = ("", "y", "yes")

Ask = Callable[[str], str]


@dataclass(frozen=True)
class Tested:
    """What logging in came to."""

    checks: Sequence[StreamCheck] = ()
    failure: str | None = None
    """Why nothing could be looked at, for a person."""

    @property
    def is_readable(self) -> bool:
        """Whether every stream can be read."""
        return self.failure is None and all(check.is_readable for check in self.checks)


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Ask for what is missing, check it, show what it comes to, store it, log in, and say what is to be done next."""
    ask = asked if sys.stdin.isatty() and not options.json else None
    answers = Answers(ask)
    wanted = await SOURCES[options.source](options, ports, answers)
    if not options.json:
        shown = {**plain(wanted.connection), **wanted.shown}
        print("would be stored:" if options.dry_run else "to be stored:", end="\n\n")
        print(table(("", ""), [(name, _shown(value)) for name, value in shown.items()]), end="\n\n")
    if ask is not None and answers.has_asked and not options.dry_run:
        _confirm(wanted, ask)
    if not options.dry_run:
        await _store(wanted, ports)
    tested = await _tested(wanted, ports) if wanted.is_tested and not options.dry_run else None
    _show(wanted, tested, options, ports)
    return 0 if tested is None or tested.is_readable else 1


async def wanted_of(options: argparse.Namespace, ports: Ports, *, ask: Ask | None) -> Wanted:
    """What the options, the answers and what is stored already come to.

    Raises:
        Misused: something is missing, or is not what it has to be.
        Refused: the account is another tenant's.
        TransientError: when the store cannot answer now.
    """
    return await SOURCES[options.source](options, ports, Answers(ask))


def _confirm(wanted: Wanted, ask: Ask) -> None:
    if wanted.at_the_vendors:
        print("before it can log in:\n" + "\n".join(f"- {line}" for line in wanted.at_the_vendors), end="\n\n")
    if ask("store this? (yes)").strip().lower() not in YES:
        raise Refused("nothing was stored")


async def _store(wanted: Wanted, ports: Ports) -> None:
    credential = wanted.connection.credential
    if wanted.secret is not None and credential is not None:
        await ports.keeper.keep(credential.secret_name, wanted.secret)  # first: what is polled must find it
    await ports.connections.add(wanted.connection, handles=wanted.handles, at=ports.now())
    if not wanted.lost:
        return
    # At once, and once more for what is too young to be judged now: nobody else compares a stream that the connection has no more.
    now, later = ports.now(), ports.now() + COMPARED_AGAIN_AFTER
    await ports.publisher.publish(*await _comparisons(wanted, ports, at=now))
    for request in await _comparisons(wanted, ports, at=later):
        await ports.publisher.schedule(request, due_at=later)


async def _comparisons(wanted: Wanted, ports: Ports, *, at: datetime) -> list[SyncRequested]:
    return await requests_for(wanted.connection, wanted.lost, "compare", states=ports.states, at=at, anew=True)


async def _tested(wanted: Wanted, ports: Ports) -> Tested:
    credential = wanted.connection.credential
    known = {} if wanted.secret is None or credential is None else {credential.secret_name: wanted.secret}
    try:
        return Tested(await checks_of(wanted.connection, ports, known=known))
    except (ConfigurationError, TransientError, Refused) as error:
        return Tested(failure=str(error))


def _show(wanted: Wanted, tested: Tested | None, options: argparse.Namespace, ports: Ports) -> None:
    steps = next_steps(wanted, ports, is_dry=options.dry_run, is_readable=None if tested is None else tested.is_readable)
    address = None if wanted.key is None or options.dry_run else f"{_app(options)}/api/webhooks/{options.source}/{wanted.key}"
    if options.json:
        told = {} if tested is None else {"checks": plain_checks(tested.checks), "failure": tested.failure}
        said = {"stored": not options.dry_run, "webhookAddress": address, **told, "next": steps}
        show_json({**plain(wanted.connection), **wanted.shown, **said})
        return
    if not options.dry_run:
        print("stored", end="\n\n")
    if tested is not None:
        print(rendered_checks(tested.checks) if tested.failure is None else f"logging in failed: {tested.failure}", end="\n\n")
    if address is not None:
        print(f"the webhook's address, shown this once:\n  {address}\n")
    print("\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1)))


def _app(options: argparse.Namespace) -> str:
    return (options.app_url or "https://<the app>").rstrip("/")


def _shown(value: object) -> object:
    return shortened(list(map(str, value))) if isinstance(value, list) else value
