"""What a first run writes about its deals is there, at the pretend vendors, and open to the one whose deal it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random

import pytest

from devtools.local.addresses import Addresses
from devtools.local.deals import Deals, named
from devtools.local.mentions import FOLDER, Mentions
from devtools.local.ports import free_ports
from devtools.local.run import Run
from devtools.vendors.gdrive import company as workspace
from devtools.vendors.gdrive.api.control import add_control as with_drive_control
from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.slack import company
from devtools.vendors.slack.api.control import add_control as with_slack_control
from devtools.vendors.slack.api.service import SlackService
from devtools.vendors.slack.pretend import PretendSlack

pytestmark = pytest.mark.integration

TEAM = "T0LANTERN"


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def vendors() -> AsyncIterator[tuple[Run, PretendDrive, PretendSlack]]:
    drive, world = PretendDrive("lantern.example", Random(7), now), PretendSlack(Random(7), now)
    workspace.found_company(drive, users=3, files=0)
    company.found_company(world, users=3, channels=0, team_id=TEAM)
    google, slack = PretendGoogle(drive, now=now), SlackService(world)
    with_drive_control(google)
    with_slack_control(slack)
    at = free_ports(2)
    await google.start(at[0])
    await slack.start(at[1])
    try:
        yield Run(Addresses(gdrive=at[0], slack=at[1]), "", "", "", domain=drive.domain, team_id=TEAM), drive, world
    finally:
        await google.stop()
        await slack.stop()


def some_deals() -> Deals:
    org = PretendOrg("00D000000000062EAA", Random(7), now)
    ids = org.populate(accounts=2, contacts=0, opportunities=2)
    named(org, ids, Random(7))
    return Deals.among(org, [org.record(one) for of_an_object in ids.values() for one in of_an_object])


async def test_two_files_and_a_channel_tell_of_two_deals_and_the_owner_of_the_first_may_read_the_files() -> None:
    deals = some_deals()
    owner = str(deals.owner.fields["Email"])

    async with vendors() as (run, drive, world):
        mentions = await Mentions.of(run, deals)

        files = [drive.item(one.id) for one in (mentions.offer, mentions.visit)]
        channel = world.channel(mentions.channel.id)
        seen = drive.visible_to(owner)

    folder = FOLDER.rpartition("/")[2]
    assert [file.name for file in files] == [
        f"{deals.offered.fields['Name']}, offer v2.pdf",
        f"{deals.company.fields['Name']}, notes of the visit.txt",
    ]
    assert {drive.item(str(file.parent_id)).name for file in files} == {folder}
    assert {file.id for file in files} <= set(seen)
    assert (deals.discussed.id in channel.topic.value, len(channel.members)) == (True, 3)  # ada, bob and the app's bot
    assert channel.name.split("-")[0] == str(deals.other.fields["Name"]).split()[0].lower()
