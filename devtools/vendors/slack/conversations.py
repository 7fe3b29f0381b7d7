"""Channels, private channels, and direct messages between two or several: what they are, not what happens to them."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from devtools.vendors.slack.messages import Log


class Kind(StrEnum):
    """By the names ``types`` has for them."""

    PUBLIC = "public_channel"
    PRIVATE = "private_channel"
    SEVERAL = "mpim"
    DIRECT = "im"


SEVERED: Final = "connection_severed"
_READ: Final = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.SEVERAL: "mpim", Kind.DIRECT: "im"}
_TYPES: Final = {Kind.PUBLIC: "channel", Kind.PRIVATE: "group", Kind.SEVERAL: "mpim", Kind.DIRECT: "im"}
_SUBSCRIPTIONS: Final = {Kind.PUBLIC: "channels", Kind.PRIVATE: "groups", Kind.SEVERAL: "mpim", Kind.DIRECT: "im"}


@dataclass(slots=True)
class Note:
    """A topic or a purpose; ``last_set`` in seconds."""

    value: str = ""
    creator: str = ""
    last_set: int = 0

    def written(self) -> dict[str, Any]:
        return {"value": self.value, "creator": self.creator, "last_set": self.last_set}


@dataclass(slots=True, eq=False)
class Conversation:
    """``team_id`` is the workspace it belongs to; ``created`` in seconds, ``updated`` in milliseconds (settings move it, members do not).

    ``members``: person to when they came (seconds). ``org_team_ids``: other workspaces of the same Grid it is in; ``guest_team_ids``: other
    organizations' (Slack Connect), ``pending_team_ids`` those invited. A conversation that was deleted has ``is_deleted``, and is nowhere.
    """

    id: str
    kind: Kind
    team_id: str
    name: str
    creator: str
    created: int
    updated: int
    topic: Note = field(default_factory=Note)
    purpose: Note = field(default_factory=Note)
    members: dict[str, int] = field(default_factory=dict)
    previous_names: list[str] = field(default_factory=list)
    is_general: bool = False
    is_archived: bool = False
    is_deleted: bool = False
    org_team_ids: list[str] = field(default_factory=list)
    guest_team_ids: list[str] = field(default_factory=list)
    pending_team_ids: list[str] = field(default_factory=list)
    frozen_reason: str | None = None
    locale: str = "en-GB"
    log: Log = field(default_factory=Log)

    @property
    def is_private(self) -> bool:
        return self.kind is not Kind.PUBLIC

    @property
    def is_ext_shared(self) -> bool:
        return bool(self.guest_team_ids)

    @property
    def team_ids(self) -> list[str]:
        """Every workspace that has it."""
        return [self.team_id, *self.org_team_ids, *self.guest_team_ids]

    @property
    def channel_type(self) -> str:
        """As events of messages name it."""
        return _TYPES[self.kind]

    @property
    def subscription(self) -> str:
        """What an app subscribes to for its messages."""
        return f"message.{_SUBSCRIPTIONS[self.kind]}"

    def scope(self, right: str) -> str:
        """``channels:read`` for ``read`` … of its kind."""
        return f"{_READ[self.kind]}:{right}"

    def written(self, viewer: str, *, is_member: bool, with_members: bool = False, reader: str = "") -> dict[str, Any]:
        """As ``conversations.info`` and ``.list`` have it. ``viewer``: the workspace that asks; ``reader``: whose direct message it is."""
        if self.kind is Kind.DIRECT:
            return self._direct(viewer, reader)
        is_group = self.kind is Kind.SEVERAL or (self.kind is Kind.PRIVATE and self.id.startswith("G"))
        said: dict[str, Any] = {"id": self.id, "name": self.name, "name_normalized": self.name, "is_channel": not is_group}
        said |= {"is_group": is_group, "is_im": False, "is_mpim": self.kind is Kind.SEVERAL}
        said |= {"is_private": self.is_private, "created": self.created, "updated": self.updated, "creator": self.creator}
        said |= {"is_archived": self.is_archived, "is_general": self.is_general, "unlinked": 0, "is_member": is_member}
        said |= self._sharing(viewer)
        said |= {"topic": self.topic.written(), "purpose": self.purpose.written(), "previous_names": list(self.previous_names)}
        if self.frozen_reason is not None:
            said |= {"is_frozen": True, "frozen_reason": self.frozen_reason}
        return said | ({"num_members": len(self.members)} if with_members else {})

    def announced(self, viewer: str) -> dict[str, Any]:
        """As ``channel_created`` has it: without topic, purpose and members."""
        left_out = {"topic", "purpose", "is_member", "num_members", "is_frozen", "frozen_reason"}
        return {name: value for name, value in self.written(viewer, is_member=False).items() if name not in left_out}

    def named(self) -> dict[str, Any]:
        """As ``channel_rename`` has it."""
        said: dict[str, Any] = {"id": self.id, "is_channel": True, "is_mpim": self.kind is Kind.SEVERAL, "name": self.name}
        return said | {"name_normalized": self.name, "created": self.created}

    def _sharing(self, viewer: str) -> dict[str, Any]:
        said: dict[str, Any] = {"is_shared": self.is_ext_shared or bool(self.org_team_ids), "is_org_shared": bool(self.org_team_ids)}
        said |= {"is_ext_shared": self.is_ext_shared, "is_pending_ext_shared": bool(self.pending_team_ids), "context_team_id": viewer}
        internal = [self.team_id, *self.org_team_ids]
        said |= {"shared_team_ids": self.team_ids, "internal_team_ids": internal if viewer in internal else [], "pending_shared": []}
        said |= {
            "pending_connected_team_ids": list(self.pending_team_ids),
            "conversation_host_id": self.team_id,
            "parent_conversation": None,
        }
        return said | {
            "connected_team_ids": [one for one in (self.team_id, *self.guest_team_ids) if one != viewer] if self.is_ext_shared else []
        }

    def _direct(self, viewer: str, reader: str) -> dict[str, Any]:
        said: dict[str, Any] = {"id": self.id, "created": self.created, "updated": self.updated, "is_archived": self.is_archived}
        said |= {
            "is_im": True,
            "is_org_shared": bool(self.org_team_ids),
            "context_team_id": viewer,
            "is_user_deleted": False,
            "priority": 0,
        }
        return said | {"user": next((one for one in self.members if one != reader), reader)}
