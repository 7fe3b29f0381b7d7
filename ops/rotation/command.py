"""``connections rotate``: which secret it is, and who replaces it. Where nothing is said and somebody is at a terminal, they are asked."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.answers import Answers
from ops.asking import asked
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.rotation import logins, slack_settings, webhook_keys
from ops.rotation.done import Done
from ops.rotation.options import FILES, named
from ops.runs import connection_called
from shared.connections.connection import Connection

YES: Final = ("", "y", "yes")
OF_LOGINS: Final[Mapping[str, tuple[str, ...]]] = {
    "jwt-bearer": ("private_key_file",),
    "client-credentials": ("client_secret_file",),
    "service-account": ("key_file",),
    "refresh-token": ("client_secret_file", "refresh_token_file"),
    "bot-token": ("token_file",),
}
"""Kind of credential → what its secret comes in. Every kind there is (tests/contract/test_secrets.py)."""
BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "salesforce": ("webhook_key",),
    "gdrive": (),
    "slack": ("signing_secret_file", "app_token_file"),
}
"""Source → what it has besides."""


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Replace one secret, or take an old one away."""
    ask = asked if sys.stdin.isatty() and not options.json else None
    connection = await connection_called(options.id, ports.connections)
    _choose(options, connection, Answers(ask))
    confirm = _confirming(options, ask)
    done = await _done(options, connection, ports, confirm)
    if options.json:
        show_json({"connection": connection.id, "stored": done.is_stored, **done.shown, "next": list(done.steps)})
    else:
        _print(done)
    return 0 if done.is_well else 1


async def _done(options: argparse.Namespace, connection: Connection, ports: Ports, confirm: Callable[[str], None]) -> Done:
    said = named(options)
    if options.finish and (connection.source == "slack" or said):
        return await slack_settings.finish(options, connection, ports, confirm)
    if options.finish:
        return await webhook_keys.finish(options, connection, ports, confirm)
    if "webhook_key" in said:
        return await webhook_keys.add(options, connection, ports, confirm)
    if said & slack_settings.KINDS.keys():
        return await slack_settings.add(options, connection, ports, confirm)
    return await logins.replace(options, connection, ports, confirm)


def _choose(options: argparse.Namespace, connection: Connection, answers: Answers) -> None:
    """See that the options fit the connection; ask where they say nothing.

    Raises:
        Misused: they do not fit, or nobody can be asked.
    """
    of_login = () if connection.credential is None else OF_LOGINS[connection.credential.kind]
    possible = (*of_login, *BESIDE.get(connection.source, ()))
    if wrong := sorted(named(options) - set(possible)):
        fits = ", ".join(_option(name) for name in possible) or "nothing to rotate"
        raise Misused(f"{_option(wrong[0])} does not go with {connection.id}, which has {fits}")
    if named(options) or options.finish:
        return
    if not answers.can_ask:
        raise Misused(f"say which secret: {', '.join(_option(name) for name in possible) or 'there is none'}")

    def known(text: str) -> str:
        name = text.strip().lstrip("-").replace("-", "_")
        if name not in possible:
            raise ValueError(f"one of {', '.join(_option(one) for one in possible)}")
        return name

    chosen = answers.take("the secret", None, f"which secret: {', '.join(_option(name) for name in possible)}", known)
    if chosen in FILES:
        setattr(options, chosen, Path(answers.take(_option(chosen), None, f"the file ({FILES[chosen]})", _file)))
    else:
        setattr(options, chosen, answers.take(_option(chosen), None, "the key, or `generate`", str))


def _confirming(options: argparse.Namespace, ask: Callable[[str], str] | None) -> Callable[[str], None]:
    """Asks before anything is stored, where somebody is at a terminal and has not said yes."""

    def confirm(question: str) -> None:
        if ask is not None and not options.yes and ask(f"{question} (yes)").strip().lower() not in YES:
            raise Refused("nothing was changed")

    return confirm


def _print(done: Done) -> None:
    print(done.says, end="\n\n")
    rows: list[tuple[Any, ...]] = [(name, _in_words(value)) for name, value in done.shown.items() if name != "webhookAddress"]
    if rows:
        print(table(("", ""), rows), end="\n\n")
    if address := done.shown.get("webhookAddress"):
        print(f"the webhook's new address, shown this once:\n  {address}\n")
    print("\n".join(f"{number}. {step}" for number, step in enumerate(done.steps, start=1)))


def _in_words(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _file(text: str) -> str:
    if not Path(text.strip()).is_file():
        raise ValueError("there is no such file")
    return text.strip()
