"""What ``up`` says of the Slack it read and was told by: its exit code is only worth as much as this."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from devtools.fakes.samples import sample_record, sample_shard, sample_vectors
from devtools.local.slack import _misled, rendered
from devtools.local.slack_control import PretendChannel, PretendPerson, _channel, _person, taken
from devtools.local.stored_channels import StoredChannels
from shared.shards.model import Enriched, Processing, Shard

ADA = PretendPerson("U1", "Ada Long", "ada.long@pretend.example", is_full_member=True, is_bot=False)
GUS = PretendPerson("U2", "Gus Marsh", "gus.marsh@pretend.example", is_full_member=False, is_bot=False)
TEAM = "T0LANTERN"
PEOPLE = {ADA.id: ADA, GUS.id: GUS}
LINKED = Processing(enriched=Enriched(revision=1, edge_set_hash="h"))


def stored(channel_id: str = "C1", members: object = ("U1",), **changed: Any) -> Shard:
    data = {"externalId": channel_id, "name": "plans", "isPrivate": True, "isArchived": False, "type": "private"}
    data |= {"members": json.dumps(members), **changed}
    edge = sample_record(channel_id, record_type="Channel", system="slack", scope=TEAM)
    update = {
        "external_relationships": (edge,),
        "shard_type_id": "c_channel",
        "structured_data": data,
        "processing": LINKED,
        "vectors": sample_vectors(revision=1),
    }
    return sample_shard("sample", external_id=channel_id).model_copy(update=update)


def wanted(**changed: Any) -> dict[str, PretendChannel]:
    said = {"id": "C1", "name": "plans", "is_private": True, "is_archived": False, "members": frozenset({"U1"})}
    channel = PretendChannel(**{**said, **changed})
    return {channel.id: channel}


def test_a_channel_that_is_stored_as_it_is_there_has_no_fault() -> None:
    assert StoredChannels.among([stored()], TEAM).faults(wanted()) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"name": "works"}, "name is 'plans' here and 'works' there"),
        ({"is_private": False}, "isPrivate is True here and False there"),
        ({"is_archived": True}, "isArchived is False here and True there"),
        ({"members": frozenset({"U1", "U2"})}, "U1 are in it here, and U1, U2 there"),
    ],
)
def test_what_is_another_here_than_there_is_a_fault(changed: Mapping[str, Any], fault: str) -> None:
    [said] = StoredChannels.among([stored()], TEAM).faults(wanted(**changed))

    assert fault in said


def test_a_channel_that_is_not_here_or_not_there_or_known_of_single_members_alone_is_a_fault() -> None:
    assert StoredChannels.among([], TEAM).faults(wanted()) == ["#plans (C1) has no shard"]
    assert StoredChannels.among([stored()], TEAM).faults({}) == ["#plans (C1) is not shown to the app"]
    assert StoredChannels.among([stored(members={"U1": True})], TEAM).faults(wanted()) != []


def test_a_channel_without_vectors_is_a_fault_and_one_that_is_gone_is_none() -> None:
    without, gone = stored().model_copy(update={"vectors": None}), stored().model_copy(update={"status": "deleted"})

    assert StoredChannels.among([without], TEAM).faults(wanted()) == ["#plans is not linked and embedded"]
    assert StoredChannels.among([gone], TEAM).shards == {}


def test_what_an_earlier_run_has_left_is_another_workspaces() -> None:
    assert StoredChannels.among([stored()], "T0ANOTHER").shards == {}


def test_whether_somebody_is_in_a_channel_is_known_of_a_channel_that_is_here() -> None:
    channels = StoredChannels.among([stored()], TEAM)

    assert [channels.has("C1", "U1"), channels.has("C1", "U2"), channels.has("C2", "U1")] == [True, False, None]


def test_a_guest_is_shown_the_channels_they_are_in_and_a_full_member_every_public_one() -> None:
    [public] = wanted(is_private=False, members=frozenset({"U2"})).values()
    [private] = wanted().values()

    assert [public.is_shown_to(ADA), public.is_shown_to(GUS), private.is_shown_to(ADA), private.is_shown_to(GUS)] == [
        *(True, True, True, False),
    ]


def test_who_finds_what_is_not_shown_to_them_or_does_not_find_what_is_is_a_fault() -> None:
    assert _misled({"U1": frozenset({"C1"}), "U2": frozenset()}, wanted(), PEOPLE) == []
    assert _misled({"U1": frozenset(), "U2": frozenset({"C1"})}, wanted(), PEOPLE) == [
        "Ada Long does not find: plans",
        "Gus Marsh finds what is not shown to them: plans",
    ]


def test_the_pretend_slacks_words_are_read() -> None:
    said = {"id": "U3", "real_name": "Cleo", "email": "", "is_bot": False, "deleted": False, "is_ultra_restricted": True}
    guest = _person({**said, "is_restricted": True})
    channel = _channel({"id": "C1", "name": "plans", "is_private": True, "is_archived": False, "members": ["U1"]})

    assert guest == PretendPerson("U3", "Cleo", None, is_full_member=False, is_bot=False)
    assert channel == wanted()["C1"]
    assert taken({"deliveries": {"attempts": [{"status": 200}, {"status": 503}, {"status": None}]}}) == 1


def slack(**changed: Any) -> dict[str, Any]:
    comparison = {"vendorCount": 1, "storedCount": 1, "missing": 0, "extra": 0, "stale": 0, "named": {}}
    told = {"name": "works", "milliseconds": 120, "foundByBefore": "ada", "foundBy": "ada, gus"}
    said = {
        "listed": StoredChannels.among([stored()], TEAM).listed(PEOPLE, {"C1": "ada"}),
        "changes": [
            {**told, "what": "renamed", "calls": {}},
            {**told, "what": "gus joined", "calls": {"conversations.info": 1, "conversations.members": 2}, "milliseconds": None},
        ],
        "asked": {"conversations.info": 1, "auth.test": 2},
        "tried": 5,
        "taken": 4,
        "channels": 1,
        **dict.fromkeys(("missing", "extra", "stale"), 0),
    }
    return {**said, "completeness": {"streams": [{"stream": "Channel", "comparison": comparison}], "gaps": []}, **changed}


def test_what_slack_told_and_what_was_compared_are_tables_and_lines() -> None:
    assert rendered(slack()).splitlines() == [
        "What a Slack workspace had, as far as it lets the app see:",
        "",
        "channel  kind     who is in it  found by",
        "-------  -------  ------------  --------",
        "#plans   private  Ada Long      ada",
        "",
        "A channel was renamed, somebody joined one and somebody left one; Slack's events told of it:",
        "",
        "then        channel  shown after  calls for it       was found by  is found by",
        "----------  -------  -----------  -----------------  ------------  -----------",
        "renamed     #works   120 ms       none               ada           ada, gus",
        "gus joined  #works   –            1 info, 2 members  ada           ada, gus",
        "",
        "asked of Slack in all: 2 auth.test, 1 conversations.info; it told 5 events, and 4 were taken",
        "",
        "stream   in Slack  here  missing  extra  stale",
        "-------  --------  ----  -------  -----  -----",
        "Channel  1         1     0        0      0",
        "",
        "1 channels are here and found by whom Slack shows them; compared: 0 missing, 0 extra, 0 stale",
    ]


def test_what_was_not_compared_says_so() -> None:
    assert rendered(slack(completeness=None)).splitlines()[-1] == "it was not compared with what is stored"
