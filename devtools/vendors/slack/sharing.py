"""Channels of several workspaces: shared within a Grid, or with other organizations (Slack Connect), and parted again.

Not seen at the vendor, and so guessed: that the members of a guest who is parted from a channel go without an event of their own each.
"""

from typing import Any

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.channels import Channels
from devtools.vendors.slack.conversations import SEVERED, Conversation, Kind, Note


class Sharing(Channels):
    """Operations between workspaces. The id of a conversation may be another one afterwards: use what they return."""

    def invite_team(self, channel_id: str, team_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """Another organization is asked. A private channel has another id from then on, whether or not they come."""
        conversation = self.channel(channel_id)
        if conversation.kind is Kind.PRIVATE and not conversation.is_ext_shared and not conversation.pending_team_ids:
            self.change_id(channel_id, quietly=quietly)
        conversation.pending_team_ids.append(team_id)
        self.touch(conversation)
        return conversation

    def share(self, channel_id: str, team_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """Another workspace has it, too: one of the same Grid, or of another organization, which was asked before or is now."""
        conversation = self.channel(channel_id)
        enterprise = self.enterprise_of(conversation.team_id)
        if team_id in conversation.team_ids:
            return conversation
        if enterprise is not None and self.enterprise_of(team_id) == enterprise:
            conversation.org_team_ids.append(team_id)
        else:
            if team_id not in conversation.pending_team_ids:
                self.invite_team(channel_id, team_id, quietly=quietly)
            conversation.pending_team_ids.remove(team_id)
            conversation.guest_team_ids.append(team_id)
        self.touch(conversation)
        event = {"type": "channel_shared", "connected_team_id": team_id, "channel": conversation.id, "event_ts": self.stamps.ts()}
        self._announce(conversation, event, by or conversation.creator, quietly=quietly)
        return conversation

    def unshare(self, channel_id: str, team_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation | None:
        """Another workspace has it no longer. What a guest keeps is returned, under an id of its own; one of the Grid keeps nothing.

        Raises:
            ValueError: that workspace does not have it, or it is its own.
        """
        conversation = self.channel(channel_id)
        actor = by or conversation.creator
        if team_id in conversation.org_team_ids:
            conversation.org_team_ids.remove(team_id)
            left = None
        elif team_id in conversation.guest_team_ids:
            conversation.guest_team_ids.remove(team_id)
            left = self._severed(conversation, team_id)
        else:
            raise ValueError(f"{team_id} is no guest of {channel_id}")
        gone = [one for one in conversation.members if not set(self.people[one].teams) & set(conversation.team_ids)]
        for user_id in gone:
            del conversation.members[user_id]
        self.touch(conversation)
        self._tell_parted(conversation, team_id, actor, quietly=quietly)
        if left is not None:
            self._tell_changed_id(left, channel_id, quietly=quietly)
            self._tell_parted(left, conversation.team_id, actor, quietly=quietly)
        return left

    def change_id(self, channel_id: str, *, quietly: bool = False) -> Conversation:
        """``channel_id_changed``: nothing else is different. ``replaced`` knows the old id."""
        conversation = self.channel(channel_id)
        del self.conversations[channel_id]
        conversation.id = ids.random_id(ids.CHANNEL, self.rng)
        self._add(conversation)
        self.replaced[channel_id] = conversation.id
        self._tell_changed_id(conversation, channel_id, quietly=quietly)
        return conversation

    def _severed(self, conversation: Conversation, team_id: str) -> Conversation:
        """What the guest keeps."""
        left = Conversation(
            id=ids.random_id(ids.CHANNEL, self.rng),
            kind=conversation.kind,
            team_id=team_id,
            name=conversation.name,
            creator=conversation.creator,
            created=conversation.created,
            updated=self.stamps.milliseconds(),
            topic=Note(**conversation.topic.written()),
            purpose=Note(**conversation.purpose.written()),
            members={one: came for one, came in conversation.members.items() if team_id in self.people[one].teams},
            previous_names=list(conversation.previous_names),
            is_archived=conversation.is_archived,
            frozen_reason=SEVERED,
            log=conversation.log.copy(),
        )
        self.replaced[conversation.id] = left.id
        return self._add(left)

    def _tell_parted(self, conversation: Conversation, previous: str, actor: str, *, quietly: bool) -> None:
        event: dict[str, Any] = {"type": "channel_unshared", "previously_connected_team_id": previous, "channel": conversation.id}
        event |= {"is_ext_shared": conversation.is_ext_shared, "event_ts": self.stamps.ts()}
        self._announce(conversation, event, actor, quietly=quietly)

    def _tell_changed_id(self, conversation: Conversation, old: str, *, quietly: bool) -> None:
        event = {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": conversation.id, "event_ts": self.stamps.ts()}
        self.announce(Announcement(event, "channel_id_changed", None, conversation, actor_team=conversation.team_id), quietly=quietly)
