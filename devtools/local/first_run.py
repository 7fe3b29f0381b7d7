"""The first run: an invented organization sends its records, and what became of them is compared, shown and looked for; then it is polled
for what it had before, and so are an invented Google Workspace and an invented workspace in Slack, whose events tell what happens then; and
what is written there about its deals is linked to them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp

from devtools.local import deals, drive, linking, polling, sample, search, slack, trace
from devtools.local.control import Control
from devtools.local.deals import Deals
from devtools.local.drive import Drive
from devtools.local.linking import Linking
from devtools.local.mentions import Mentions
from devtools.local.patience import PAUSE_SECONDS
from devtools.local.polling import Polling
from devtools.local.progress import bar
from devtools.local.run import Run
from devtools.local.sample import Mirror
from devtools.local.shard import shard_table
from devtools.local.slack import Slack
from devtools.local.token import sample_token
from devtools.vendors.salesforce.records import PretendOrg, Record
from shared.shards.model import Shard
from shared.storage.cosmos import CosmosAccount
from shared.storage.shard_store import CosmosShardStore

COUNTS: Final[Mapping[str, int]] = {"accounts": 2, "contacts": 3, "opportunities": 3}
TIMEOUT_SECONDS: Final = 30.0
PATIENT_SECONDS: Final = 420.0
"""Under a fault plan: a message whose lock was left behind comes back after five minutes, and more may go wrong before and after."""


@dataclass(frozen=True)
class FirstRun:
    """What it needs: the run, its folder, a database account, when everything began (monotonic seconds), and how long it may take."""

    run: Run
    folder: Path
    host_log: Path
    account: CosmosAccount
    started: float
    timeout_seconds: float = TIMEOUT_SECONDS

    async def report(self, rng: Random, *, is_polled: bool) -> dict[str, Any]:
        """Send, wait, compare, and trace one opportunity; with ``is_polled`` back-fill and compare what the organization had before, and
        what the Workspace and Slack have, and see that what is said there of deals is linked to them."""
        org = sample.new_org(rng, self.run.organization_id)
        if not is_polled:
            return {**await self._sent(org, rng, sample.unmirrored), **dict.fromkeys(("polled", "drive", "slack", "links"))}
        workspace = Drive(self.run, self.folder, self.account, self.timeout_seconds)
        story = await workspace.begin()
        messenger = Slack(self.run, self.folder, self.account, self.timeout_seconds)
        happening = await messenger.begin()
        async with Control(self.run.salesforce) as control:
            had = sample.of_old(org, await control.adopt_users(org), rng)
            await control.mirror([record for record in had.records if record.object_name != "User"])
            mentions: list[Mentions] = []

            async def mirror(records: Sequence[Record]) -> None:
                await control.mirror(records)
                mentions.append(await Mentions.of(self.run, Deals.among(org, records)))

            report = await self._sent(org, rng, mirror)
        polled = await Polling(self.run, self.folder, self.account, self.timeout_seconds).report(had)
        channels = await messenger.told(happening)
        files, compared = await asyncio.gather(workspace.report(story), messenger.compared())
        links = await Linking.of(self.run, self.folder, self.timeout_seconds).report(*mentions)
        faults = [fault for part in (report, polled, files, channels, compared, links) for fault in part.pop("faults")]
        return {**report, "faults": faults, "polled": polled, "drive": files, "slack": {**channels, **compared}, "links": links}

    async def _sent(self, org: PretendOrg, rng: Random, mirror: Mirror) -> dict[str, Any]:
        sending_from = time.monotonic()
        with bar("sent", sum(COUNTS.values())) as seen:
            sent = await sample.send(
                org,
                rng,
                self.run.webhook_url,
                counts=COUNTS,
                timeout_seconds=self.timeout_seconds,
                naming=deals.named,
                mirror=mirror,
                seen=seen,
            )
        shards = CosmosShardStore(self.account)
        with bar("stored, linked and embedded", len(sent.records)) as seen:
            arrival = await sample.arrived(sent, shards, tenant_id=self.run.tenant_id, timeout_seconds=self.timeout_seconds, seen=seen)
        all_seconds = time.monotonic() - sending_from
        faults = sample.faults(sent, arrival.shards)
        if sent.acknowledged < len(sent.records):
            refused = f"{len(sent.records) - sent.acknowledged} of {len(sent.records)}"
            faults.insert(0, f"{refused} notifications were not acknowledged: {dict(sent.answers)}")
        traced = next((shard for shard in arrival.shards.values() if shard.shard_type_id == "c_opportunity"), None)
        asked = None if traced is None else await self._look_for(traced)
        return {
            "organization": self.run.organization_id,
            "sent": len(sent.records),
            "stored": len(arrival.shards),
            "secondsToFirstShard": self._since_start(arrival.first_stored_at),
            "secondsToFirstEmbeddedShard": self._since_start(arrival.first_embedded_at),
            "secondsFromSendToLastEmbeddedShard": round(all_seconds, 2),
            "faults": [*faults, *(["no opportunity to look for"] if asked is None else asked.pop("faults"))],
            "traced": None if traced is None else traced.id,
            "trace": [] if traced is None else [step.plain() for step in trace.steps(traced, log=self.host_log)],
            "search": asked,
            "shards": [shard.document() for shard in arrival.shards.values()],
        }

    async def _look_for(self, shard: Shard) -> dict[str, Any]:
        """Ask for a record in other words than its own, and see that nobody is answered without a token."""
        lexical = shard.vectors is not None and shard.vectors.quality == "lexical"
        question = search.question_about(shard, lexical=lexical)
        if question is None:
            return {"question": None, "reply": None, "faults": [f"there is no question about {shard.id}"]}
        faults = []
        reply = await self._answer(question, bearer=sample_token(self.run, self.folder))
        if [hit["shardId"] for hit in reply.hits][:1] != [shard.id]:
            faults.append(f"{shard.id} is not the first that is found by {question!r} (answered {reply.status})")
        stranger = await self._answer(question, bearer=None)
        if stranger.status != 401:
            faults.append(f"a question without a token was answered {stranger.status}")
        return {"question": question, "status": reply.status, "reply": reply.body, "faults": faults}

    async def _answer(self, question: str, *, bearer: str | None) -> search.Reply:
        """The reply; where the app does not answer, or says that it cannot now, it is asked again.

        Raises:
            ClientError, TimeoutError: it does not answer at all.
        """
        give_up_at = time.monotonic() + self.timeout_seconds
        while True:
            try:
                reply = await search.ask(self.run, question, bearer=bearer)
            except (aiohttp.ClientError, TimeoutError):
                if time.monotonic() >= give_up_at:
                    raise
            else:
                if reply.status not in {429, 503} or time.monotonic() >= give_up_at:
                    return reply
            await asyncio.sleep(PAUSE_SECONDS)

    def _since_start(self, moment: float | None) -> float | None:
        return None if moment is None else round(moment - self.started, 2)


def readable(report: Mapping[str, Any]) -> str:
    """For people: one record step by step, a question, what is stored, and what is missing or wrong."""
    steps = [trace.Step.read(step) for step in report["trace"]]
    polled = report["polled"]
    documents = [*report["shards"], *(polled["shards"] if polled else ())]
    shards = [Shard.model_validate(document) for document in documents]
    parts = ["One opportunity, step by step:", "", trace.rendered(steps), ""]
    parts += [line for shard in shards if shard.id == report["traced"] for line in (trace.ends(shard), "")]
    if (asked := report["search"]) is not None and asked["reply"] is not None:
        reply = search.Reply(asked["status"], asked["reply"])
        words = "the record's own words" if reply.is_lexical else "other words than the record's own"
        parts += [f"A question in {words}:", "", f"  {asked['question']}", "", search.rendered(reply), ""]
    parts += ["What is stored:", "", shard_table(shards), ""]
    if polled is not None:
        parts += [polling.rendered(polled), ""]
    if report["drive"] is not None:
        parts += [drive.rendered(report["drive"]), ""]
    if report["slack"] is not None:
        parts += [slack.rendered(report["slack"]), ""]
    if report["links"] is not None:
        parts += [linking.rendered(report["links"]), ""]
    if report["faults"]:
        parts += ["Missing or wrong:", *(f"  {fault}" for fault in report["faults"])]
    else:
        parts.append(
            f"all {report['sent']} records are stored, right, linked, embedded and found, "
            f"{report['secondsFromSendToLastEmbeddedShard']} s after they were sent "
            f"(the first was embedded {report['secondsToFirstEmbeddedShard']} s after the start)"
        )
    return "\n".join(parts)
