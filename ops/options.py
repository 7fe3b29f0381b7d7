"""The command line of ``python -m ops``: every verb and option, and what each is for. What is wrong is said in one line."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from typing_extensions import override

from ops import linking_options
from ops.migrations import options as migration_options
from ops.provision import options as provision_options
from ops.rotation import options as rotation_options
from ops.tenants import options as tenant_options
from shared.topology import QUEUES

Add = Callable[[argparse.ArgumentParser], None]
Below = Add | Mapping[str, tuple[str, "Below"]]
"""What is below a word of the command line: a command's options, or further words."""
NAMES: Final = ("noun", "verb", "source")
"""What the words of a command are called, in their order."""


class _Parser(argparse.ArgumentParser):
    """One that says in one line what is wrong, and where to read on."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one command, which is called ``options.noun`` and, where the noun has verbs, ``options.verb``, and where the verb has
    sources, ``options.source``.

    Raises:
        SystemExit: 0 for ``--help``, 2 where something is wrong.
    """
    options = whole_parser().parse_args(arguments, argparse.Namespace(verb=None, source=None))
    wrong = options.is_wrong(options)
    if wrong is not None:
        options.parser.error(wrong)
    return options


def whole_parser() -> argparse.ArgumentParser:
    """All commands. The last parser of each has its options."""
    parser = _Parser(prog="python -m ops", description="An operator's commands against a running deployment of Shardline.")
    _add_words(parser, COMMANDS, NAMES)
    return parser


def _add_words(parser: argparse.ArgumentParser, below: Mapping[str, tuple[str, Below]], names: Sequence[str]) -> None:
    words = parser.add_subparsers(required=True, metavar=" | ".join(below), dest=names[0])
    for word, (text, further) in below.items():
        found = words.add_parser(word, help=text, description=_sentence(text))
        if isinstance(further, Mapping):
            _add_words(found, further, names[1:])
        else:
            _complete(found, further)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _complete(command: argparse.ArgumentParser, add: Add) -> None:
    command.set_defaults(parser=command, is_wrong=lambda _options: None)
    add(command)
    command.add_argument("--json", action="store_true", help="print JSON, for machines")
    command.add_argument("--settings", type=Path, metavar="FILE", help="the deployment's settings (default: the environment)")


def _dry_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def _id(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help="the connection, as `connections list` shows it")


def _add_salesforce(command: argparse.ArgumentParser) -> None:
    _tenant_to_add(command)
    command.add_argument("--organization", metavar="ID", help="the organization's id (00D…)")
    command.add_argument("--base-url", metavar="URL", help="where we log in: the organization's own domain, or login.salesforce.com")
    command.add_argument("--client-id", metavar="ID", help="the connected app's consumer key")
    command.add_argument("--user", metavar="NAME", help="with a private key: the user we act as")
    command.add_argument("--audience", metavar="URL", help="with a private key: whom our assertion is for (default: the base URL)")
    secret = command.add_mutually_exclusive_group()
    secret.add_argument("--private-key-file", type=Path, metavar="FILE", help="log in by a signed assertion: the RSA key, as PEM")
    secret.add_argument("--client-secret-file", type=Path, metavar="FILE", help="log in with client credentials: the consumer secret")
    secret.add_argument("--webhook-only", action="store_true", help="log in nowhere: the vendor only calls us, and nothing is polled")
    command.add_argument("--webhook-key", metavar="KEY", help="the key in the webhook's address; `generate` makes one and shows it once")
    command.add_argument("--app-url", metavar="URL", help="the app's address, to show that of its webhook whole")
    command.add_argument(
        "--action", action="append", default=[], metavar="ID", help="an outbound message (04k…) that may call; again for more"
    )
    command.add_argument(
        "--stream", action="append", default=[], metavar="NAME", help="an object to read; again for more (default: the source's)"
    )
    _dry_run(command)


def _add_gdrive(command: argparse.ArgumentParser) -> None:
    _tenant_to_add(command)
    command.add_argument("--domain", metavar="DOMAIN", help="with a key file: the Workspace's primary domain")
    secret = command.add_mutually_exclusive_group()
    secret.add_argument("--key-file", type=Path, metavar="FILE", help="act as people of the domain: the service account's key (JSON)")
    secret.add_argument(
        "--client-secret-file", type=Path, metavar="FILE", help="read as one person: the OAuth client's secret, or its JSON file"
    )
    command.add_argument("--client-id", metavar="ID", help="with a client secret that is not Google's JSON file: the OAuth client's id")
    command.add_argument("--refresh-token-file", type=Path, metavar="FILE", help="with a client secret: the person's refresh token")
    command.add_argument("--user", action="append", default=[], metavar="ADDRESS", help="whom we act as; again for more. The whole list")
    command.add_argument("--users-file", type=Path, metavar="FILE", help="the same from a file: an address in each line")
    command.add_argument(
        "--groups", action=argparse.BooleanOptionalAction, default=None, help="also read the Workspace's groups and who is in them"
    )
    command.add_argument("--groups-as", metavar="ADDRESS", help="the administrator as whom groups are read (default: the first user)")
    command.add_argument("--base-url", metavar="URL", help="where tokens are given (default: https://oauth2.googleapis.com)")
    command.add_argument("--no-test", action="store_true", help="store it without logging in")
    _dry_run(command)


def _add_slack(command: argparse.ArgumentParser) -> None:
    _tenant_to_add(command)
    command.add_argument("--app", metavar="ID", help="the Slack app's id (A…)")
    command.add_argument("--account", metavar="ID", help="the workspace (T…) or enterprise (E…) (default: whose the token is)")
    secret = command.add_mutually_exclusive_group()
    secret.add_argument("--token-file", type=Path, metavar="FILE", help="the bot token (xoxb-…)")
    secret.add_argument("--no-token", action="store_true", help="read nothing: only what Slack tells is known, and nothing is polled")
    command.add_argument("--secret-name", metavar="NAME", help="what the token is, or shall be, kept under (default: slack-<account>)")
    command.add_argument("--app-url", metavar="URL", help="this app's address, to show the request URL whole")
    command.add_argument("--base-url", metavar="URL", help="where Slack is asked (default: https://slack.com)")
    command.add_argument("--no-test", action="store_true", help="store it without asking Slack anything: with --account")
    _dry_run(command)


def _tenant_to_add(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", metavar="ID", help="whose it is; what is missing of these is asked for at a terminal")


def _connections_list(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", metavar="ID", help="only this tenant's (default: every tenant's)")


def _connections_pause(command: argparse.ArgumentParser) -> None:
    _id(command)
    command.add_argument("--reason", required=True, metavar="TEXT", help="why, for whoever looks next")
    _dry_run(command)


def _connections_resume(command: argparse.ArgumentParser) -> None:
    _id(command)
    _dry_run(command)


def _streams(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stream", action="append", default=[], metavar="NAME", help="only this stream; again for more (default: all)")


def _backfill(command: argparse.ArgumentParser) -> None:
    _id(command)
    _streams(command)
    command.add_argument("--anew", action="store_true", help="also where one is running: that one ends, and all is read from the start")
    command.add_argument("--watch", action="store_true", help="show how far each stream is until all have ended: exit code 1 if one failed")
    _dry_run(command)


def _completeness(command: argparse.ArgumentParser) -> None:
    _id(command)
    _streams(command)
    how = command.add_mutually_exclusive_group()
    how.add_argument(
        "--fresh", action="store_true", help="compare now, and show that: what it finds missing, extra or stale it mends, as it always does"
    )
    how.add_argument("--quick", action="store_true", help="only count, at the vendor's and here: equal counts prove nothing")
    how.add_argument("--watch", action="store_true", help="wait for the back-fills and comparisons that are running, then show it")
    command.add_argument("--anew", action="store_true", help="with --fresh: also where a comparison is running")
    command.set_defaults(is_wrong=lambda options: "--anew goes with --fresh" if options.anew and not options.fresh else None)


def _chosen(command: argparse.ArgumentParser) -> None:
    command.add_argument("--reason", metavar="NAME", help="only what is there for this reason")
    command.add_argument(
        "--queue", choices=[queue.name for queue in QUEUES], metavar="QUEUE", help="only what was on this queue: %(choices)s"
    )
    command.add_argument("--tenant", metavar="ID", help="only this tenant's")


def _parked_list(command: argparse.ArgumentParser) -> None:
    _chosen(command)
    command.add_argument("--most", type=_positive, default=50, metavar="N", help="so many at most, the oldest first (default: %(default)s)")


def _parked_show(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs=1, metavar="ID", help="its id, the beginning of it, or its number")
    _chosen(command)
    command.add_argument("--body", action="store_true", help="with what it says: that is the tenant's data")


def _parked_change(command: argparse.ArgumentParser) -> None:
    command.add_argument("ids", nargs="*", metavar="ID", help="their ids, the beginnings of them, or their numbers")
    command.add_argument("--all", action="store_true", help="all there are, or all that the other options leave")
    _chosen(command)
    _dry_run(command)
    command.set_defaults(is_wrong=lambda options: None if bool(options.ids) != options.all else "name messages by their ids, or say --all")


def _parked_drop(command: argparse.ArgumentParser) -> None:
    _parked_change(command)
    command.add_argument("--yes", action="store_true", help="without it nothing is dropped: what is dropped is gone")


def _parked(where: str) -> Mapping[str, tuple[str, Below]]:
    return {
        "list": (f"list {where}", _parked_list),
        "show": (f"show one of {where}, without its body", _parked_show),
        "replay": (f"send some of {where} to the queues they were on, to be handled again", _parked_change),
        "drop": (f"throw some of {where} away", _parked_drop),
    }


COMMANDS: Final[Mapping[str, tuple[str, Below]]] = {
    "connections": (
        "who is connected: add | list | test | rotate | pause | resume",
        {
            "add": (
                "connect a vendor's account, or store its connection anew",
                {
                    "salesforce": ("connect a Salesforce organization, or store its connection anew", _add_salesforce),
                    "gdrive": ("connect a Google Workspace's Drive, or one person's, or store the connection anew", _add_gdrive),
                    "slack": ("connect a Slack workspace or a whole enterprise, or store the connection anew", _add_slack),
                },
            ),
            "list": ("list connections", _connections_list),
            "test": ("log in at the vendor's and look at every stream, without reading any", _id),
            "rotate": ("replace a secret while everything goes on", rotation_options.add),
            "pause": ("stop reading a connection until somebody resumes it", _connections_pause),
            "resume": ("go on with a paused connection, at once", _connections_resume),
        },
    ),
    "backfill": ("read all there is of a connection through the bulk queues", _backfill),
    "completeness": ("show whether all of a connection is here: exit code 0 if it is, else 1", _completeness),
    "linking": (
        "how a tenant's shards are linked: show | set | reset | relink",
        {
            "show": ("show thresholds, weights, ceilings and switches, and what differs from the first values", linking_options.add_show),
            "set": ("set some of them", linking_options.add_set),
            "reset": ("go back to the first values", linking_options.add_reset),
            "relink": ("look at the links of every shard anew", linking_options.add_relink),
        },
    ),
    "provision": ("make the queues, containers and blob containers of the topology in Azure, or update them", provision_options.add),
    "tenant": (
        "all of a tenant's data: export | erase",
        {
            "export": ("write all of it into readable files, and see that it is all", tenant_options.add_export),
            "erase": ("remove all of it from every store and queue, and prove it", tenant_options.add_erase),
        },
    ),
    "migrate": ("bring stored documents to what the code says, while the app runs", migration_options.add_migrate),
    "rejected": ("messages we have parked: list | show | replay | drop", _parked("the rejected messages")),
    "dead-letters": ("messages the broker has parked: list | show | replay | drop", _parked("the dead letters")),
    "renormalize": ("read all of a connection again, so that a changed conversion takes effect", _backfill),
}


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return number
