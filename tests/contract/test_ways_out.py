"""Where the app goes by itself, and what it believes of who calls: read from the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ops.options import whole_parser
from shared.http.client import http_client

ROOT = Path(__file__).parents[2]
GO_OUT = {
    "ingestion/sources/gdrive/client.py",
    "ingestion/sources/gdrive/tokens.py",
    "ingestion/sources/salesforce/client.py",
    "ingestion/sources/salesforce/session.py",
    "ingestion/sources/slack/client.py",
    "shared/embeddings/azure_openai.py",
    "shared/storage/key_vault.py",
}
"""The modules that make an outbound request. Each builds its address of a setting, or of what an operator connected."""

HEADERS = {
    "authorization",
    "content-type",
    "x-slack-request-timestamp",
    "x-slack-signature",
    "x-slack-retry-num",
    "x-slack-retry-reason",
}
"""What is read of a call's headers: two that are proofs, one that is a kind, and two of a call that was proved before they are read."""


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def test_outbound_requests_are_made_in_these_modules_alone() -> None:
    found = set()
    for path, tree in modules("ingestion", "processors", "shared"):
        calls = [node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        if {"build_request", "request", "urlopen", "ClientSession"}.intersection(calls) and path != "shared/http/client.py":
            found.add(path)

    assert found == GO_OUT


TELEMETRY = {"shared/telemetry/azure_monitor.py", "shared/telemetry/otlp.py"}
"""What sends ids, counts and times to where a setting says, by clients of its own."""


def test_no_other_client_than_ours_is_made_but_where_telemetry_goes() -> None:
    found = set()
    for path, tree in modules("ingestion", "processors", "shared"):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(
                re.match(r"requests|aiohttp|urllib3|urllib\.request|http\.client|socket|(azure\.monitor|opentelemetry\.exporter)\.", name)
                for name in names
            ):
                found.add(path)

    assert found == TELEMETRY


def test_what_reads_records_and_their_links_has_no_way_out() -> None:
    for path, tree in modules("processors", "shared/conversions", "shared/linking", "shared/shards"):
        named = {
            name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        }
        assert not [
            name for name in named if re.match(r"httpx2|aiohttp|requests|urllib\.request|http\.client|socket|shared\.http", name)
        ], path


def test_of_a_calls_headers_only_these_are_read() -> None:
    found = set()
    for _, tree in modules("ingestion", "processors", "shared/hosting"):
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "get"
                and ast.unparse(node.func.value).endswith(("req.headers", "request.headers", "headers"))
                and "response" not in ast.unparse(node.func.value)
                and isinstance(node.args[0], ast.Constant)
            ):
                found.add(str(node.args[0].value))

    of_answers = {"date", "retry-after", "sforce-limit-info", "x-oauth-scopes"}
    assert found - of_answers == HEADERS


def test_no_call_of_the_api_changes_where_the_app_goes() -> None:
    routes = re.findall(r'route\("([^"]+)", methods=\["(\w+)"\]', (ROOT / "processors" / "functions.py").read_text())

    assert {method for route, method in routes if "connections" in route} == {"GET"}
    assert "connections" in whole_parser().format_help()  # an operator does, with the vault and the store opened by their own right


async def test_the_client_keeps_to_what_it_is_told() -> None:
    async with http_client() as client:
        assert (client.follow_redirects, client.trust_env) == (False, False)
