"""Local runs, as a person starts them and looks into them: in processes of their own, or in this one, where a command starts in no time."""

import asyncio
import io
import json
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from contextvars import ContextVar
from typing import Any, Final

from typing_extensions import override

from devtools.__main__ import carried_out
from devtools.local.addresses import Addresses
from devtools.local.run import folder_of
from tests.e2e.environment import until

DEVTOOLS: Final = (sys.executable, "-m", "devtools")
STAGES: Final = ["HTTP webhook", "normalization", "enrichment", "embedding pipeline", "embedding worker"]
CHANGED: Final = ("folderBefore", "folder", "foundByBefore", "foundBy")
NO_RUN: Final = "devtools: nothing is running here: start it with scripts/up"

Printed = tuple[int, str, str]
"""Exit code, output and errors of a command."""

_out: ContextVar[io.StringIO] = ContextVar("out")
_errors: ContextVar[io.StringIO] = ContextVar("errors")


class _Shared(io.StringIO):
    """What several commands print to at once: each of them has a page of its own."""

    def __init__(self, page: ContextVar[io.StringIO]) -> None:
        super().__init__()
        self._page = page

    @override
    def write(self, text: str) -> int:
        return self._page.get().write(text)


async def commands(*lines: Sequence[str]) -> list[Printed]:
    """What these commands come to, all of them carried out in this process, at the same time."""
    with redirect_stdout(_Shared(_out)), redirect_stderr(_Shared(_errors)):
        return await asyncio.gather(*(_carried_out(line) for line in lines))


async def command(*line: str) -> Printed:
    """What one of them comes to."""
    [printed] = await commands(line)
    return printed


async def document(*line: str) -> Any:
    """What one of them says to machines, if it goes well."""
    code, out, errors = await command(*line, "--json")
    assert (code, errors) == (0, "")
    return json.loads(out)


async def _carried_out(line: Sequence[str]) -> Printed:
    out, errors = io.StringIO(), io.StringIO()
    _out.set(out)  # each command is a task, and has its own
    _errors.set(errors)
    code = await carried_out(line)
    return code, out.getvalue().rstrip("\n"), errors.getvalue().rstrip("\n")


def found_by_itself(report: dict[str, Any], *, is_polled: bool = True) -> None:
    """What a first run has to say when all went well; on emulators nothing is polled."""
    assert (report["faults"], report["sent"], report["stored"]) == ([], 8, 8)
    [traced] = [shard for shard in report["shards"] if shard["id"] == report["traced"]]
    assert [step["where"] for step in report["trace"]] == STAGES
    assert [edge["relationshipType"] for edge in traced["internal_relationships"]] == ["opportunity_for", "has_owner"]
    assert (traced["vectors"]["revision"], traced["vectors"]["chunkCount"] > 0) == (traced["revisionNumber"], True)
    search = report["search"]
    assert (search["status"], search["reply"]["question"]) == (200, search["question"])
    assert search["reply"]["hits"][0]["shardId"] == report["traced"]
    polled = report["polled"]
    if is_polled:
        assert (polled["records"], polled["people"], polled["backfilled"]) == (12, 3, 23)
        assert (polled["completeness"]["isComplete"], polled["missing"], polled["extra"], polled["stale"]) == (True, 0, 0, 0)
    else:
        assert polled is None
    drive = report["drive"]
    if is_polled:
        [moved, unshared] = drive["changes"]
        assert [moved[name] for name in CHANGED] == ["/Sales/Customers", "/Sales/Customers/Offers", "ada, bob", "ada, bob, cleo"]
        assert [unshared[name] for name in CHANGED] == ["/Sales/Customers", "/Sales/Customers", "ada, bob, cleo", "ada, bob"]
        assert ("├── Board/" in drive["tree"], drive["files"]) == (True, 19)
        assert (drive["completeness"]["isComplete"], drive["missing"], drive["extra"], drive["stale"]) == (True, 0, 0, 0)
    else:
        assert drive is None
    slack = report["slack"]
    if is_polled:
        renamed, joined, left = slack["changes"]
        assert [(change["foundByBefore"], change["foundBy"]) for change in (renamed, joined, left)] == [
            ("ada, bob, cleo", "ada, bob, cleo"),
            ("ada, bob, gus", "ada, bob, cleo, gus"),
            ("ada, bob", "ada"),
        ]
        assert (renamed["name"], renamed["calls"], slack["channels"]) == ("harbour-works", {}, 7)
        assert (slack["completeness"]["isComplete"], slack["missing"], slack["extra"], slack["stale"]) == (True, 0, 0, 0)
    else:
        assert slack is None
    links = report["links"]
    if is_polled:
        by_name = {one["what"]["name"]: [link for link in one["links"] if link["confidence"] >= 0.8] for one in links["linked"]}
        [offer, visit, channel] = by_name
        assert offer == f"{by_name[offer][0]['other']['name']}, offer v2.pdf"
        assert visit == f"{by_name[visit][0]['other']['name']}, notes of the visit.txt"
        assert by_name[channel][0]["other"]["name"].lower().startswith(channel.partition("-")[0])
        assert all(link["why"] for found in by_name.values() for link in found)
        assert (links["waiting"]["source"]["name"], links["waiting"]["target"]) == (visit, by_name[offer][0]["other"])
        assert (links["approved"]["confidence"], links["approved"]["confirmedBy"]) == (1.0, links["owner"]["email"])
        assert [(one["shown"], one["answered"]) for one in links["refused"]] == [(0, 404)] * 2
    else:
        assert links is None
    assert 0 < report["secondsToFirstShard"] <= report["secondsToFirstEmbeddedShard"]


def of_the_organization(shards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that are Salesforce's records, and no placeholders."""
    known = [shard for shard in shards if shard["status"] != "draft"]
    return [shard for shard in known if any(edge["system"] == "salesforce" for edge in shard["external_relationships"])]


async def until_stored(count: int, *options: str) -> list[dict[str, Any]]:
    """The organization's records, when there are so many."""
    async with asyncio.timeout(60):
        while True:
            shards = of_the_organization(await document("shard", *options))
            if len(shards) >= count:
                return shards
            await asyncio.sleep(0.1)


async def free_again(offset: int) -> None:
    """Return when nobody listens there: a killed process lets go of its ports a moment after it is gone."""

    async def is_free() -> bool:
        return Addresses.shifted(offset).in_use() is None

    await until(is_free, 20)


def forget(*offsets: int) -> None:
    """Remove what such runs leave in the project's own folder for local runs."""
    for offset in offsets:
        shutil.rmtree(folder_of(offset))
