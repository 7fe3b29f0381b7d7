"""What was written: messages, the threads that hang on them, and what is left of those that were deleted."""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

SLACKBOT: Final = "USLACKBOT"
TOMBSTONE: Final = "tombstone"
_BY_TS: Final = attrgetter("ts")


@dataclass(slots=True, eq=False)
class Message:
    """``ts`` is its identity within its conversation. ``more``: what its subtype has besides (``topic``, ``inviter`` …)."""

    ts: str
    user: str
    text: str
    team: str
    subtype: str | None = None
    thread_ts: str | None = None
    parent_user_id: str | None = None
    bot_id: str | None = None
    app_id: str | None = None
    edited: dict[str, str] | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    replies: list["Message"] = field(default_factory=list)

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    @property
    def is_in_history(self) -> bool:
        """Replies are not, unless they were sent to the channel, too."""
        return not self.is_reply or self.subtype == "thread_broadcast"

    def written(self) -> dict[str, Any]:
        """As history has it."""
        said: dict[str, Any] = {"type": "message"}
        if self.subtype is not None:
            said["subtype"] = self.subtype
        said |= {"ts": self.ts, "user": self.user, "text": self.text, "team": self.team}
        if self.subtype == TOMBSTONE:
            said |= {"user": SLACKBOT, "text": "This message was deleted.", "hidden": True}
        if self._is_of_slack:
            del said["team"]
        if self.subtype in {None, "thread_broadcast", "bot_message", "file_share"}:
            said["blocks"] = _blocks(self)
        if self.bot_id is not None:
            said |= {"bot_id": self.bot_id, "app_id": self.app_id}
        if self.edited is not None:
            said["edited"] = dict(self.edited)
        if self.files:
            said |= {"files": list(self.files), "upload": False, "display_as_bot": False}
        if self.is_reply:
            said |= {"thread_ts": self.thread_ts, "parent_user_id": self.parent_user_id}
        elif self.replies:
            said |= self._thread()
        return said | self.more

    @property
    def _is_of_slack(self) -> bool:
        """What Slack wrote itself does not say whose workspace it is of, but for who came."""
        kind, _, done = (self.subtype or "").partition("_")
        return self.subtype == TOMBSTONE or (kind in {"channel", "group"} and done != "join")

    def _thread(self) -> dict[str, Any]:
        users = list(dict.fromkeys(reply.user for reply in self.replies))
        said: dict[str, Any] = {"thread_ts": self.ts, "reply_count": len(self.replies), "reply_users_count": len(users)}
        return said | {"latest_reply": self.replies[-1].ts, "reply_users": users[:5], "is_locked": False, "subscribed": False}


class Log:
    """The messages of one conversation by their ts."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def add(self, message: Message, parent: Message | None = None) -> None:
        """``parent``: of a reply."""
        insort(self._messages, message, key=_BY_TS)
        if parent is not None:
            parent.replies.append(message)

    def find(self, ts: str) -> Message | None:
        at = bisect_left(self._messages, ts, key=_BY_TS)
        return self._messages[at] if at < len(self._messages) and self._messages[at].ts == ts else None

    def remove(self, message: Message) -> bool:
        """Whether a tombstone is left, since a thread hangs on it. The last reply takes such a one with it."""
        if message.replies:
            message.subtype, message.files, message.edited, message.more = TOMBSTONE, [], None, {}
            return True
        self._messages.remove(message)
        parent = self.find(message.thread_ts) if message.is_reply and message.thread_ts else None
        if parent is not None:
            parent.replies.remove(message)
            if not parent.replies and parent.subtype == TOMBSTONE:
                self._messages.remove(parent)
        return False

    def history(self) -> list[Message]:
        """Newest first, without the replies."""
        return [message for message in reversed(self._messages) if message.is_in_history]

    def copy(self) -> "Log":
        """The same messages; what is written from then on is in one of them alone."""
        other = Log()
        other._messages = list(self._messages)
        return other


def _blocks(message: Message) -> list[dict[str, Any]]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": message.text}]}
    return [{"type": "rich_text", "block_id": message.ts[-4:], "elements": [section]}]
