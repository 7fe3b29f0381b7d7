"""The pretend Slack as a whole: ``PretendSlack(rng, now)``. Every module it is built of has operations of one sort."""

from devtools.vendors.slack import populations
from devtools.vendors.slack.installing import Installing


class PretendSlack(Installing):
    """All that Slack holds, and everything that can happen to it. How to use it: ``devtools.vendors.slack``."""

    def populate(
        self,
        *,
        users: int = 0,
        channels: int = 0,
        members_per_channel: int = 0,
        private_share: float = 0.0,
        bots: tuple[str, ...] = (),
        team_id: str | None = None,
    ) -> list[str]:
        """Many at once, in the first workspace or another; no app is told. The ids of the new channels: 10,000 in well under a second."""
        place = self.workspace(team_id).id
        sizes = {"users": users, "channels": channels, "members_per_channel": members_per_channel}
        return populations.populate(self, place, **sizes, private_share=private_share, bots=bots)
