"""What ``up`` says of links: its exit code is only worth as much as this."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import JaroWinkler

from devtools.fakes.samples import sample_shard
from devtools.local.deals import _FIRST, _SECOND, LATER_DAYS, SOON_DAYS
from devtools.local.linking import Linking, rendered
from devtools.vendors.salesforce import inventions
from processors.enrichment.names.similarity import LEAST_ALIKE
from shared.shards.model import Shard
from tests.unit.devtools.local.linking_story import TENANT, PretendApi, PretendLinks, some_deals, stored

OWNER = str(some_deals().owner.fields["Email"])
OUTSIDERS = ("ada@lantern.example", "cleo@lantern.example")


async def reported(
    told: PretendLinks, *, sees: tuple[str, ...] = (OWNER,), refuses: tuple[str, ...] = (), shards: list[Shard] | None = None
) -> dict[str, Any]:
    """What comes of it in no time."""

    def api(email: str | None) -> PretendApi:
        return PretendApi(told, email, may_see=email is None or email in sees, refuses=refuses)

    async def shards_now() -> list[Shard]:
        return stored(told.mentions) if shards is None else shards

    return await Linking(TENANT, api, shards_now, OUTSIDERS, timeout_seconds=0.01).report(told.mentions)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000))
def test_the_first_company_has_one_deal_which_is_open_and_will_soon_be_closed_and_names_are_nobody_elses(seed: int) -> None:
    deals = some_deals(seed)

    today = datetime.now(UTC).date()
    of_the_company = [one for one in deals.org.records("Opportunity") if one.fields["AccountId"] == deals.company.id]
    firsts = [str(record.fields["Name"]).split()[0] for record in (deals.company, deals.other)]
    assert [one.id for one in of_the_company] == [deals.offered.id]
    assert (deals.offered.fields["IsClosed"], deals.offered.fields["CloseDate"]) == (False, today + timedelta(days=SOON_DAYS))
    assert str(deals.discussed.fields["CloseDate"]) >= str(today + timedelta(days=LATER_DAYS))
    assert [str(deal.fields["Name"]).split()[0] for deal in (deals.offered, deals.discussed)] == firsts
    assert len({str(one.fields["Name"]) for one in deals.org.records("Opportunity")}) == 3
    assert deals.owner.id == deals.company.fields["OwnerId"]


def test_no_companys_name_is_nearly_another_word_of_the_inventions() -> None:
    invented = {*inventions._COMPANY_FIRST, *inventions._COMPANY_SECOND, *inventions._FIRST_NAMES, *inventions._LAST_NAMES, *_SECOND}

    near = [(one, other) for one in _FIRST for other in {*invented, *_FIRST} - {one} if JaroWinkler.similarity(one, other) >= LEAST_ALIKE]

    assert near == []


async def test_what_is_linked_and_suggested_as_it_is_written_has_no_fault_and_is_approved_by_whose_deal_it_is() -> None:
    told = PretendLinks.right()

    report = await reported(told)

    assert (report["faults"], report["owner"]["email"]) == ([], OWNER)
    assert (report["approved"]["confidence"], report["approved"]["confirmedBy"]) == (1.0, OWNER)
    assert (report["waitingBefore"], report["waitingAfter"]) == (1, 0)
    assert [(one["who"], one["shown"], one["answered"]) for one in report["refused"]] == [(who, 0, 404) for who in OUTSIDERS]


def without_the_offer(told: PretendLinks) -> None:
    del told.links[0]


def without_reasons(told: PretendLinks) -> None:
    told.links[0]["why"] = []


def not_so_sure(told: PretendLinks) -> None:
    told.links[2]["confidence"] = 0.7


def the_wrong_deal(told: PretendLinks) -> None:
    told.link(told.mentions.channel, told.mentions.deals.offered)


def a_stranger_linked(told: PretendLinks) -> None:
    told.links.append({**told.links[0], "owner": {"shardId": "another", "shardTypeId": "c_file", "name": "Harbour lease"}})


def no_suggestion(told: PretendLinks) -> None:
    told.pending.clear()


def another_suggestion(told: PretendLinks) -> None:
    told.suggest(told.mentions.channel, told.mentions.deals.company)


def an_unlikely_suggestion(told: PretendLinks) -> None:
    told.pending[0]["confidence"] = 0.3


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (without_the_offer, "file Offer.pdf is not linked to {offered}"),
        (without_reasons, "file Offer.pdf is linked to {offered} with confidence 0.92 and 0 reasons"),
        (not_so_sure, "channel #deal-room is linked to {discussed} with confidence 0.7 and 1 reasons"),
        (the_wrong_deal, "channel #deal-room is linked to deal {offered}, and nothing says so"),
        (a_stranger_linked, "file Harbour lease is linked to {offered}, and nothing says so"),
        (no_suggestion, "it does not wait for anybody that file Visit.txt belongs to {offered}"),
        (another_suggestion, "it waits for somebody that channel #deal-room is attached to company {company}, and nothing says so"),
        (an_unlikely_suggestion, "that file Visit.txt is attached to deal {offered} waits with confidence 0.3 and 1 reasons"),
    ],
)
async def test_what_is_missing_or_wrong_is_a_fault(wrong: Callable[[PretendLinks], None], said: str) -> None:
    told = PretendLinks.right()
    wrong(told)
    deals = told.mentions.deals
    names = {name: getattr(deals, name).fields["Name"] for name in ("offered", "discussed", "company")}

    report = await reported(told)

    assert report["faults"] == [said.format(**names)]


async def test_a_file_that_is_not_there_yet_or_an_api_that_does_not_answer_is_a_fault() -> None:
    told = PretendLinks.right()

    nothing = await reported(told, shards=[sample_shard(TENANT)])
    silent = await reported(told, refuses=("get",))

    assert nothing["faults"][0] == "file Offer.pdf has no shard, or nobody is told of its links"
    assert silent["faults"][0] == "file Offer.pdf has no shard, or nobody is told of its links"


async def test_one_who_may_not_see_both_ends_and_is_shown_it_is_a_fault() -> None:
    report = await reported(PretendLinks.right(), sees=(OWNER, OUTSIDERS[1]))

    assert f"{OUTSIDERS[1]} may not see both ends, and was shown 1 of it (answered 200) and answered 200" in report["faults"]


async def test_a_suggestion_that_its_owner_is_not_shown_or_may_not_approve_is_a_fault() -> None:
    hidden = await reported(PretendLinks.right(), sees=())
    refused = await reported(PretendLinks.right(), refuses=("approve",))

    assert any(fault.startswith(f"{OWNER} is not shown that file Visit.txt is attached to deal") for fault in hidden["faults"])
    assert any(fault.endswith("and was answered 409; the link is None") for fault in refused["faults"])
    assert any("and it still waits" in fault for fault in refused["faults"])


async def test_people_read_what_is_linked_why_and_who_settled_what_was_likely() -> None:
    told = PretendLinks.right()
    told.links[0]["why"] = ["the file's name holds the deal's name", "near its close date"]
    offered = told.mentions.deals.offered.fields["Name"]

    lines = [" ".join(line.split()) for line in rendered(await reported(told)).splitlines()]

    assert lines[0] == "What people wrote elsewhere about two deals, what it was linked to, and why:"
    assert lines[4:7] == [
        "file Offer.pdf 0.92 the file's name holds the deal's name",
        f"is attached to deal {offered} near its close date",
        "file Visit.txt 0.92 it says so",
    ]
    name = told.mentions.deals.owner.fields["Name"]
    assert f"One link is only likely, and waits for a person. {name}, whose deal it is, is shown:" in lines
    assert lines[-5:-3] == ["file Visit.txt 0.7 perhaps", f"perhaps is attached to deal {offered}"]
    assert lines[-2] == f"approved by {name} ({OWNER}) at 12:00:00: a link with confidence 1.0; nothing waits for them now"
    assert lines[-1] == "ada and cleo, who may not see both ends, were not shown it, and approving it was answered 404"


async def test_people_read_that_nothing_was_linked_or_approved() -> None:
    empty = PretendLinks(PretendLinks.right().mentions)

    assert rendered(await reported(empty)).splitlines()[-1] == "nothing was only likely"
    assert rendered(await reported(PretendLinks.right(), refuses=("approve",))).splitlines()[-1] == "it was not approved"
