"""What may be said in the log, and so to whoever reads it: words of ours, and ids. Every log call of what ships is looked at."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("ingestion", "processors", "shared")
LOGGERS = {"log", "_log"}
LEVELS = {"debug", "info", "warning", "error", "critical", "log", "exception"}

KEYS = {
    # ids
    *("message_id", "tenant", "correlation", "connection", "shard", "queue", "function", "shard_type", "space", "place"),
    # closed words
    *("type", "source", "outcome", "reason", "part", "error", "logger"),
    # numbers
    *("attempt", "revision", "held", "known_keys", "shard_types", "schema_version", "events"),
    # of our own errors, whose texts name fields and operations and never values (docs/errors.md)
    *("detail", "reasons"),
    # of foreign errors: a file and a line
    "at",
}
"""Under which names something may be said beside the words. A new one is looked at: it may hold nothing of a record, and nobody's name."""

ARGUMENTS = {
    "method",  # a method of Slack's API
    "self._id",  # of a connection
    "connection.id",
    "error",  # one of ours
}
"""What may stand within the words."""

SPREAD = {"_ids(delivery)", "details", "detail", "said", "_details(outcome)"}
"""Dictionaries that are made near the call: their keys are looked at where they are written."""


def log_calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in LOGGERS:
                yield node


FILES = [path for top in SHIPPED for path in sorted((ROOT / top).rglob("*.py"))]
WITH_A_LOG = [path for path in FILES if "logging.getLogger" in path.read_text()]
CALLS = [(path.relative_to(ROOT).as_posix(), call) for path in WITH_A_LOG for call in log_calls(path)]


def test_there_are_calls_to_look_at() -> None:
    assert len(CALLS) > 15


@pytest.mark.parametrize(("path", "call"), CALLS, ids=[f"{path}:{call.lineno}" for path, call in CALLS])
def test_a_line_is_words_of_ours_with_ids(path: str, call: ast.Call) -> None:
    assert isinstance(call.func, ast.Attribute)
    assert call.func.attr != "exception", "the trace of a foreign error may hold anything"
    words, *arguments = call.args[1:] if call.func.attr == "log" else call.args
    assert isinstance(words, ast.Constant), "the words are written, not made"
    assert [ast.unparse(one) for one in arguments if ast.unparse(one) not in ARGUMENTS] == []
    assert {keyword.arg for keyword in call.keywords} <= {"extra"}
    for keyword in call.keywords:
        assert unknown_in(keyword.value) == [], path


def unknown_in(extra: ast.expr) -> list[str]:
    """Keys and dictionaries that nobody has looked at."""
    if not isinstance(extra, ast.Dict):
        return [] if ast.unparse(extra) in SPREAD else [ast.unparse(extra)]
    found = []
    for key, value in zip(extra.keys, extra.values, strict=True):
        if key is None:
            found += [] if ast.unparse(value) in SPREAD else [ast.unparse(value)]
        elif not (isinstance(key, ast.Constant) and key.value in KEYS):
            found.append(ast.unparse(key))
    return found


@pytest.mark.parametrize("path", sorted({path for path, _ in CALLS}))
def test_what_is_spread_into_a_line_has_known_keys_too(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    names = {name for name in SPREAD if name.isidentifier()}
    for node in ast.walk(tree):
        targets = [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign) and any(
            isinstance(one, ast.Name) and one.id in names for one in targets
        ):
            for made in (one for one in ast.walk(node) if isinstance(one, ast.Dict)):
                assert unknown_in(made) == [], f"{path}:{node.lineno}"


def test_nobody_prints() -> None:
    printing = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert printing == []
