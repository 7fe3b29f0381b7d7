"""``search``: asking the running app a question, as a person with a token would."""

import argparse
import json
import textwrap
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from devtools.local.output import show_json
from devtools.local.run import Run, folder_of
from devtools.local.tables import table
from devtools.local.token import sample_token
from devtools.vendors.salesforce.stories import paraphrase_of
from shared.shards.model import Shard

ANSWER_SECONDS: Final = 30.0
PASSAGE_CHARACTERS: Final = 100
LEXICAL: Final = "the vectors are LEXICAL: they know words and no meaning (the offline encoder's weights are not installed)"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: dict[str, Any]

    @property
    def hits(self) -> list[dict[str, Any]]:
        """Best first."""
        return list(self.body.get("hits", []))

    @property
    def is_lexical(self) -> bool:
        """Whether meaning was left out."""
        return self.body.get("quality") == "lexical"


async def command(options: argparse.Namespace) -> int:
    """Ask the app's search a question."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    bearer = sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=not options.email)
    reply = await ask(run, " ".join(options.words), bearer=bearer, limit=options.most)
    show_json(reply.body) if options.json else print(rendered(reply))
    return 0 if reply.status == 200 else 1


async def ask(run: Run, question: str, *, bearer: str | None, limit: int = 10) -> Reply:
    """GET the search endpoint; without a token, where ``bearer`` is None."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(run.search_url, params={"q": question, "limit": str(limit)}, headers=headers) as answer,
    ):
        text = await answer.text()
        try:
            body = json.loads(text)
        except ValueError:
            body = {"error": text[:PASSAGE_CHARACTERS]}
        return Reply(answer.status, body if isinstance(body, dict) else {"error": "not an object"})


def question_about(shard: Shard, *, lexical: bool) -> str | None:
    """Other words for what the sample wrote about a record; its own words where only words are known."""
    description = shard.structured_data.get("description")
    if not isinstance(description, str):
        return None
    return description.splitlines()[0] if lexical else paraphrase_of(description)


def rendered(reply: Reply) -> str:
    """A table of the hits, the best passage of each below it."""
    if reply.status != 200:
        return f"answered {reply.status}: {reply.body.get('error')}"
    rows = [
        (f"{hit['score']:.3f}", hit["shardTypeId"], hit["name"], textwrap.shorten(hit["passage"], PASSAGE_CHARACTERS, placeholder=" …"))
        for hit in reply.hits
    ]
    lines = [table(("score", "type", "name", "best passage"), rows) if rows else "nothing found"]
    if not reply.body.get("isComplete", True):
        lines.append("more may be found by asking more exactly")
    if reply.is_lexical:
        lines.append(LEXICAL)
    return "\n".join(lines)
