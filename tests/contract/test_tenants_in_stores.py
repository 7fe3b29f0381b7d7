"""Whose something is, and what may stand in a query: read from the source, so that a store call nobody has tried yet is held to it, too."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from shared.access.directory import Directory
from shared.chunks.store import ChunkStore
from shared.connections.connection import Connections
from shared.contracts.claim import ClaimStore
from shared.gaps.gap import Gaps
from shared.linking.anchor import AnchorRows, AnchorSnapshots
from shared.linking.policy import LinkingPolicies
from shared.linking.suggestion import SuggestedLinks
from shared.shards.record_index import RecordIndex
from shared.shards.store import ShardStore

ROOT = Path(__file__).parents[2]
PORTS = (
    *(ShardStore, RecordIndex, ChunkStore, Directory, SuggestedLinks, LinkingPolicies),
    *(AnchorRows, AnchorSnapshots, Connections, Gaps, ClaimStore),
)
OF_NOBODY = {
    "Connections.find": "it is how a verified caller becomes a tenant",
    "Connections.due": "the timer asks for all; each connection found says whose it is",
    "Gaps.open_of_source": "the same timer; each gap found says whose it is",
    "Connections.of_source": "measuring counts all; each connection found says whose it is",
    "Connections.handles": "an operator renews a key of a connection that was found; handles are hashes",
    "Connections.used": "writes when a handle was last come by, and reads nothing",
    "Connections.drop_handle": "an operator takes away a handle that was found as above",
}
"""Calls of a store that name no tenant, and why each may."""

QUERIES_OF_NOBODY = {
    "shared/storage/connection_store.py": 3,
    "shared/storage/gap_store.py": 1,
    "ops/everyone.py": 1,
    "ops/tenants/items.py": 2,  # stray handles: an alias says no tenant, and its connection is gone
}
"""Queries over all tenants: those of the calls above, and the operator's list. Never in a file that answers the API."""

FROM_OUTSIDE_A_CONSTANT = {
    ("shared/storage/anchor_rows.py", "field"): "of ANCHOR_FIELDS",
    ("shared/storage/record_index.py", "kind.range_field"): "of a conversion table",
    ("shared/storage/record_index.py", "field"): "of a conversion table",
    ("shared/storage/record_index.py", "named"): "of the line above",
    ("shared/storage/shard_store.py", "vectors.revision"): "a whole number of ours: a patch's condition takes no parameters",
    ("ops/tenants/items.py", "columns"): "of the module's own table",
    ("ops/tenants/items.py", "place.where"): "of the module's own table",
    ("ops/migrations/documents.py", "columns"): "of a migration, a constant",
    ("ops/migrations/documents.py", "wanted.where"): "the same",
    ("ops/migrations/documents.py", "whose"): "of the line above, a constant",
}
"""What else is written into the text of a query, and where it comes from. All else is a constant, or a parameter."""

SQL = re.compile(r"\bSELECT\b|\bFROM c\b|\bWHERE\b|\bORDER BY\b|\bAND c\.|\bc\.structuredData\b")
QUERY = re.compile(r"\bFROM c\b")


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    for port in PORTS:
        for name, method in vars(port).items():
            if inspect.isfunction(method) and not name.startswith("_"):
                yield f"{port.__name__}.{name}", {kind: hint for kind, hint in get_type_hints(method).items() if kind != "return"}


def texts() -> Iterator[tuple[str, ast.JoinedStr | ast.Constant]]:
    for folder in ("shared", "ops", "processors", "ingestion"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "salesforce" in path.parts:  # SOQL, in a module of its own with a rule of its own
                continue
            tree = ast.parse(path.read_text())
            inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in ast.walk(tree):
                if isinstance(node, ast.JoinedStr) or (
                    isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
                ):
                    yield path.relative_to(ROOT).as_posix(), node


def literal(node: ast.JoinedStr | ast.Constant) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)


@pytest.mark.parametrize(("call", "hints"), list(calls()), ids=[call for call, _ in calls()])
def test_every_call_of_a_store_says_whose_it_is(call: str, hints: dict[str, Any]) -> None:
    carriers = [hint for hint in hints.values() if "tenant_id" in getattr(hint, "model_fields", getattr(hint, "__annotations__", {}))]

    says = "tenant_id" in hints or bool(carriers)

    assert says or call in OF_NOBODY, f"{call} could be asked for anybody's"


def test_what_names_no_tenant_is_listed_with_its_reason_and_nothing_else_is() -> None:
    assert set(OF_NOBODY) <= {call for call, hints in calls() if "tenant_id" not in hints}


def test_a_query_without_the_tenant_in_its_text_is_the_timers_or_the_operators() -> None:
    found: dict[str, int] = {}
    for path, node in texts():
        text = literal(node)
        if QUERY.search(text) and "SELECT" in text and "tenantId" not in text and "{}" not in text:
            found[path] = found.get(path, 0) + 1

    assert found == QUERIES_OF_NOBODY


def test_nothing_is_written_into_the_text_of_a_query_but_constants_of_ours() -> None:
    found = set()
    for path, node in texts():
        if isinstance(node, ast.JoinedStr) and SQL.search(literal(node)):
            found |= {(path, ast.unparse(part.value)) for part in node.values if isinstance(part, ast.FormattedValue)}
    parameters = {one for one in found if not re.fullmatch(r"_?[A-Z][A-Z_]*", one[1])}

    assert parameters <= set(FROM_OUTSIDE_A_CONSTANT), "give it as a parameter"


def test_no_query_is_put_together_in_another_way() -> None:
    for folder in ("shared/storage", "ops"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
                    sides = [
                        side.value for side in (node.left, node.right) if isinstance(side, ast.Constant) and isinstance(side.value, str)
                    ]
                    assert not any(SQL.search(side) for side in sides), f"{path}:{node.lineno}"
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
                    assert not (isinstance(node.func.value, ast.Constant) and SQL.search(str(node.func.value.value))), (
                        f"{path}:{node.lineno}"
                    )
