"""Who there is: workspaces, the enterprises some of them belong to, people and bots, and groups of people."""

from dataclasses import dataclass, field
from typing import Any

AVATAR_SIZES = (24, 32, 48, 72, 192, 512)


@dataclass(slots=True, eq=False)
class Enterprise:
    """A Grid organization."""

    id: str
    name: str
    domain: str


@dataclass(slots=True, eq=False)
class Workspace:
    """``enterprise_id``: of the Grid it belongs to."""

    id: str
    name: str
    domain: str
    enterprise_id: str | None = None
    general_id: str | None = None


@dataclass(slots=True, eq=False)
class UserGroup:
    """People who are mentioned together."""

    id: str
    team_id: str
    handle: str
    name: str
    created: int
    created_by: str
    updated: int
    user_ids: list[str] = field(default_factory=list)
    description: str = ""
    is_disabled: bool = False

    def written(self, *, with_users: bool) -> dict[str, Any]:
        said: dict[str, Any] = {"id": self.id, "team_id": self.team_id, "is_usergroup": True, "is_subteam": True}
        said |= {"name": self.name, "description": self.description, "handle": self.handle, "is_external": False, "auto_type": None}
        said |= {"date_create": self.created, "date_update": self.updated, "date_delete": self.updated if self.is_disabled else 0}
        said |= {"created_by": self.created_by, "updated_by": self.created_by, "deleted_by": None, "auto_provision": False}
        said |= {"prefs": {"channels": [], "groups": []}, "user_count": len(self.user_ids)}
        return said | ({"users": list(self.user_ids)} if with_users else {})


@dataclass(slots=True, eq=False)
class Person:
    """Somebody, or a bot. ``team_ids``: every workspace of a Grid they are in; ``updated`` in seconds.

    ``is_restricted`` is a guest of several channels, ``is_ultra_restricted`` one of a single channel (and both flags are set then).
    """

    id: str
    team_id: str
    name: str
    real_name: str
    updated: int
    email: str | None = None
    display_name: str = ""
    title: str = ""
    tz: str = "Europe/London"
    is_admin: bool = False
    is_owner: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_bot: bool = False
    is_app_user: bool = False
    deleted: bool = False
    bot_id: str | None = None
    app_id: str | None = None
    enterprise_id: str | None = None
    team_ids: list[str] = field(default_factory=list)

    @property
    def teams(self) -> list[str]:
        return self.team_ids or [self.team_id]

    def written(self, *, is_stranger: bool | None, with_email: bool) -> dict[str, Any]:
        """As an app sees them. ``is_stranger``: of somebody of another workspace alone, whether they share no channel with it."""
        said: dict[str, Any] = {"id": self.id, "team_id": self.team_id, "name": self.name, "deleted": self.deleted, "profile": {}}
        said |= {"is_bot": self.is_bot, "is_app_user": self.is_app_user, "updated": self.updated}
        if not self.deleted:
            said |= {"color": "9f69e7", "real_name": self.real_name, "tz": self.tz, "tz_label": self.tz, "tz_offset": 0}
            said |= {"is_admin": self.is_admin, "is_owner": self.is_owner, "is_primary_owner": False, "is_restricted": self.is_restricted}
            said |= {
                "is_ultra_restricted": self.is_ultra_restricted,
                "is_email_confirmed": not self.is_bot,
                "who_can_share_contact_card": "EVERYONE",
            }
        if is_stranger is not None:
            said |= {"is_stranger": is_stranger}
        if self.enterprise_id is not None:
            said |= {"enterprise_user": self._enterprise_user()}
        return said | {"profile": self.profile(with_email=with_email)}

    def profile(self, *, with_email: bool) -> dict[str, Any]:
        first, _, last = self.real_name.partition(" ")
        said: dict[str, Any] = {"title": self.title, "phone": "", "skype": "", "real_name": self.real_name}
        said |= {"real_name_normalized": self.real_name, "display_name": self.display_name, "display_name_normalized": self.display_name}
        said |= {"fields": {}, "status_text": "", "status_emoji": "", "status_emoji_display_info": [], "status_expiration": 0}
        said |= {
            "avatar_hash": f"g{self.id[-8:].lower()}",
            "first_name": first,
            "last_name": last,
            "status_text_canonical": "",
            "team": self.team_id,
        }
        said |= {f"image_{size}": f"https://avatars.pretend.example/{self.id}-{size}.png" for size in AVATAR_SIZES}
        if self.bot_id is not None:
            said |= {"api_app_id": self.app_id, "always_active": True, "bot_id": self.bot_id}
        if with_email and self.email is not None:
            said |= {"email": self.email}
        return said

    def bot_profile(self) -> dict[str, Any]:
        """As a bot's messages have it."""
        icons = {f"image_{size}": f"https://avatars.pretend.example/{self.bot_id}-{size}.png" for size in (36, 48, 72)}
        said: dict[str, Any] = {"id": self.bot_id, "deleted": self.deleted, "name": self.name, "updated": self.updated}
        return said | {"app_id": self.app_id, "icons": icons, "team_id": self.team_id}

    def _enterprise_user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "enterprise_id": self.enterprise_id,
            "enterprise_name": "",
            "is_admin": self.is_admin,
            "is_owner": self.is_owner,
            "is_primary_owner": False,
            "teams": list(self.teams),
        }
