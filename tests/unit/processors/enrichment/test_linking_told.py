"""Who is told, and how often: what a person does to a folder, names of common words, links to what is not there."""

from datetime import datetime

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from processors.enrichment.candidates import MOST_LED
from shared.contracts.shard_emitted import ShardEmitted
from shared.conversions.identifiers import salesforce_id
from shared.linking.deciding import announce, decide
from shared.linking.decision import LinkDecision, Verdict
from shared.shards.ids import ShardId
from shared.shards.model import Shard
from tests.unit.processors.chain.linked_records import (
    COMPANY,
    DEAL,
    FILE,
    FILE_URL,
    FOLDER,
    PLACE,
    PROPOSAL,
    canonical,
    company,
    customer,
    folder,
    links,
    of,
    proposal,
    renewal,
    told,
)
from tests.unit.processors.chain.records import OTHER_ACCOUNT, gone, merged, person, say, settle, shard
from tests.unit.processors.normalization import drive_events

ON_COMPANY = ("attached_to", COMPANY)
SURVIVOR = of("Account", OTHER_ACCOUNT)


async def test_a_file_is_told_when_a_person_attaches_its_folder_to_something_and_when_they_take_it_away() -> None:
    """The decision is among the folder's edges before enrichment sees it: what counts is what the files were told last."""
    pipeline = InMemoryPipeline()
    await say(pipeline, company(), folder(name="Stuff"), drive_events.seen(FILE, 1, name="harbour lights lamp", parent=FOLDER))
    before = (await links(pipeline, PROPOSAL))[ON_COMPANY]

    await decided(pipeline, PLACE, "manual")
    await settle(pipeline)
    after = (await links(pipeline, PROPOSAL))[ON_COMPANY]
    await decided(pipeline, PLACE, "detached")
    await settle(pipeline)

    assert after > before == (await links(pipeline, PROPOSAL))[ON_COMPANY]


async def decided(
    pipeline: InMemoryPipeline, owner: ShardId, verdict: Verdict, *, target: ShardId = COMPANY, kind: str = "c_account"
) -> None:
    """A person attaches it to that, or takes that back, as the API does."""
    made = LinkDecision(
        verdict=verdict,
        relationship_type="attached_to",
        target_shard_id=target,
        target_shard_type_id=kind,
        decided_by="vera@acme.example",
        decided_at=pipeline.clock(),
    )

    async def reread() -> Shard:
        return await shard(pipeline, owner)

    done = await decide(await reread(), made, may_overrule=True, reread=reread, shards=pipeline.shards)
    await announce(done, publisher=pipeline.publisher, at=pipeline.clock())


async def test_a_company_of_common_words_that_comes_later_is_held_against_whoever_has_its_name() -> None:
    """Of such a name only the first word has to be written with a capital, so the first word is its key."""
    known, late = InMemoryPipeline(), InMemoryPipeline()
    records = (company(Name="Cloud Services GmbH", Website=None), told(proposal(name="x", parent=None), "About Cloud services of theirs"))

    for event in records:
        await say(known, event)
    for event in reversed(records):
        await say(late, event)

    assert f"a:{COMPANY}" in (await shard(known, PROPOSAL)).linking.keys  # type: ignore[union-attr]  # it is linked
    assert canonical(late) == canonical(known)


async def test_a_link_to_what_is_not_there_asks_for_one_more_look_and_not_for_ever() -> None:
    """However many things it mentions, and whether or not such a shard may be linked to a file at all."""
    pipeline = InMemoryPipeline()
    words = " ".join(f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(90))
    ids = " ".join(salesforce_id(f"{kind}Kd00000zEp{number:02}") for kind in ("001", "003") for number in range(97))
    scheduled: list[object] = []
    real = pipeline.publisher.schedule

    async def noted(message: ShardEmitted, *, due_at: datetime) -> None:
        scheduled.append(message.id)
        await real(message, due_at=due_at)

    pipeline.publisher.schedule = noted  # type: ignore[assignment]  # a test gives it another
    await say(pipeline, company(Name=words, Description=f"{ids} {FILE_URL}"), person(Name=f"see {FILE_URL}"))

    assert len(set(scheduled)) == 3  # both are anchors, and one of them misses a file
    assert len(scheduled) == 4  # that one's look for itself and its second look as an anchor; no look of these leads to one more


async def test_what_a_person_decided_about_a_company_is_led_to_the_one_it_is_merged_into_and_back() -> None:
    """A link by hand and a rejection both; and the last word where there were two."""
    pipeline = InMemoryPipeline()
    survivor = company(record=OTHER_ACCOUNT, Name="Globex", Website=None)
    await say(pipeline, company(Name="Lanterns", Website=None), survivor, folder(name="Stuff"), proposal(name="Globex", parent=None))
    await decided(pipeline, PLACE, "manual")
    await decided(pipeline, PROPOSAL, "rejected")
    await settle(pipeline)
    assert ("attached_to", SURVIVOR) in await links(pipeline, PROPOSAL)

    await say(pipeline, merged(company(Name="Lanterns", Website=None), OTHER_ACCOUNT, saved=2))
    assert await links(pipeline, PLACE) == {("attached_to", SURVIVOR): 1.0}
    assert ("attached_to", SURVIVOR) not in await links(pipeline, PROPOSAL)
    named = [one.id async for one in pipeline.index.naming("acme", SURVIVOR)]
    assert PLACE in named

    await say(pipeline, folder(2, name="Other stuff"), proposal(2, name="Globex too", parent=None))
    assert await links(pipeline, PLACE) == {("attached_to", SURVIVOR): 1.0}
    assert ("attached_to", SURVIVOR) not in await links(pipeline, PROPOSAL)

    await say(pipeline, company(saved=9, Name="Lanterns", Website=None))
    assert await links(pipeline, PLACE) == {("attached_to", COMPANY): 1.0}
    assert ("attached_to", SURVIVOR) in await links(pipeline, PROPOSAL)


@pytest.mark.parametrize("verdicts", [("manual", "detached"), ("detached", "manual")])
async def test_of_what_was_decided_about_two_companies_that_are_one_by_now_the_later_word_counts(verdicts: tuple[Verdict, Verdict]) -> None:
    pipeline = InMemoryPipeline()
    await say(pipeline, company(), company(record=OTHER_ACCOUNT, Name="Globex", Website=None), folder(name="Stuff"))
    await decided(pipeline, PLACE, verdicts[0])
    pipeline.clock.advance(seconds=9)
    await decided(pipeline, PLACE, verdicts[1], target=SURVIVOR)

    await say(pipeline, merged(company(), OTHER_ACCOUNT, saved=2))

    expected = {("attached_to", SURVIVOR): 1.0} if verdicts[1] == "manual" else {}
    assert await links(pipeline, PLACE) == expected


async def test_when_one_of_too_many_with_an_address_is_gone_those_that_are_left_are_linked_at_once() -> None:
    """None of them was held against the file: it is the address that the one who is gone and the file had in common."""
    pipeline = InMemoryPipeline()
    many = [customer(record=salesforce_id(f"003Kd00000zEp{number:02}"), AccountId=None) for number in range(MOST_LED + 1)]
    await say(pipeline, *many, proposal(name="notes", parent=None))
    assert await links(pipeline, PROPOSAL) == {}

    await pipeline.publisher.publish(gone(many[0], saved=5))
    await pipeline.run_all()

    assert len(await links(pipeline, PROPOSAL)) == MOST_LED


async def test_a_deal_that_changes_tells_those_that_nothing_but_their_folder_led_to_it() -> None:
    """They have no word, address or number in common with it: what they have is that they were held against it."""
    pipeline = InMemoryPipeline()
    quiet = {"AccountId": None, "ContactId": None, "OwnerId": None}
    text = "EUR 48,000.00 until 2026-12-15"
    await say(pipeline, renewal(**quiet), folder(name="Stuff"), told(proposal(name="notes", owner=None), text))
    await decided(pipeline, PLACE, "manual", target=DEAL, kind="c_opportunity")
    await settle(pipeline)
    assert ("attached_to", DEAL) in await links(pipeline, PROPOSAL)

    await pipeline.publisher.publish(renewal(saved=5, **{**quiet, "Amount": 1.0}))
    await pipeline.run_all()

    assert ("attached_to", DEAL) not in await links(pipeline, PROPOSAL)
