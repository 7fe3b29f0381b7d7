"""Who finds a channel, from what Slack tells to what a search shows."""

from tests.unit.processors.normalization.channel_events import OTHER_TEAM, TEAM, Workspace, channel, joined, left, part, person, told

ANN, BOB, GUEST, BOT, GONE, STRANGER, PIA = "UANN", "UBOB", "UGUEST", "UBOT", "UGONE", "USTRANGER", "UPIA"
EVERYBODY = (ANN, BOB, GUEST, BOT, GONE, STRANGER, PIA)
PEOPLE = (
    person(ANN),
    person(BOB),
    person(GUEST, is_restricted=True),
    person(BOT, is_bot=True),
    person(GONE, deleted=True),
    person(STRANGER, team=OTHER_TEAM, is_stranger=True),
    person(PIA, team=OTHER_TEAM, is_stranger=False, is_external=True),  # of a partner, and in a channel with us
)


async def workspace(*events: object) -> Workspace:
    slack = Workspace()
    await slack.tell(*PEOPLE, *events)  # type: ignore[arg-type]  # events
    return slack


async def test_a_private_channel_is_found_by_those_who_are_in_it() -> None:
    slack = await workspace(channel("C1", is_private=True, members=[ANN, GUEST, GONE]))

    assert await slack.finders("C1", EVERYBODY) == {ANN, GUEST}


async def test_whoever_leaves_a_private_channel_finds_it_no_more_and_whoever_joins_does_at_once() -> None:
    slack = await workspace(channel("C1", is_private=True, members=[ANN]))

    await slack.take(joined("C1", BOB, at=1), left("C1", ANN, at=2))  # and nothing else has happened yet

    assert await slack.finders("C1", EVERYBODY) == {BOB}


async def test_a_public_channel_is_found_by_every_full_member_and_by_guests_who_are_in_it() -> None:
    slack = await workspace(channel("C1", members=[ANN]), channel("C2", members=[GUEST, STRANGER]))

    assert await slack.finders("C1", EVERYBODY) == {ANN, BOB}
    assert await slack.finders("C2", EVERYBODY) == {ANN, BOB, GUEST, STRANGER}


async def test_a_public_channel_that_is_made_private_is_found_by_its_members_alone_before_anything_else_happened() -> None:
    slack = await workspace(channel("C1", members=[ANN]))

    await slack.take(part("C1", at=1, is_private=True))

    assert await slack.finders("C1", EVERYBODY) == {ANN}


async def test_whoever_is_deactivated_or_made_a_guest_loses_the_workspace() -> None:
    slack = await workspace(channel("C1"))

    await slack.take(person(ANN, deleted=True, at=1), person(BOB, is_restricted=True, at=1))

    assert await slack.finders("C1", EVERYBODY) == set()


async def test_a_channel_shared_with_another_organization_is_found_by_its_members_there_and_not_by_everybody_there() -> None:
    shared = channel("C1", members=[ANN, STRANGER], is_ext_shared=True, connected_team_ids=[OTHER_TEAM], internal_team_ids=[TEAM])
    partner = person("UPARTNER", team=OTHER_TEAM)
    slack = await workspace(shared, partner)

    assert await slack.finders("C1", (*EVERYBODY, "UPARTNER")) == {ANN, BOB, STRANGER}


async def test_a_partner_finds_the_channels_they_are_in_and_has_no_rights_of_a_workspace_here_or_there() -> None:
    shared = {"is_ext_shared": True, "connected_team_ids": [OTHER_TEAM], "internal_team_ids": [TEAM]}
    slack = await workspace(
        channel("C1", is_private=True, members=[ANN, PIA], **shared),  # type: ignore[arg-type]  # JSON
        channel("C2", is_private=True, members=[ANN]),
        channel("C3", members=[ANN]),
        channel("C4", context_team_id=OTHER_TEAM, internal_team_ids=[OTHER_TEAM]),
    )

    assert await slack.found_by(PIA) == {"C1"}

    await slack.take(left("C1", PIA, at=1))
    assert await slack.found_by(PIA) == set()


async def test_a_shared_channel_is_each_tenants_own() -> None:
    ours = channel("C1", is_private=True, members=[ANN], is_ext_shared=True, connected_team_ids=[OTHER_TEAM])
    theirs = channel("C1", is_private=True, members=[ANN, BOB], account=OTHER_TEAM, tenant="globex", is_ext_shared=True)
    slack = await workspace(ours, theirs)

    assert await slack.finders("C1", EVERYBODY) == {ANN}
    assert await slack.found_by(ANN, "globex") == set()  # nobody of that address is known there

    await slack.tell(person(ANN, account=OTHER_TEAM, tenant="globex"))
    assert await slack.found_by(ANN, "globex") == {"C1"}
    assert await slack.finders("C1", EVERYBODY) == {ANN}


async def test_of_an_organization_s_channels_each_is_found_in_the_workspaces_it_is_in() -> None:
    slack = Workspace()
    await slack.tell(
        person(ANN, account="E1", team="T1", enterprise_user={"teams": ["T1", "T2"]}),
        person(BOB, account="E1", team="T2", enterprise_user={"teams": ["T2"]}),
        channel("C1", account="E1", context_team_id="T1"),
        channel("C2", account="E1", context_team_id="T1", internal_team_ids=["T1", "T2"]),
    )

    assert await slack.found_by(ANN) == {"C1", "C2"}
    assert await slack.found_by(BOB) == {"C2"}


async def test_a_channel_of_which_nobody_can_say_who_may_read_it_is_found_by_nobody() -> None:
    slack = await workspace(part("C1", at=0, topic={"value": "Rockets"}), channel("C2", is_private=True, members=None))

    assert [await slack.found_by(one) for one in EVERYBODY] == [set()] * len(EVERYBODY)


async def test_a_lost_channel_is_found_by_nobody_until_it_can_be_read_again() -> None:
    slack = await workspace(channel("C1", is_private=True, members=[ANN]), part("C1", at=1, is_lost=True))
    assert await slack.finders("C1", EVERYBODY) == set()

    await slack.tell(channel("C1", is_private=True, members=[ANN], at=2))
    assert await slack.finders("C1", EVERYBODY) == {ANN}


async def test_a_channel_is_found_by_the_same_people_under_another_id() -> None:
    slack = await workspace(channel("C1", is_private=True, members=[ANN]))

    await slack.take(told("C2", {"id": "C2", "previous_id": "C1"}, ("id", "previous_id"), at=5), joined("C2", BOB, at=6))
    assert await slack.finders("C2", EVERYBODY) == set()  # the chunks name the older id: it is found again when they are made anew

    await slack.tell()
    assert await slack.finders("C2", EVERYBODY) == {ANN, BOB}
