"""The command line says what it can do, and what is wrong with it in one line."""

import argparse

import pytest

from devtools.__main__ import COMMANDS
from devtools.local.options import parsed

NAMES = ["up", "down", "status", "send", "peek", "shard", "search", "links", "suggestions", "trace", "token", "reset"]

WRONG = {
    "up --once --detach": "up: argument --detach/-d: not allowed with argument --once",
    "up --faults": "up: argument --faults: expected one argument",
    "down now": "python -m devtools: unrecognized arguments: now",
    "status --port-offset 60000": "status: argument --port-offset: '60000' is no number from 0 to 55535",
    "send --accounts -1": "send: argument --accounts: '-1' is no number from 0 on",
    "send --accounts 0 --contacts 0 --opportunities 0": "send: there is nothing to send",
    "send --timeout never": "send: argument --timeout: 'never' is no number of seconds above 0",
    "peek": "peek: name one QUEUE, or say --all",
    "peek --all shard-emission": "peek: name one QUEUE, or say --all",
    "peek no-such-queue": "peek: argument QUEUE: invalid choice: 'no-such-queue' (choose from 'sync-inbound', ",
    "peek shard-emission --most 0": "peek: argument --most: '0' is no number from 1 on",
    "shard a b": "python -m devtools: unrecognized arguments: b",
    "search": "search: the following arguments are required: WORD",
    "links": "links: the following arguments are required: ID",
    "suggestions approve": "suggestions: name the ID to approve",
    "suggestions list abc": "suggestions: list takes no ID",
    "suggestions forget abc": "suggestions: argument action: invalid choice: 'forget' (choose from 'list', 'approve', 'reject')",
    "suggestions --status open": "suggestions: argument --status: invalid choice: 'open'",
    "trace": "trace: the following arguments are required: ID",
    "token --seconds 0": "token: argument --seconds: '0' is no number from 1 on",
    "reset --no": "python -m devtools: unrecognized arguments: --no",
    "sned": f"python -m devtools: argument {' | '.join(NAMES)}: invalid choice: 'sned'",
    "": f"python -m devtools: the following arguments are required: {' | '.join(NAMES)}",
}


def test_there_are_these_commands() -> None:
    assert list(COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_command_and_each_of_its_options_say_what_they_are_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(COMMANDS, [name, "--help"])

    said = capsys.readouterr()
    assert (ended.value.code, said.err) == (0, "")
    assert said.out.startswith(f"usage: python -m devtools {name} [-h]")
    assert ("--json" in said.out, "--port-offset N" in said.out) == (True, True)
    assert [option.dest for option in options_of(name) if not option.help] == []


def test_the_help_of_all_names_each_command_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(COMMANDS, ["--help"])

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ended.value.code == 0
    assert [name for name in NAMES if not any(line[:1] == [name] and len(line) > 3 for line in lines)] == []


@pytest.mark.parametrize(("line", "said"), WRONG.items())
def test_what_is_wrong_is_one_line_and_exit_code_2(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(COMMANDS, line.split())

    printed = capsys.readouterr()
    assert (ended.value.code, printed.out, len(printed.err.splitlines())) == (2, "", 1)
    assert said.replace("--detach/-d", "-d/--detach") in printed.err
    assert printed.err.endswith(" --help)\n")


def options_of(name: str) -> list[argparse.Action]:
    """What a command takes."""
    required = {"peek": ["--all"], "search": ["word"], "links": ["id"], "trace": ["id"]}
    parser: argparse.ArgumentParser = parsed(COMMANDS, [name, *required.get(name, [])]).parser
    return list(parser._actions)
