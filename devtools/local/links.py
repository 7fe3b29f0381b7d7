"""``links``: what a shard is linked to and what is linked to it, how sure each link is, and why."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from devtools.local.api import RunningApi
from devtools.local.output import failed, show_json
from devtools.local.run import Run, folder_of
from devtools.local.shard import shards_of
from devtools.local.tables import table
from devtools.local.token import sample_token
from shared.linking.words import KINDS


async def command(options: argparse.Namespace) -> int:
    """Ask for the links of the one shard whose id begins so."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    found = [shard for shard in await shards_of(run, tenant_id=options.tenant or run.tenant_id) if shard.id.startswith(options.id)]
    if len(found) != 1:
        return failed(f"{len(found)} shards begin with {options.id}: python -m devtools shard lists them")
    bearer = sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=not options.email)
    answer = await RunningApi(run, bearer).get(f"shards/{found[0].id}/links")
    if options.json:
        show_json(answer.body)
    else:
        print(rendered(answer.body["links"]) if answer.status == 200 else answer.refusal)
    return 0 if answer.status == 200 else 1


def rendered(links: Sequence[Mapping[str, Any]]) -> str:
    """A table of the links; of one with several reasons each has a line."""
    if not links:
        return "it is linked to nothing"
    rows = [
        row
        for link in links
        for row in with_reasons((link["says"], called(link["other"]), link["confidence"], said_by(link)), link["why"], link["id"])
    ]
    return table(("it", "what", "confidence", "says who", "why", "link"), rows)


def with_reasons(first: Sequence[object], why: Sequence[str], *last: object) -> list[Sequence[object]]:
    """Rows of a table: one for each reason, and what they are the reasons of only in the first."""
    reasons = why or ("–",)
    blank = ("",) * len(first)
    return [(*first, reasons[0], *last), *((*blank, reason, *("" for _ in last)) for reason in reasons[1:])]


def called(shown: Mapping[str, Any]) -> str:
    """What a person would call a shard, by what the API says of it."""
    kind, sign = shown["shardTypeId"], "#" if shown["shardTypeId"] == "c_channel" else ""
    return f"{KINDS.get(kind, kind)} {sign}{shown['name'] or '–'}"


def said_by(link: Mapping[str, Any]) -> str:
    """Whose word it is: a person's, or that of a source of evidence."""
    return str(link["confirmedBy"] or link["source"])
