"""What people write about the deals of a first run: two files in the Workspace and a channel in Slack.

One file is called after a deal, as people call offers. The channel's topic holds a deal's address in Salesforce. The other file names a
company and no deal: which one it belongs to is only likely, for the company has one that will soon be closed.
"""

from dataclasses import dataclass
from typing import Final, Self

from devtools.local.deals import Deals
from devtools.local.drive_control import DriveControl
from devtools.local.run import Run
from devtools.local.slack_control import SlackControl

FOLDER: Final = "/Sales/Customers"
SITE: Final = "https://pretend.lightning.force.com/lightning/r/Opportunity/{id}/view"
PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Written:
    """A file or a channel, by the vendor's id."""

    kind: str
    """Its shard type."""
    id: str
    name: str


@dataclass(frozen=True)
class Mentions:
    """What was written: about which deal, ``deals`` says."""

    deals: Deals
    offer: Written
    visit: Written
    channel: Written

    @classmethod
    async def of(cls, run: Run, deals: Deals) -> Self:
        """Write them.

        Raises:
            ControlRefused: a pretend vendor does not do what it is told.
        """
        async with DriveControl(run.gdrive) as drive, SlackControl(run.slack) as slack:
            folder = await drive.named(FOLDER)
            offer, visit = f"{deals.offered.fields['Name']}, offer v2.pdf", f"{deals.company.fields['Name']}, notes of the visit.txt"
            files = [
                Written("c_file", await drive.create("file", name, parent=folder, mime_type=kind), name)
                for name, kind in ((offer, PDF), (visit, "text/plain"))
            ]
            owner = deals.owner.fields["Email"]
            await drive.tell("create-user", email=owner)  # of another company, for Google
            for file in files:
                await drive.tell("share", file_id=file.id, grantee=owner)
            return cls(deals, offer=files[0], visit=files[1], channel=await _channel(run, slack, deals))

    @property
    def all(self) -> tuple[Written, ...]:
        """Each of them."""
        return self.offer, self.visit, self.channel


async def _channel(run: Run, slack: SlackControl, deals: Deals) -> Written:
    """Slack tells of the last step alone: that the app is let in. What it reads then has the topic."""
    people = await slack.people()
    [bot] = [one.id for one in people.values() if one.is_bot]
    ada, bob, *_ = (one.id for one in people.values() if one.is_full_member)
    company, what = str(deals.discussed.fields["Name"]).lower().split(" – ")
    name = f"{company.split()[0]}-{what.replace(' ', '-')}"
    address = SITE.format(id=deals.discussed.id)
    made = await slack.tell("create", team_id=run.team_id, name=name, by=ada, members=[bob], quietly=True)
    channel = Written("c_channel", str(made["id"]), name)
    await slack.tell("set-topic", channel_id=channel.id, topic=f"All about <{address}>", quietly=True)
    await slack.tell("invite", channel_id=channel.id, user_id=bot, by=ada)
    return channel
