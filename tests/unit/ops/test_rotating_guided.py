"""``connections rotate`` at a terminal asks which secret, for its file, and before it stores it; elsewhere it names what is missing."""

from argparse import Namespace
from pathlib import Path

import pytest

from devtools.fakes.samples import sample_connection
from ops.answers import Answers
from ops.options import parsed
from ops.refusals import Misused, Refused
from ops.rotation.command import _choose, _confirming
from shared.connections.connection import Connection
from tests.unit.ops.deployment import CREDENTIAL


def options(*words: str) -> Namespace:
    return parsed(["connections", "rotate", "salesforce:x", *words])


def connection() -> Connection:
    return sample_connection("acme", "00D000000000001EAA").model_copy(update={"credential": CREDENTIAL})


def answering(*said: str) -> Answers:
    left = iter(said)
    return Answers(lambda _question: next(left))


def test_it_asks_which_secret_and_for_its_file(tmp_path: Path) -> None:
    chosen, file = options(), tmp_path / "key.pem"
    file.write_text("x")

    _choose(chosen, connection(), answering("the other one", "private-key-file", str(tmp_path / "none"), str(file)))

    assert chosen.private_key_file == file


def test_it_asks_for_a_key() -> None:
    chosen = options()

    _choose(chosen, connection(), answering("--webhook-key", "generate"))

    assert chosen.webhook_key == "generate"


def test_what_is_said_is_not_asked_for() -> None:
    _choose(options("--webhook-key", "generate"), connection(), answering())
    _choose(options("--finish"), connection(), answering())


def test_without_a_terminal_it_names_what_there_is() -> None:
    with pytest.raises(Misused, match="say which secret: --private-key-file, --webhook-key"):
        _choose(options(), connection(), Answers(None))


def test_somebody_who_says_no_changes_nothing() -> None:
    asked: list[str] = []

    def no(question: str) -> str:
        asked.append(question)
        return "no"

    with pytest.raises(Refused, match="nothing was changed"):
        _confirming(options(), no)("store it?")
    assert asked == ["store it? (yes)"]


def test_a_yes_on_the_command_line_is_not_asked_again() -> None:
    _confirming(options("--finish", "--yes"), lambda _question: pytest.fail("it was asked"))("take it away?")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--webhook-key", "generate", "--token-file", "x"], "one secret at a time"),
        (["--finish", "--token-file", "x"], "--finish stands alone"),
        (["--key-file", "x", "--client-id", "y"], "--client-id goes with"),
    ],
)
def test_two_secrets_at_once_are_misuse(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        options(*words)

    assert (ended.value.code, said in capsys.readouterr().err) == (2, True)


def test_client_secret_and_refresh_token_are_one_secret() -> None:
    options("--client-secret-file", "a", "--refresh-token-file", "b")
