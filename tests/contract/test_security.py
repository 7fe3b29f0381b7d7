"""``docs/security.md`` is true: every threat has a control and a test that exists, and what has no better place is tested here."""

import ast
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from devtools import azurite
from devtools.emulators.cosmos.key import EMULATORS_KEY, KEY
from ops.answers import check_url

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (T\d+) \| (.+?) \| (.+?) \| (.+?) \|$", flags=re.MULTILINE)
TEST = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_\w+)`")
THREATS = {number: (threat, control, TEST.findall(tests)) for number, threat, control, tests in ROW.findall(PAGE)}

SPOKEN_OF = {
    "T1": "forged",
    "T2": "recorded and sent again",
    "T3": "how long a refusal takes",
    "T4": "Header tricks",
    "T5": "One vendor account speaks for another",
    "T6": "`alg: none`",
    "T7": "another issuer",
    "T8": "`kid`",
    "T9": "An address in a token",
    "T10": "credential is exchanged",
    "T11": "query of the store",
    "T12": "query of a vendor",
    "T13": "cursor",
    "T14": "Content asks for something",
    "T15": "Mark-up",
    "T16": "message on a queue",
    "T17": "package we use",
    "T18": "workflow",
    "T19": "denies it",
    "T20": "nobody knows",
    "T46": "others' traces",
    "T21": "One tenant",
    "T22": "Ids are guessed",
    "T23": "A member of a tenant",
    "T24": "Who may read is changed",
    "T25": "without a token",
    "T26": "in logs, errors or traces",
    "T27": "A secret is in a document",
    "T28": "SSRF",
    "T29": "redirect",
    "T30": "The zip or the repository",
    "T31": "backup",
    "T32": "A tenant leaves",
    "T33": "XML bombs",
    "T34": "JSON bombs",
    "T35": "decompression bombs",
    "T36": "ReDoS",
    "T37": "Key after key",
    "T38": "never ends",
    "T39": "bad deployment",
    "T40": "is away",
    "T41": "makes itself an admin",
    "T42": "A list of readers",
    "T43": "The app's identity",
    "T44": "vendor account is taken over",
    "T45": "operator's mistake",
}
"""Every threat that has to be there, and words it is known by: none is taken out unseen."""

REMAINS = {
    "The Salesforce key stands in the path",
    "Services are reached over public addresses",
    "Content is shown as it is",
    "Backups keep what was erased",
}

ELSEWHERE = {
    ".git",
    ".venv",
    "node_modules",
    ".shardline",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "__pycache__",
    "dist",
}
LIVE = {
    "a private key": r"-----BEGIN (?:RSA |EC |ENCRYPTED )?PRIVATE KEY-----[\\\sn\"'#]*[A-Za-z0-9+/=\s\\\"'#]{200,}",
    "a token of GitHub": r"\b(?:ghp|gho|ghs|github_pat)_[A-Za-z0-9_]{30,}",
    "a token of Slack": r"\bxox[abpr]-\d{9,}-\d{9,}-[A-Za-z0-9]{20,}",
    "a key of Google": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a key of Azure": r"(?:AccountKey|SharedAccessKey)=(?!SAS_KEY_VALUE)[A-Za-z0-9+/]{40,}={0,2}",
    "a secret of an app in Entra": r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,}",
}
"""What a credential looks like that opens something."""
MARKS = re.compile(r"PRIVATE KEY|gh[pos]_|github_pat_|xox[abpr]-|AIza|Key=|8Q~")
"""What one of them begins with, or holds: files without are not looked at any closer."""
NOT_LIVE = (EMULATORS_KEY, KEY, azurite.KEY)
"""Keys that Microsoft publishes for its emulators, and that of our own stand-in."""


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_threat_that_has_to_be_there_is() -> None:
    assert list(THREATS) == list(SPOKEN_OF)
    assert [number for number, words in SPOKEN_OF.items() if words not in THREATS[number][0]] == []


@pytest.mark.parametrize("number", SPOKEN_OF)
def test_a_threat_has_a_control_and_tests_that_exist(number: str) -> None:
    _, control, tests = THREATS[number]

    assert len(control) > 40
    assert tests
    for path, name in tests:
        assert (ROOT / path).is_file(), f"no {path}"
        assert name in names_in(path), f"{path} has no {name}"


def test_nothing_in_the_last_column_is_anything_but_a_test() -> None:
    for number, _, _, tests in ROW.findall(PAGE):
        assert TEST.sub("", tests).replace("<br>", "") == "", number


def test_every_file_the_page_names_exists() -> None:
    named = re.findall(r"`((?:tests|infra|shared|ingestion|processors|devtools|ops|scripts)/[\w./-]+)`", PAGE)

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_what_remains_is_said() -> None:
    remains = PAGE.partition("## What remains")[2]

    assert [risk for risk in REMAINS if risk not in remains] == []


def test_what_is_secret_is_compared_in_constant_time() -> None:
    """Nothing named as a proof is compared with ``==`` in what receives calls."""
    proofs = re.compile(r"(signature|secret|shown|digest|mac|key)\b", flags=re.IGNORECASE)
    for path in (
        "ingestion/receiver.py",
        *(f"ingestion/sources/{name}.py" for name in ("slack/signature", "slack/webhook", "salesforce/webhook")),
    ):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        compared = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq)]
        assert [ast.unparse(node) for node in compared if proofs.search(ast.unparse(node.left))] == []
    assert "hmac.compare_digest(shown, " in (ROOT / "ingestion/sources/slack/signature.py").read_text(encoding="utf-8")
    assert "hmac.compare_digest(" in (ROOT / "ingestion/sources/salesforce/webhook.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "address",
    [
        "http://login.salesforce.com",
        "http://169.254.169.254",
        "ftp://acme.example",
        "file:///etc/passwd",
        "https://user:word@acme.example",
        "https://acme.example/path",
        "https://acme.example?x=1",
        "https://",
        "acme.example",
    ],
)
def test_an_operator_cannot_connect_an_address_that_is_not_https(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        check_url(address)


def test_the_host_writes_no_line_for_each_call_with_its_address() -> None:
    levels = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))["logging"]["logLevel"]

    assert levels["Microsoft.Azure.WebJobs.Script.WebHost.Middleware.SystemTraceMiddleware"] == "Warning"


def test_no_archive_is_opened() -> None:
    """What could unpack to any size, but our own snapshots, which nobody else can write."""
    unpacks = re.compile(
        r"^\s*(?:import|from) (?:zipfile|tarfile|gzip|bz2|lzma)\b|\b(?:decompress\w*|unpack_archive)\(", flags=re.MULTILINE
    )
    paths = [path for package in ("ingestion", "processors", "shared") for path in (ROOT / package).rglob("*.py")]

    found = {path.relative_to(ROOT).as_posix() for path in paths if unpacks.search(path.read_text(encoding="utf-8"))}

    assert found == {"shared/storage/anchor_snapshots.py"}


def files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in ELSEWHERE]
        yield from (Path(folder, name) for name in names if not name.endswith((".pyc", ".png", ".zip")))


def test_no_file_of_the_repository_holds_a_private_key_or_a_live_credential() -> None:
    found = []
    for path in files():
        text = path.read_text(encoding="utf-8", errors="replace")
        if not MARKS.search(text):
            continue
        for known in NOT_LIVE:
            text = text.replace(known, "")
        found += [f"{path.relative_to(ROOT)}: {what}" for what, form in LIVE.items() if re.search(form, text)]

    assert found == []
