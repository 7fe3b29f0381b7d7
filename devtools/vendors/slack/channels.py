"""How conversations come about, and what is done to them: names, topics, archives, becoming private."""

from collections.abc import Iterable
from typing import Any

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.conversations import Conversation, Kind, Note
from devtools.vendors.slack.membership import Membership


class Channels(Membership):
    """Operations on conversations. ``by`` is who does it: the creator, where nobody is named."""

    def create(
        self,
        team_id: str,
        name: str,
        by: str,
        *,
        is_private: bool = False,
        members: Iterable[str] = (),
        channel_id: str | None = None,
        is_general: bool = False,
        is_old: bool = False,
        quietly: bool = False,
    ) -> Conversation:
        """A channel with its creator in it, who then invites ``members``. ``is_old``: a private one from the days of ``G…``."""
        kind = Kind.PRIVATE if is_private else Kind.PUBLIC
        made = channel_id or ids.random_id(ids.OLD_PRIVATE if is_old and is_private else ids.CHANNEL, self.rng)
        conversation = self._add(Conversation(made, kind, team_id, name, by, self.stamps.seconds(), self.stamps.milliseconds()))
        conversation.is_general = is_general
        if is_general:
            self.workspaces[team_id].general_id = made
        if kind is Kind.PUBLIC:
            event = {"type": "channel_created", "channel": conversation.announced(team_id), "event_ts": self.stamps.ts()}
            self._announce(conversation, event, by, quietly=quietly)
        self.join(made, by, quietly=quietly)
        for member in members:
            self.invite(made, member, by=by, quietly=quietly)
        return conversation

    def open_direct(self, team_id: str, user_ids: Iterable[str]) -> Conversation:
        """Between two, or several: then it has a name. No app is told."""
        members = list(dict.fromkeys(user_ids))
        kind = Kind.DIRECT if len(members) <= 2 else Kind.SEVERAL
        made = ids.random_id(ids.DIRECT if kind is Kind.DIRECT else ids.CHANNEL, self.rng)
        name = "" if kind is Kind.DIRECT else f"mpdm-{'--'.join(self.people[one].name.replace(' ', '.') for one in members)}-1"
        conversation = self._add(Conversation(made, kind, team_id, name, members[0], self.stamps.seconds(), self.stamps.milliseconds()))
        conversation.members = dict.fromkeys(members, conversation.created)
        return conversation

    def rename(self, channel_id: str, name: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """``channel_rename`` or ``group_rename``, and a message."""
        conversation = self.channel(channel_id)
        actor, before = by or conversation.creator, conversation.name
        conversation.previous_names = [before, *(one for one in conversation.previous_names if one != before)]
        conversation.name = name
        self.touch(conversation)
        event = {"type": self._of("rename", conversation), "channel": conversation.named(), "event_ts": self.stamps.ts()}
        self._announce(conversation, event, actor, quietly=quietly)
        text = f'<@{actor}> has renamed the channel from "{before}" to "{name}"'
        self.note(conversation, actor, "name", text, quietly=quietly, old_name=before, name=name)
        return conversation

    def set_topic(self, channel_id: str, topic: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """A message alone tells of it."""
        conversation = self.channel(channel_id)
        actor = by or conversation.creator
        conversation.topic = Note(topic, actor, self.stamps.seconds())
        self.touch(conversation)
        self.note(conversation, actor, "topic", f"<@{actor}> set the channel topic: {topic}", quietly=quietly, topic=topic)
        return conversation

    def set_purpose(self, channel_id: str, purpose: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """A message alone tells of it."""
        conversation = self.channel(channel_id)
        actor = by or conversation.creator
        conversation.purpose = Note(purpose, actor, self.stamps.seconds())
        self.touch(conversation)
        self.note(conversation, actor, "purpose", f"<@{actor}> set the channel description: {purpose}", quietly=quietly, purpose=purpose)
        return conversation

    def archive(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        return self._archive(channel_id, by, is_archived=True, quietly=quietly)

    def unarchive(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        return self._archive(channel_id, by, is_archived=False, quietly=quietly)

    def delete(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> None:
        """For good: the Web API knows nothing of it any more."""
        conversation = self.channel(channel_id)
        actor = by or conversation.creator
        event = {"type": self._of("deleted", conversation), "channel": channel_id, "actor_id": actor, "event_ts": self.stamps.ts()}
        self._announce(conversation, event, actor, quietly=quietly)
        conversation.is_deleted = True

    def convert_to_private(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        """The id stays. A message alone tells of it, which only apps whose bot is in the channel hear."""
        return self._convert(channel_id, Kind.PRIVATE, by, quietly=quietly)

    def convert_to_public(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> Conversation:
        return self._convert(channel_id, Kind.PUBLIC, by, quietly=quietly)

    def set_posting(self, channel_id: str, *, by: str | None = None, quietly: bool = False) -> None:
        """Who may post was changed: ``channel_posting_permissions``. Nothing here depends on it."""
        conversation = self.channel(channel_id)
        actor = by or conversation.creator
        event = {"type": "channel_posting_permissions", "channel_id": channel_id, "user_id": actor, "event_ts": self.stamps.ts()}
        scope, team = conversation.scope("history"), self._team(actor)
        self.announce(Announcement(event, event["type"], scope, conversation, actor_team=team, is_for_members=True), quietly=quietly)

    def _archive(self, channel_id: str, by: str | None, *, is_archived: bool, quietly: bool) -> Conversation:
        conversation = self.channel(channel_id)
        if conversation.is_archived == is_archived:
            return conversation
        actor, done = by or conversation.creator, "archive" if is_archived else "unarchive"
        conversation.is_archived = is_archived
        self.touch(conversation)
        event = {"type": self._of(done, conversation), "channel": channel_id, "user": actor, "is_moved": 0, "event_ts": self.stamps.ts()}
        self._announce(conversation, event, actor, quietly=quietly)
        self.note(conversation, actor, done, f"<@{actor}> {done}d the channel", quietly=quietly)
        return conversation

    def _convert(self, channel_id: str, kind: Kind, by: str | None, *, quietly: bool) -> Conversation:
        conversation = self.channel(channel_id)
        if conversation.kind is kind:
            return conversation
        actor, name = by or conversation.creator, "private" if kind is Kind.PRIVATE else "public"
        conversation.kind = kind
        self.touch(conversation)
        self.note(conversation, actor, f"convert_to_{name}", f"made this channel *{name}*.", quietly=quietly)
        return conversation

    def _add(self, conversation: Conversation) -> Conversation:
        self.conversations[conversation.id] = conversation
        return conversation

    def _of(self, done: str, conversation: Conversation) -> str:
        return f"{'channel' if conversation.kind is Kind.PUBLIC else 'group'}_{done}"

    def _announce(self, conversation: Conversation, event: dict[str, Any], actor: str, *, quietly: bool) -> None:
        told = Announcement(event, event["type"], conversation.scope("read"), conversation, actor_team=self._team(actor))
        self.announce(told, quietly=quietly)
