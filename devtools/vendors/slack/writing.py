"""What people write, change and delete, and what Slack writes itself when something happens to a channel."""

from typing import Any

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.founding import Founding
from devtools.vendors.slack.messages import Message


class Writing(Founding):
    """Operations on messages. A message is named by its channel and its ``ts``."""

    def post(
        self,
        channel_id: str,
        by: str,
        text: str,
        *,
        thread_ts: str | None = None,
        is_broadcast: bool = False,
        files: list[dict[str, Any]] | None = None,
        quietly: bool = False,
    ) -> Message:
        """Say something, or reply to a message: then its parent is told of, too. ``is_broadcast``: the reply goes to the channel, too."""
        conversation = self.channel(channel_id)
        parent = self._message(conversation, thread_ts) if thread_ts is not None else None
        subtype = "thread_broadcast" if parent is not None and is_broadcast else "file_share" if files else None
        author = self.people[by]
        message = Message(self.stamps.ts(), by, text, author.team_id, subtype, thread_ts, bot_id=author.bot_id, app_id=author.app_id)
        message.files, message.parent_user_id = files or [], parent.user if parent is not None else None
        if author.is_bot:
            message.more["bot_profile"] = author.bot_profile()
        else:
            message.more["client_msg_id"] = ids.secret(self.rng, 32)
        conversation.log.add(message, parent)
        said = message.written()
        if parent is not None and is_broadcast:
            said["root"] = parent.written()
        self._tell(conversation, said, author.team_id, quietly=quietly)
        if parent is not None and self.knobs.thread_notices:
            notice = {"type": "message", "message": parent.written(), "hidden": True, "ts": self.stamps.ts()}
            kind = {"subtype": "message_replied"} if self.knobs.thread_notices_have_subtype else {}
            self._tell(conversation, notice | kind, author.team_id, quietly=quietly)
        return message

    def reply(self, channel_id: str, thread_ts: str, by: str, text: str, *, is_broadcast: bool = False, quietly: bool = False) -> Message:
        return self.post(channel_id, by, text, thread_ts=thread_ts, is_broadcast=is_broadcast, quietly=quietly)

    def edit(self, channel_id: str, ts: str, text: str, *, by: str | None = None, quietly: bool = False) -> Message:
        """``message_changed``, which has a ``ts`` of its own."""
        conversation = self.channel(channel_id)
        message = self._message(conversation, ts)
        before, event_ts = message.written(), self.stamps.ts()
        message.text, message.edited = text, {"user": by or message.user, "ts": f"{event_ts.partition('.')[0]}.000000"}
        self._tell_changed(conversation, message, before, event_ts, quietly=quietly)
        return message

    def delete_message(self, channel_id: str, ts: str, *, quietly: bool = False) -> None:
        """``message_deleted``; where a thread hangs on it a tombstone stays, and that is told as ``message_changed``."""
        conversation = self.channel(channel_id)
        message = self._message(conversation, ts)
        before, event_ts = message.written(), self.stamps.ts()
        if conversation.log.remove(message):
            self._tell_changed(conversation, message, before, event_ts, quietly=quietly)
            return
        said = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": before,
            "hidden": True,
            "deleted_ts": ts,
            "ts": event_ts,
        }
        self._tell(conversation, said, message.team, quietly=quietly)

    def change_history(self, channel_id: str, *, quietly: bool = False) -> None:
        """``channel_history_changed``: much of it was changed at once, and has to be read again. Nothing is changed here."""
        conversation = self.channel(channel_id)
        latest = conversation.log.history()
        kind = "channel" if conversation.kind is Kind.PUBLIC else "group"
        event = {"type": f"{kind}_history_changed", "channel": channel_id, "latest": latest[0].ts if latest else "0000000000.000000"}
        event |= {"ts": self.stamps.ts(), "event_ts": self.stamps.ts(), "channel_type": conversation.channel_type}
        scope = conversation.scope("history")
        self.announce(
            Announcement(event, event["type"], scope, conversation, actor_team=conversation.team_id, is_for_members=True), quietly=quietly
        )

    def note(self, conversation: Conversation, by: str, action: str, text: str, *, quietly: bool = False, **more: Any) -> Message:
        """What Slack writes itself: ``action`` is ``topic``, ``join`` …, of which ``channel_topic`` or ``group_topic`` is made."""
        is_group = conversation.kind is not Kind.PUBLIC and self.knobs.group_subtypes and not action.startswith("convert")
        subtype = f"{'group' if is_group else 'channel'}_{action}"
        message = Message(self.stamps.ts(), by, text, self.people[by].team_id, subtype, more=more)
        conversation.log.add(message)
        self._tell(conversation, message.written(), message.team, quietly=quietly)
        return message

    def _message(self, conversation: Conversation, ts: str | None) -> Message:
        message = conversation.log.find(ts or "")
        if message is None:
            raise KeyError(ts)
        return message

    def _tell_changed(self, conversation: Conversation, message: Message, before: dict[str, Any], event_ts: str, *, quietly: bool) -> None:
        said = {"type": "message", "subtype": "message_changed", "message": message.written(), "previous_message": before}
        self._tell(conversation, said | {"hidden": True, "ts": event_ts}, message.team, quietly=quietly)

    def _tell(self, conversation: Conversation, said: dict[str, Any], actor_team: str, *, quietly: bool) -> None:
        event = said | {"channel": conversation.id, "event_ts": said["ts"], "channel_type": conversation.channel_type}
        told = Announcement(
            *(event, conversation.subscription, conversation.scope("history"), conversation), actor_team=actor_team, is_for_members=True
        )
        self.announce(told, quietly=quietly)
