"""Apps, where they are installed, and the tokens they have there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

READING: Final = (
    *("channels:read", "channels:history", "groups:read", "groups:history", "im:read", "im:history", "mpim:read", "mpim:history"),
    *("users:read", "users:read.email", "team:read", "usergroups:read", "files:read"),
)
"""Every scope that something here asks for."""
EVENTS: Final = (
    *("channel_created", "channel_rename", "channel_archive", "channel_unarchive", "channel_deleted", "channel_left"),
    *("channel_history_changed", "channel_id_changed", "channel_shared", "channel_unshared", "channel_posting_permissions"),
    *("group_rename", "group_archive", "group_unarchive", "group_deleted", "group_left", "group_history_changed"),
    *("member_joined_channel", "member_left_channel", "message.channels", "message.groups", "message.im", "message.mpim"),
    *("team_join", "user_change", "user_profile_changed", "team_rename", "subteam_created", "subteam_updated", "subteam_members_changed"),
    *("app_uninstalled", "tokens_revoked", "team_access_granted", "team_access_revoked"),
)
"""All that an app can be told of here, by the name it subscribes with."""


class State(StrEnum):
    """What a token is good for: everything, or the error that it gets."""

    GOOD = ""
    REVOKED = "token_revoked"
    EXPIRED = "token_expired"
    INACTIVE = "account_inactive"


@dataclass(slots=True, eq=False)
class Installation:
    """Of one app in one workspace, or in a whole enterprise (``enterprise_id`` without ``team_id``; ``team_ids``: where it may look then).

    ``token`` is the newest one. ``is_active``: it has not been uninstalled.
    """

    app_id: str
    bot_user_id: str
    bot_id: str
    scopes: set[str]
    team_id: str | None = None
    enterprise_id: str | None = None
    team_ids: list[str] = field(default_factory=list)
    installer: str = ""
    token: str = ""
    refresh_token: str | None = None
    is_active: bool = True

    @property
    def is_org_wide(self) -> bool:
        return self.team_id is None

    @property
    def teams(self) -> list[str]:
        """The workspaces it may look into."""
        return list(self.team_ids) if self.team_id is None else [self.team_id]

    @property
    def place(self) -> str:
        """The workspace or, of an org-wide one, the enterprise."""
        return self.team_id or self.enterprise_id or ""

    def can(self, *scopes: str) -> bool:
        """Whether it has any of these; with none to have, it can."""
        return not scopes or any(scope in self.scopes for scope in scopes)


@dataclass(slots=True, eq=False)
class Token:
    """``expires_at``: only with token rotation."""

    text: str
    installation: Installation
    state: State = State.GOOD
    expires_at: datetime | None = None


@dataclass(slots=True, eq=False)
class App:
    """What is set up at the vendor. ``signing_secrets``: the first one signs; ``events``: what it subscribed to.

    ``is_limited``: it is sold outside the Marketplace, so history and replies are one call per minute and 15 rows; ``limited_methods``:
    others that are to be one call per minute, too. ``is_disabled``: the vendor has stopped its events.
    """

    app_id: str
    name: str
    client_id: str
    client_secret: str
    signing_secrets: list[str]
    verification_token: str
    app_token: str
    request_url: str | None = None
    events: set[str] = field(default_factory=lambda: set(EVENTS))
    app_scopes: set[str] = field(default_factory=lambda: {"authorizations:read"})
    rotates_tokens: bool = False
    is_limited: bool = False
    limited_methods: set[str] = field(default_factory=set)
    is_disabled: bool = False
    installations: list[Installation] = field(default_factory=list)

    @property
    def signing_secret(self) -> str:
        return self.signing_secrets[0]

    def active(self) -> Iterable[Installation]:
        """In the order in which they were made."""
        return (one for one in self.installations if one.is_active)

    def at(self, place: str) -> Installation | None:
        """Of a workspace or an enterprise; the one that is active where there were several."""
        found = [one for one in self.installations if one.place == place]
        return next((one for one in found if one.is_active), found[-1] if found else None)

    def authorization(self, installation: Installation, team_id: str | None) -> dict[str, Any]:
        """As events and ``apps.event.authorizations.list`` have it."""
        said: dict[str, Any] = {"enterprise_id": installation.enterprise_id, "team_id": team_id, "user_id": installation.bot_user_id}
        return said | {"is_bot": True, "is_enterprise_install": installation.is_org_wide}
