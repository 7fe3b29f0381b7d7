"""The command line of ``python -m devtools``: every command and option, and what each is for. What is wrong is said in one line."""

import argparse
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn
from zipfile import is_zipfile

from typing_extensions import override

from devtools.local.addresses import Addresses
from shared import topology

Command = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]
Commands = dict[str, Command]
SAMPLE: Final = ("accounts", "contacts", "opportunities")
HIGHEST_PORT: Final = 65_535


class _Parser(argparse.ArgumentParser):
    """One that says in one line what is wrong, and where to read on."""

    @override
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parsed(commands: Commands, arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one command, which is ``options.command``.

    Raises:
        SystemExit: 0 for ``--help``, 2 where something is wrong.
    """
    parser = _parser(commands)
    options = parser.parse_args(arguments)
    wrong = options.is_wrong(options)
    if wrong is not None:
        options.parser.error(wrong)
    return options


def _parser(commands: Commands) -> _Parser:
    parser = _Parser(prog="python -m devtools", description="A local Azure to try Shardline on.")
    known = parser.add_subparsers(required=True, metavar=" | ".join(commands), dest="name")
    for name, (text, add) in _COMMANDS.items():
        command = known.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.set_defaults(command=commands[name], parser=command, is_wrong=lambda _options: None)
        add(command)
        command.add_argument("--json", action="store_true", help="print JSON, for machines")
        command.add_argument(
            "--port-offset", type=_offset, default=0, metavar="N", help="every port N higher: another run, beside the first (default: 0)"
        )
    return parser


def _up(command: argparse.ArgumentParser) -> None:
    stays = command.add_mutually_exclusive_group()
    stays.add_argument("--once", action="store_true", help="stop afterwards: exit code 0 if every record is stored and right, else 1")
    stays.add_argument("-d", "--detach", action="store_true", help="stay up in the background after the first run: `down` ends it")
    command.add_argument("--keep", action="store_true", help="go on with what the last run stored instead of starting empty")
    where = command.add_mutually_exclusive_group()
    where.add_argument("--docker", action="store_true", help="run on the official emulators, in Docker, instead of the stand-ins")
    where.add_argument("--aad", action="store_true", help="identities instead of keys: TLS and tokens everywhere, as in Azure")
    command.add_argument("--app", type=_app, metavar="FOLDER|ZIP", help="run this app, built elsewhere, instead of building one")
    command.add_argument(
        "--faults", type=Path, metavar="FILE", help="let things go wrong as this plan says: exit code 1 if one of its faults never happened"
    )
    command.add_argument("--up-through", type=int, default=None, help=argparse.SUPPRESS)  # see background.py


def _down(_command: argparse.ArgumentParser) -> None:
    pass


def _status(command: argparse.ArgumentParser) -> None:
    command.add_argument("--watch", action="store_true", help="show it again every two seconds, until Ctrl-C")


def _send(command: argparse.ArgumentParser) -> None:
    for name in SAMPLE:
        command.add_argument(f"--{name}", type=_count, default=1, metavar="N", help=f"how many {name} (default: %(default)s)")
    command.add_argument("--seed", type=int, metavar="N", help="invent the same records again; sent twice they are changes of themselves")
    command.add_argument("--wait", action="store_true", help="wait until each has become a shard with its links and vectors, and compare")
    command.add_argument(
        "--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="give up when nothing moved for so long (default: %(default)s)"
    )
    command.set_defaults(is_wrong=lambda options: None if any(getattr(options, name) for name in SAMPLE) else "there is nothing to send")


def _peek(command: argparse.ArgumentParser) -> None:
    command.add_argument("queue", nargs="?", choices=[queue.name for queue in topology.QUEUES], help="one of: %(choices)s", metavar="QUEUE")
    command.add_argument("--all", action="store_true", help="look into every queue")
    command.add_argument("--dead", action="store_true", help="at the dead letters, with their reasons")
    command.add_argument("--tenant", metavar="ID", help="only this tenant's messages")
    command.add_argument("--body", metavar="MESSAGE", help="show one message whole: by its number, its id, or the beginning of its id")
    command.add_argument("--most", type=_positive, default=20, metavar="N", help="so many of a queue at most (default: %(default)s)")
    command.set_defaults(is_wrong=lambda options: None if options.all != (options.queue is not None) else "name one QUEUE, or say --all")


def _shard(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", nargs="?", metavar="ID", help="show this one whole: a shard's id, or its beginning")
    command.add_argument("--tenant", metavar="ID", help="another tenant's (default: the sample's)")


def _search(command: argparse.ArgumentParser) -> None:
    command.add_argument("words", nargs="+", metavar="WORD", help="the question")
    command.add_argument("--most", type=_positive, default=10, metavar="N", help="so many hits at most (default: %(default)s)")
    command.add_argument("--tenant", metavar="ID", help="in another tenant (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="as this person, who is no admin")


def _links(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help="the shard's id, or the beginning of it")
    command.add_argument("--tenant", metavar="ID", help="another tenant's (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="as this person, who is no admin")


def _suggestions(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "action", nargs="?", choices=("list", "approve", "reject"), default="list", help="what to do (default: %(default)s)"
    )
    command.add_argument("id", nargs="?", metavar="ID", help="which one to approve or reject: its id, or the beginning of it")
    statuses = ("pending", "approved", "rejected", "expired", "withdrawn")
    command.add_argument("--status", choices=statuses, default="pending", help="list those (default: %(default)s)")
    command.add_argument("--most", type=_positive, default=100, metavar="N", help="list so many at most (default: %(default)s)")
    command.add_argument("--reason", metavar="WORDS", help="why it is approved or rejected")
    command.add_argument("--tenant", metavar="ID", help="another tenant's (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="as this person, who is no admin")
    command.set_defaults(is_wrong=_wrong_of_suggestions)


def _wrong_of_suggestions(options: argparse.Namespace) -> str | None:
    if options.action == "list":
        return None if options.id is None else "list takes no ID"
    return f"name the ID to {options.action}" if options.id is None else None


def _trace(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help="its shard's id, or the beginning of it")
    command.add_argument("--tenant", metavar="ID", help="another tenant's (default: the sample's)")


def _token(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tenant", metavar="ID", help="another tenant's (default: the sample's)")
    command.add_argument("--email", metavar="ADDRESS", help="for this person")
    command.add_argument("--admin", action="store_true", help="for an admin of the tenant")
    command.add_argument("--seconds", type=_positive, default=3600, metavar="N", help="how long it is good (default: %(default)s)")


def _reset(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask")


_COMMANDS: Final[dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]]] = {
    "up": ("start everything, send sample records, show what became of them, and stay up", _up),
    "down": ("end the run that is up, or what is left of one; what it stored stays", _down),
    "status": ("show what runs where, whether it answers, and what it holds: exit code 0 if everything answers, else 1", _status),
    "send": ("let the sample organization send invented records", _send),
    "peek": ("look into a queue without taking anything out", _peek),
    "shard": ("list the shards, or show one", _shard),
    "search": ("ask a question in words, by default as somebody who may see all of the sample", _search),
    "links": ("show what a shard is linked to, how sure that is, and why", _links),
    "suggestions": ("list the links that wait for a person, or approve or reject one", _suggestions),
    "trace": ("show one record's way through the pipeline", _trace),
    "token": ("make a bearer token for the API of this run", _token),
    "reset": ("empty the queues, stores, blobs and logs of the run that is up, or delete the folder of one that is not", _reset),
}


def _whole(text: str, least: int, most: int | None = None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from {least}" + (f" to {most}" if most is not None else " on"))
    return number


def _app(text: str) -> Path:
    path = Path(text)
    if not (is_zipfile(path) if path.is_file() else (path / "host.json").is_file()):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a zip nor a folder of an app")
    return path.resolve()


def _count(text: str) -> int:
    return _whole(text, 0)


def _positive(text: str) -> int:
    return _whole(text, 1)


def _offset(text: str) -> int:
    return _whole(text, 0, HIGHEST_PORT - max(Addresses().named.values()))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds
