"""Run by the Azure CLI's own interpreter: what its real parser says of argument lists, and how it describes a command. Runs no command.

``python real_parser.py check`` reads argument lists from stdin, one JSON list a line, and answers each with a line: ``null``, or what is
wrong. ``python real_parser.py describe`` reads command names and answers with their options. It imports nothing of ours, since nothing of
ours is installed there, and the inside of azure-cli 2.91.0, which ``requirements-azure-cli.txt`` pins.

What it leaves out are the validators a command runs after parsing: they may ask Azure.
"""

# mypy: disable-error-code="import-untyped, import-not-found, no-untyped-call"

import argparse
import json
import sys
from typing import Any, NoReturn

from azure.cli.core import azclierror, get_default_cli
from azure.cli.core.commands.events import EVENT_INVOKER_POST_LOAD_ARGUMENTS, EVENT_INVOKER_PRE_LOAD_ARGUMENTS
from azure.cli.core.parser import AzCliCommandParser
from knack.events import EVENT_INVOKER_POST_CMD_TBL_CREATE, EVENT_INVOKER_POST_PARSE_ARGS
from knack.util import CLIError


class _Refused(Exception):
    """The parser does not take it."""


def _refuse(_self: object, message: str) -> NoReturn:
    raise _Refused(message)


def _refuse_as_it_says(self: Any) -> NoReturn:
    raise _Refused(self.error_msg)


AzCliCommandParser.error = _refuse
azclierror.AzCLIError.print_error = _refuse_as_it_says


def _parser_for(cli: Any, arguments: list[str]) -> tuple[Any, Any, set[str]]:
    """The parser of all, that of the command these arguments name, and what the command needs by itself.

    It is what ``AzCliCommandInvoker.execute`` does before it parses.
    """
    invocation = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    cli.invocation = invocation
    loader = invocation.commands_loader
    loader.load_command_table(arguments)
    command = invocation._rudimentary_get_command(arguments)  # noqa: SLF001 - the invoker's own way to find it
    if command not in loader.command_table:
        raise _Refused(f"there is no command {command or ' '.join(arguments[:3])!r}")
    loader.command_table = {command: loader.command_table[command]}
    loader.command_name = command
    invocation.data["command_string"] = command
    cli.raise_event(EVENT_INVOKER_PRE_LOAD_ARGUMENTS, commands_loader=loader)  # adds --subscription
    loader.load_arguments(command)
    cli.raise_event(EVENT_INVOKER_POST_LOAD_ARGUMENTS, commands_loader=loader)
    needed = {name for name, argument in loader.command_table[command].arguments.items() if argument.options.get("required")}
    cli.raise_event(EVENT_INVOKER_POST_CMD_TBL_CREATE, commands_loader=loader)  # adds --ids, in place of names
    invocation.parser.cli_ctx = cli
    invocation.parser.load_command_table(loader)
    return invocation.parser, invocation.parser.subparser_map[command], needed


def fault_of(cli: Any, arguments: list[str]) -> str | None:
    """What is wrong with these arguments, as the parser says it. An abbreviated option is wrong too: the next release may know two."""
    try:
        parser, command, _ = _parser_for(cli, arguments)
        parsed = parser.parse_args(arguments)
        cli.raise_event(EVENT_INVOKER_POST_PARSE_ARGS, command=parsed.command, args=parsed)  # whether there are names or --ids
    except (_Refused, CLIError) as refused:
        return str(refused)
    known = {name for action in _actions(command) for name in action.option_strings}
    short = [word for word in arguments if word.startswith("--") and word.partition("=")[0] not in known]
    return f"abbreviated: {', '.join(short)}" if short else None


def options_of(cli: Any, name: str) -> dict[str, dict[str, Any]]:
    """The options of a command, by their names; a word without a name of its own by what it is for."""
    _, command, needed = _parser_for(cli, name.split())
    found = {}
    for action in _actions(command):
        if action.dest in {"help", "cmd"} or any(str(one).startswith("--_") for one in action.option_strings):
            continue  # what the Azure CLI adds for itself
        told: dict[str, Any] = {}
        if action.required or action.dest in needed:
            told["required"] = True
        if action.nargs is not None:
            told["nargs"] = action.nargs
        if action.choices is not None:
            told["choices"] = sorted(str(choice) for choice in action.choices)
        found[" ".join(str(one) for one in action.option_strings) or action.dest] = told
    return dict(sorted(found.items()))


def _actions(parser: Any) -> list[argparse.Action]:
    return list(parser._actions)  # noqa: SLF001 - argparse tells them in no other way


def main(verb: str) -> None:
    """Answer each line of stdin with a line."""
    cli = get_default_cli()
    for line in sys.stdin:
        said = json.loads(line)
        answer = fault_of(cli, said) if verb == "check" else options_of(cli, said)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
