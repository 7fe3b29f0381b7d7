"""Who comes into a conversation and who goes."""

from typing import Any

from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.writing import Writing


class Membership(Writing):
    """Operations on members. Each is an event of its own, and a message that Slack writes into the conversation."""

    def join(self, channel_id: str, user_id: str, *, quietly: bool = False) -> None:
        """By themselves. Whoever is in it already stays, and nothing is told."""
        self._come(self.channel(channel_id), user_id, None, quietly=quietly)

    def invite(self, channel_id: str, user_id: str, *, by: str, quietly: bool = False) -> None:
        self._come(self.channel(channel_id), user_id, by, quietly=quietly)

    def leave(self, channel_id: str, user_id: str, *, quietly: bool = False) -> None:
        self._go(self.channel(channel_id), user_id, None, quietly=quietly)

    def kick(self, channel_id: str, user_id: str, *, by: str, quietly: bool = False) -> None:
        self._go(self.channel(channel_id), user_id, by, quietly=quietly)

    def _come(self, conversation: Conversation, user_id: str, inviter: str | None, *, quietly: bool) -> None:
        person = self.people[user_id]
        if user_id in conversation.members:
            return
        conversation.members[user_id] = self.stamps.seconds()
        by = {"inviter": inviter} if inviter is not None else {}
        self._tell_of_member(conversation, "member_joined_channel", user_id, by, quietly=quietly)
        self.note(conversation, person.id, "join", f"<@{user_id}> has joined the channel", quietly=quietly, **by)

    def _go(self, conversation: Conversation, user_id: str, actor: str | None, *, quietly: bool) -> None:
        if user_id not in conversation.members:
            return
        gone = [one for one in self.bots_in(conversation) if one.bot_user_id == user_id]
        del conversation.members[user_id]
        self._tell_of_member(conversation, "member_left_channel", user_id, {}, quietly=quietly)
        self.note(conversation, user_id, "leave", f"<@{user_id}> has left the channel", quietly=quietly)
        for installation in gone:
            kind = "channel_left" if conversation.kind is Kind.PUBLIC else "group_left"
            event: dict[str, Any] = {"type": kind, "channel": conversation.id} | ({"actor_id": actor} if actor is not None else {})
            if self.knobs.membership_has_event_ts:
                event["event_ts"] = self.stamps.ts()
            scope = conversation.scope("read")
            told = Announcement(event, kind, scope, conversation, actor_team=self._team(actor or user_id), only=installation)
            self.announce(told, quietly=quietly or not installation.can(scope))

    def _tell_of_member(self, conversation: Conversation, kind: str, user_id: str, by: dict[str, Any], *, quietly: bool) -> None:
        event: dict[str, Any] = {"type": kind, "user": user_id, "channel": conversation.id}
        if self.knobs.membership_has_channel_type:
            event["channel_type"] = "C" if conversation.kind is Kind.PUBLIC else "G"
        team, event_ts = self._team(user_id), self.stamps.ts()
        event |= {"team": team} | by
        enterprise = self.people[user_id].enterprise_id
        if enterprise is not None:
            event["enterprise"] = enterprise
        if self.knobs.membership_has_event_ts:
            event["event_ts"] = event_ts
        self.announce(Announcement(event, kind, conversation.scope("read"), conversation, actor_team=team), quietly=quietly)

    def _team(self, user_id: str) -> str:
        return self.people[user_id].team_id
