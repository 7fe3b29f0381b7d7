"""The linking of a first run: a file and a channel are linked to the deals they are about, with reasons; a link that is only likely waits
until somebody approves it, the one whose deal it is. Who may not see both of its ends is not told of it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
from azure.core.exceptions import AzureError

from devtools.local import suggestions
from devtools.local.api import Answer, Api, RunningApi
from devtools.local.expected_links import ExpectedLinks, Seen, Shown
from devtools.local.links import called
from devtools.local.mentions import Mentions
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.shard import shards_of
from devtools.local.suggestions import PATH, stated
from devtools.local.tables import table
from devtools.local.token import sample_token
from devtools.local.workspace import people_of
from shared.errors import TransientError
from shared.shards.model import Shard

LOOK_SECONDS: Final = 0.2
AWAY: Final = (AzureError, TransientError, aiohttp.ClientError, TimeoutError)
"""A fault plan hits whoever looks, too."""
HEAD: Final = ("what", "confidence", "why")
REASON: Final = "I was there: it is about this deal"


@dataclass(frozen=True)
class Linking:
    """One run's. ``apis`` is the API as somebody has it who has this address; as an admin without one has it, for None."""

    tenant_id: str
    apis: Callable[[str | None], Api]
    stored: Callable[[], Awaitable[Iterable[Shard]]]
    outsiders: Sequence[str]
    """The addresses of people who may not see both ends of the likely link."""
    timeout_seconds: float

    @classmethod
    def of(cls, run: Run, folder: Path, timeout_seconds: float) -> Self:
        """That of a run in this folder. One outsider is shown the files and no deal, the other one neither."""

        def api(email: str | None) -> Api:
            return RunningApi(run, sample_token(run, folder, email=email, admin=email is None), timeout_seconds)

        people = people_of(run)
        return cls(run.tenant_id, api, partial(shards_of, run, tenant_id=run.tenant_id), (people[0], people[-1]), timeout_seconds)

    async def report(self, mentions: Mentions) -> dict[str, Any]:
        """Wait for what has to be linked, and let the likely one be approved; with what is missing or wrong."""
        began = time.monotonic()
        expected = ExpectedLinks(mentions, self.tenant_id)
        seen, faults = await self._seen(expected)
        likely, owner = expected.likely(seen), mentions.deals.owner
        settled: dict[str, Any] = {"refused": [], "waiting": None, "approved": None, "faults": []}
        if likely is not None:
            refused = await asyncio.gather(*(self._refused(who, likely) for who in self.outsiders))
            settled = await self._approved(likely, str(owner.fields["Email"]))
            settled |= {"refused": refused, "faults": [*_let_in(refused), *settled["faults"]]}
        return {
            "linked": [{"what": {"shardTypeId": one.kind, "name": one.name}, "links": seen.links.get(one.id, [])} for one in mentions.all],
            "owner": {"name": owner.fields["Name"], "email": owner.fields["Email"]},
            **settled,
            "seconds": round(time.monotonic() - began, 2),
            "faults": [*faults, *settled["faults"]],
        }

    async def _seen(self, expected: ExpectedLinks) -> tuple[Seen, list[str]]:
        """What is linked and suggested, once it is what it has to be; or what is wrong with it when the time is up."""
        give_up_at = time.monotonic() + self.timeout_seconds
        seen, faults = Seen({}, {}, {}, ()), ["what is linked cannot be looked at"]
        with bar("linked to deals", len(expected.mentions.all)) as shown:
            while True:
                with suppress(*AWAY):
                    seen = await self._look(expected)
                    faults = list(expected.faults(seen))
                shown(sum(1 for found in seen.links.values() if found))
                if not faults or time.monotonic() >= give_up_at:
                    return seen, faults
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, expected: ExpectedLinks) -> Seen:
        """What the API tells an admin.

        Raises:
            AzureError, ClientError, TimeoutError: the store or the app cannot answer now.
        """
        admin = self.apis(None)
        ids = {(shard.shard_type_id, shard.structured_data.get("externalId")): shard.id for shard in await self.stored()}
        shards = {one.id: ids[one.kind, one.id] for one in expected.mentions.all if (one.kind, one.id) in ids}
        asked = (*shards.values(), *expected.records)
        pending, *answers = await asyncio.gather(
            suggestions.listed(admin, most=1_000), *(admin.get(f"shards/{shard}/links") for shard in asked)
        )
        links = {shard: answer.body["links"] for shard, answer in zip(asked, answers, strict=True) if answer.status == 200}
        return Seen.of(shards, links, pending.body.get("suggestedLinks", ()))

    async def _refused(self, who: str, likely: Shown) -> dict[str, Any]:
        """What somebody is told who may not see both ends."""
        api = self.apis(who)
        shown, answer = await suggestions.listed(api), await api.post(f"{PATH}/{likely['id']}/approve")
        return {"who": who, "shown": len(_those_of(shown, likely)), "listed": shown.status, "answered": answer.status}

    async def _approved(self, likely: Shown, who: str) -> dict[str, Any]:
        """What comes of it when somebody approves it who may."""
        api = self.apis(who)
        before = await suggestions.listed(api)
        answer = await api.post(f"{PATH}/{likely['id']}/approve", reason=REASON)
        after, links = await suggestions.listed(api), await api.get(f"shards/{likely['source']['shardId']}/links")
        found = (one for one in links.body.get("links", ()) if one["other"]["shardId"] == likely["target"]["shardId"])
        link = next(found, None)
        said = None if link is None else (link["confidence"], link["source"], link["confirmedBy"])
        faults = []
        if not _those_of(before, likely):
            faults.append(f"{who} is not shown that {stated(likely)} (answered {before.status})")
        if answer.status != 200 or said != (1.0, "manual", who):
            faults.append(f"{who} approved that {stated(likely)}, and was answered {answer.status}; the link is {said}")
        if _those_of(after, likely) or after.status != 200:
            faults.append(f"{who} has approved that {stated(likely)}, and it still waits (answered {after.status})")
        waiting = [len(page.body.get("suggestedLinks", ())) for page in (before, after)]
        shown = next(iter(_those_of(before, likely)), likely)
        return {"waiting": shown, "waitingBefore": waiting[0], "waitingAfter": waiting[1], "approved": link, "faults": faults}


def _those_of(page: Answer, likely: Shown) -> list[Shown]:
    return [one for one in page.body.get("suggestedLinks", ()) if one["id"] == likely["id"]]


def _let_in(refused: Sequence[Mapping[str, Any]]) -> list[str]:
    """Who was told of what they may not see."""
    return [
        f"{one['who']} may not see both ends, and was shown {one['shown']} of it (answered {one['listed']}) and answered {one['answered']}"
        for one in refused
        if (one["shown"], one["listed"], one["answered"]) != (0, 200, 404)
    ]


def rendered(linking: Mapping[str, Any]) -> str:
    """For people: what is linked to which deal, and why; what was only likely, and who settled it."""
    rows = [row for one in linking["linked"] for row in _rows(called(one["what"]), one["links"])]
    parts = ["What people wrote elsewhere about two deals, what it was linked to, and why:", "", table(HEAD, rows), ""]
    likely, link, owner = linking["waiting"], linking["approved"], linking["owner"]
    if likely is None:
        return "\n".join([*parts, "nothing was only likely"])
    parts += [f"One link is only likely, and waits for a person. {owner['name']}, whose deal it is, is shown:", ""]
    perhaps = _rows(called(likely["source"]), [{**likely, "says": f"perhaps {likely['says']}", "other": likely["target"]}])
    parts += [table(HEAD, perhaps), ""]
    if link is None:
        return "\n".join([*parts, "it was not approved"])
    left = f"{linking['waitingAfter'] or 'nothing'} {'more waits' if linking['waitingAfter'] else 'waits'} for them now"
    when = datetime.fromisoformat(link["confirmedAt"]).strftime("%H:%M:%S")
    parts.append(f"approved by {owner['name']} ({link['confirmedBy']}) at {when}: a link with confidence {link['confidence']}; {left}")
    who = " and ".join(one["who"].partition("@")[0] for one in linking["refused"])
    answers = " and ".join(sorted({str(one["answered"]) for one in linking["refused"]}))
    return "\n".join([*parts, f"{who}, who may not see both ends, were not shown it, and approving it was answered {answers}"])


def _rows(what: str, links: Sequence[Shown]) -> list[Sequence[object]]:
    """One below the other, what is linked and to what: beside each other they leave no place for reasons."""
    rows: list[Sequence[object]] = [] if links else [(what, "–", "it is linked to nothing")]
    for link in links:
        linked = (what, f"  {link['says']} {called(link['other'])}")
        rows += zip_longest(linked, (link["confidence"],), link["why"], fillvalue="")
    return rows
