"""The dependency rules of docs/architecture.md, held; and each rule shown to turn red on a made-up tree that breaks it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from devtools.layout import calls, earned, imports, names
from devtools.layout.earned import Listing
from devtools.layout.tree import Fault, Tree, read_tree

ROOT = Path(__file__).parents[2]

NOT_YET_EARNED = {
    "shared.contracts": "the wire belongs to neither of its ends",
    "shared.linking": "enrichment, links and suggested links, processors that may not know each other, have to agree on it",
    "shared.shards.placeholder": "enrichment and normalization, two processors that may not know each other, make the same",
}
"""Modules and packages of shared that only one side uses, each with the reason it may stay."""

LISTINGS = (
    Listing("ingestion.sources", registries=("ingestion.sources.registry", "ingestion.sources.polled"), not_listed=frozenset({"source"})),
    Listing(
        "shared.shard_types", registries=("shared.shard_types.registry",), not_listed=frozenset({"shard_type", "text_template", "ensure"})
    ),
    Listing(
        "shared.conversions",
        registries=("shared.conversions.registry",),
        not_listed=frozenset({"conversion", "derivations", "fields", "identifiers", "kind", "lists"}),
    ),
)

RULES: dict[str, Callable[[Tree], Iterable[Fault]]] = {
    "packages": imports.packages,
    "azure functions": imports.azure_functions,
    "azure sdks": imports.azure_sdks,
    "opentelemetry": imports.opentelemetry,
    "pure core": imports.pure_core,
    "services": calls.services,
    "environment": calls.environment,
    "wall clock": calls.wall_clock,
    "randomness": calls.randomness,
    "discovery": calls.discovery,
    "module names": names.module_names,
    "top level names": names.top_level_names,
    "lengths": names.lengths,
    "waivers": names.waivers,
    "earned": partial(earned.earned, exceptions=NOT_YET_EARNED),
    "lists are complete": partial(earned.complete, listings=LISTINGS),
}


@pytest.fixture(scope="module")
def tree() -> Tree:
    return read_tree(ROOT)


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds(rule: str, tree: Tree) -> None:
    faults = [str(fault) for fault in RULES[rule](tree)]

    assert not faults, "\n".join(faults)


def test_every_reviewed_exception_is_still_needed(tree: Tree) -> None:
    assert earned.stale_exceptions(tree, NOT_YET_EARNED) == []


def made_up(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_tree(root)


WAIVED = "x = 1  # no" + "qa"

BREAKING: list[tuple[str, str, str]] = [
    ("packages", "shared/errors.py", "import ingestion.poller"),
    ("packages", "ingestion/poller.py", "from processors.search import api"),
    ("packages", "processors/search/api.py", "from ingestion.sources.slack import Slack"),
    ("packages", "processors/search/api.py", "def f():\n    import devtools.fakes"),
    ("packages", "shared/errors.py", "import tests.plugins"),
    ("packages", "shared/errors.py", "import function_app"),
    ("packages", "function_app.py", "from processors.search import api"),
    ("packages", "function_app.py", "import benchmarks.start"),
    ("packages", "ingestion/poller.py", "import ops.replay"),
    ("azure functions", "processors/search/api.py", "import azure.functions as func"),
    ("azure functions", "shared/messaging/delivery.py", "from azure import functions"),
    ("azure sdks", "processors/search/api.py", "from azure.cosmos.aio import CosmosClient"),
    ("azure sdks", "shared/hosting/services.py", "from azure.identity.aio import DefaultAzureCredential"),
    ("azure sdks", "shared/hosting/triggers.py", "def f():\n    import azure.cosmos"),
    ("azure sdks", "ingestion/poller.py", "import aiohttp"),
    ("opentelemetry", "processors/search/api.py", "from opentelemetry import trace"),
    ("opentelemetry", "shared/messaging/service_bus.py", "import opentelemetry.trace"),
    ("pure core", "shared/shards/model.py", "from shared.storage.cosmos import read"),
    ("pure core", "shared/conversions/conversion.py", "import socket"),
    ("pure core", "shared/contracts/message.py", "import numpy"),
    ("services", "processors/search/api.py", "from shared.hosting.services import services\n\nservices()"),
    ("services", "function_app.py", "from shared.hosting import services"),
    ("services", "function_app.py", "from shared.hosting.services import now"),
    ("services", "processors/search/api.py", "from shared.hosting.services import now"),
    ("environment", "shared/settings.py", "import os\n\nx = os.environ['X']"),
    ("environment", "shared/settings.py", "from os import getenv"),
    ("environment", "function_app.py", "import os as system\n\nsystem.getenv('X')"),
    ("wall clock", "processors/search/api.py", "from datetime import datetime, UTC\n\nx = datetime.now(UTC)"),
    ("wall clock", "processors/search/api.py", "import datetime as dt\n\nfactory = dt.datetime.utcnow"),
    ("wall clock", "processors/search/api.py", "from datetime import date\n\ndate.today()"),
    ("wall clock", "shared/hosting/triggers.py", "import time\n\ntime.time()"),
    ("wall clock", "processors/search/api.py", "from time import time_ns"),
    ("randomness", "shared/shards/ids.py", "from uuid import uuid4"),
    ("randomness", "shared/shards/ids.py", "import uuid\n\nuuid.uuid4()"),
    ("randomness", "ingestion/poller.py", "import random"),
    ("randomness", "ingestion/poller.py", "from secrets import token_hex"),
    ("randomness", "ingestion/poller.py", "import os\n\nos.urandom(8)"),
    ("discovery", "shared/shard_types/registry.py", "import pkgutil"),
    ("discovery", "shared/shard_types/registry.py", "def f():\n    from importlib import import_module"),
    ("discovery", "shared/shard_types/registry.py", "__import__('x')"),
    ("discovery", "shared/shard_types/registry.py", "class Type: ...\n\nTYPES = Type.__subclasses__()"),
    ("module names", "shared/messaging/utils.py", ""),
    ("module names", "processors/common/handler.py", ""),
    ("module names", "devtools/helpers.py", ""),
    ("top level names", "azure.py", ""),
    ("top level names", "logging.py", ""),
    ("top level names", "pydantic/__init__.py", ""),
    ("lengths", "shared/errors.py", "x = 1\n" * 351),
    ("lengths", "tests/unit/test_errors.py", "x = 1\n" * 351),
    ("lengths", "function_app.py", "x = 1\n" * 25),
    ("waivers", "shared/errors.py", WAIVED),
    ("waivers", "shared/errors.py", f"{WAIVED}: S311"),
    ("waivers", "shared/errors.py", f"{WAIVED}".replace("no" + "qa", "type: ignore[misc]")),
    ("earned", "shared/dates.py", ""),
    ("earned", "shared/http/client.py", ""),
    ("lists are complete", "shared/shard_types/c_account.py", ""),
    ("lists are complete", "shared/conversions/slack.py", ""),
    ("lists are complete", "ingestion/sources/notion/__init__.py", ""),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREAKING)
def test_breaking_the_rule_turns_it_red(rule: str, path: str, text: str, tmp_path: Path) -> None:
    broken = made_up(tmp_path, {path: text})

    [fault, *_] = RULES[rule](broken)

    assert path.startswith(fault.path)


FINE: list[tuple[str, str, str]] = [
    ("packages", "function_app.py", "import ingestion.functions"),
    ("packages", "devtools/host.py", "import function_app, processors.functions"),
    ("azure functions", "ingestion/functions.py", "import azure.functions as func"),
    ("azure functions", "shared/hosting/triggers.py", "import azure.functions as func"),
    ("azure sdks", "shared/storage/cosmos.py", "from azure.cosmos.aio import CosmosClient"),
    ("azure sdks", "shared/hosting/services.py", "def f():\n    from azure.identity.aio import DefaultAzureCredential"),
    ("pure core", "shared/shards/ids.py", "import hashlib\nfrom shared.errors import Conflict\nfrom pydantic import BaseModel"),
    ("services", "ingestion/functions.py", "from shared.hosting.services import services\n\nservices()"),
    ("services", "function_app.py", "from shared.hosting.services import consumer_type"),
    ("azure sdks", "shared/hosting/services.py", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import azure.identity"),
    ("environment", "shared/hosting/services.py", "import os\n\nos.environ"),
    ("wall clock", "shared/hosting/services.py", "from datetime import datetime, UTC\n\ndatetime.now(UTC)"),
    ("wall clock", "processors/search/api.py", "import time\n\ntime.monotonic()"),
    ("randomness", "shared/shards/ids.py", "def shuffled(random):\n    return random.choice([1])"),
    ("waivers", "shared/errors.py", f"{WAIVED}: S311 - not for secrets"),
    ("waivers", "shared/errors.py", f"{WAIVED}".replace("no" + "qa", "type: ignore[misc]  # the library lies")),
]


@pytest.mark.parametrize(("rule", "path", "text"), FINE)
def test_what_the_rule_allows_stays_green(rule: str, path: str, text: str, tmp_path: Path) -> None:
    assert list(RULES[rule](made_up(tmp_path, {path: text}))) == []


def test_shared_is_earned_by_two_users_also_through_the_face_of_a_noun(tmp_path: Path) -> None:
    tree = made_up(
        tmp_path,
        {
            "shared/gaps/gap.py": "",
            "shared/gaps/reasons.py": "",
            "shared/gaps/store.py": "import shared.gaps.gap",
            "ingestion/poller.py": "import shared.gaps.store",
            "processors/handler.py": "def f():\n    from shared.gaps.store import put",
        },
    )

    assert [fault.path for fault in RULES["earned"](tree)] == ["shared/gaps/reasons.py"]


def test_shared_is_earned_by_the_composition_root(tmp_path: Path) -> None:
    tree = made_up(tmp_path, {"shared/storage/blob.py": "", "shared/hosting/services.py": "def f():\n    import shared.storage.blob"})

    assert list(RULES["earned"](tree)) == []


def test_one_side_alone_does_not_earn_a_place_in_shared(tmp_path: Path) -> None:
    tree = made_up(
        tmp_path, {"shared/dates.py": "", "ingestion/poller.py": "import shared.dates", "ingestion/receiver.py": "import shared.dates"}
    )

    [fault] = RULES["earned"](tree)
    assert fault.text.startswith("used by ingestion: ")


def test_an_exception_that_is_not_needed_any_more_is_named(tmp_path: Path) -> None:
    tree = made_up(
        tmp_path, {"shared/dates.py": "", "ingestion/poller.py": "import shared.dates", "processors/handler.py": "import shared.dates"}
    )

    assert earned.stale_exceptions(tree, {"shared.dates": "for later"}) == ["shared.dates"]


LAYERS: list[tuple[str, str, str]] = [
    ("ingestion and processors never know each other", "ingestion/poller.py", "import processors.normalization.handler"),
    ("ingestion and processors never know each other", "shared/errors.py", "import ingestion.poller"),
    ("nothing shipped imports what is not shipped", "shared/errors.py", "import devtools.fakes"),
    ("nothing shipped imports what is not shipped", "shared/errors.py", "import ops"),
    ("sources do not know each other", "ingestion/sources/slack.py", "def f():\n    import ingestion.sources.salesforce"),
    ("conversion tables do not know each other", "shared/conversions/slack.py", "import shared.conversions.salesforce"),
    ("shard types do not know each other", "shared/shard_types/c_task.py", "import shared.shard_types.c_account"),
    ("processors do not know each other", "processors/search/api.py", "import processors.normalization.handler"),
]

SKELETON = {
    **{f"{package}/__init__.py": "" for package in ("ingestion", "processors", "shared", "devtools", "benchmarks", "devtools/fakes")},
    **{f"{package}/__init__.py": "" for package in ("ingestion/sources", "shared/conversions", "shared/shard_types")},
    **{f"{package}/__init__.py": "" for package in ("processors/normalization", "processors/search")},
    "ingestion/poller.py": "import shared.errors",
    "ingestion/sources/source.py": "",
    "ingestion/sources/salesforce.py": "import ingestion.sources.source",
    "ingestion/sources/slack.py": "import ingestion.sources.source",
    "processors/normalization/handler.py": "import shared.conversions.registry",
    "processors/search/api.py": "",
    "processors/functions.py": "import processors.normalization.handler\nimport processors.search.api",
    "shared/errors.py": "",
    "shared/conversions/conversion.py": "",
    "shared/conversions/salesforce.py": "import shared.conversions.conversion",
    "shared/conversions/slack.py": "import shared.conversions.conversion",
    "shared/conversions/registry.py": "import shared.conversions.slack, shared.conversions.salesforce",
    "shared/shard_types/c_account.py": "",
    "shared/shard_types/c_task.py": "",
}


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "pyproject.toml", root)
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)


def test_the_layers_allow_what_the_architecture_draws(tmp_path: Path) -> None:
    made_up(tmp_path, SKELETON)

    linted = lint_imports(tmp_path)

    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(("contract", "path", "text"), LAYERS)
def test_breaking_a_layer_turns_its_contract_red(contract: str, path: str, text: str, tmp_path: Path) -> None:
    made_up(tmp_path, {**SKELETON, path: text})

    linted = lint_imports(tmp_path)

    assert linted.returncode == 1
    assert contract in linted.stdout.partition("Broken contracts")[2]
