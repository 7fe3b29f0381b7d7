"""``python -m devtools.vendors.slack [--port 8093] [--seed N] [--users N] [--channels N] [--request-url URL] [--faults PLAN] …``

A pretend Slack with an invented company in it, its Web API and its events. Prints one line when it listens, stops on Ctrl-C or SIGTERM and
then says what was asked of it and what it sent. Another process changes what is in it by ``/pretend/…`` (``api/control.py``).
"""

import argparse
import asyncio
import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from devtools import foreground
from devtools.faults.places import injector_of
from devtools.vendors.slack.api.control import add_control
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.company import found_company
from devtools.vendors.slack.faults import ABILITIES, AT, PLACES
from devtools.vendors.slack.pretend import PretendSlack


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, and return the exit code."""
    options = _parser().parse_args(arguments)
    return foreground.run(AT, partial(serve, options), port=options.port, refusals=(ValueError,))


async def serve(options: argparse.Namespace, stop: asyncio.Event) -> None:
    """Listen until it is to stop, and say then what was asked and sent."""
    faults = injector_of(AT, ABILITIES, PLACES, options.faults)
    world = PretendSlack(Random(secrets.randbelow(1_000_000) if options.seed is None else options.seed), _clock(options.clock))
    company = found_company(
        world,
        users=options.users,
        channels=options.channels,
        team_id=options.team_id,
        app_id=options.app_id,
        signing_secret=options.signing_secret,
        bot_token=options.bot_token,
    )
    company.app.request_url = options.request_url
    if options.many:
        world.populate(channels=options.many, members_per_channel=options.users)
    slack = SlackService(world, faults=faults, delivers=True)
    add_control(slack)
    await slack.start(options.port)
    try:
        app = f"app {company.app.app_id}, signing secret {company.app.signing_secret}, bot token {company.installation.token}"
        print(f"{AT}: ready on {slack.url}, team {company.workspace.id}, {app}, app token {company.app.app_token}", flush=True)
        await stop.wait()
    finally:
        await slack.stop()
    asked = ", ".join(f"{count} × {operation}" for operation, count in sorted(slack.ledger.counts().items())) or "nothing"
    sent = len(slack.deliveries.ledger.calls) if slack.deliveries is not None else 0
    print(f"{AT}: {asked}; {slack.ledger.rows()} rows; {sent} deliveries")


def _clock(began: datetime | None) -> Callable[[], datetime]:
    """The machine's clock, or one that began at another time when the process did."""
    offset = timedelta() if began is None else began - datetime.now(UTC)
    return lambda: datetime.now(UTC) + offset


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devtools.vendors.slack", description="A pretend Slack on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=8093, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, metavar="N", help="make the ids of an earlier run again; random when absent")
    parser.add_argument("--users", type=_from_one, default=8, metavar="N")
    parser.add_argument("--channels", type=int, default=12, metavar="N")
    parser.add_argument("--many", type=int, default=0, metavar="N", help="so many channels more, with everybody in them and not the bot")
    parser.add_argument("--team-id", metavar="T…", help="of the workspace; invented when absent, as the others are")
    parser.add_argument("--app-id", metavar="A…", help="of the app")
    parser.add_argument("--signing-secret", metavar="SECRET", help="what events are signed with")
    parser.add_argument("--bot-token", metavar="TOKEN", help="of the app's installation")
    parser.add_argument("--request-url", metavar="URL", help="where events are sent; nowhere when absent")
    parser.add_argument("--clock", type=_moment, metavar="TIME", help="what its clock says when it starts, e.g. 2026-01-02T03:04:05Z")
    foreground.add_faults(parser)
    return parser


def _from_one(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("somebody has to be there")
    return count


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a time needs its zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
