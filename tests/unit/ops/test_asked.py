"""A question at a terminal: Ctrl-C ends it at once, and does not wait for a line that would be taken for a yes."""

import asyncio
import signal

import pytest

from ops.asking import asked
from ops.refusals import Misused


def test_ctrl_c_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_prompt: str) -> str:
        signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr("builtins.input", interrupted)
    answers: list[str] = []

    async def ask() -> None:
        answers.append(asked("do it? (yes)"))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(ask())
    assert answers == []


def test_no_answer_is_misuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(Misused, match="no answer"):
        asked("x")
    assert signal.getsignal(signal.SIGINT) is before
