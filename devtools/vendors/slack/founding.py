"""How the pretend Slack comes to have enterprises, workspaces, people and groups of people, and what becomes of people."""

from typing import Any

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement
from devtools.vendors.slack.apps import Installation
from devtools.vendors.slack.people import Enterprise, Person, UserGroup, Workspace
from devtools.vendors.slack.world import World


class Founding(World):
    """Operations on whoever there is. ``quietly`` in any of them: no app is told."""

    def add_enterprise(self, name: str = "Pretend Grid", *, enterprise_id: str | None = None) -> Enterprise:
        enterprise = Enterprise(enterprise_id or ids.random_id(ids.ENTERPRISE, self.rng), name, name.lower().replace(" ", "-"))
        self.enterprises[enterprise.id] = enterprise
        return enterprise

    def add_workspace(self, name: str = "Pretend", *, enterprise_id: str | None = None, team_id: str | None = None) -> Workspace:
        workspace = Workspace(team_id or ids.random_id(ids.WORKSPACE, self.rng), name, name.lower().replace(" ", "-"), enterprise_id)
        self.workspaces[workspace.id] = workspace
        return workspace

    def rename_workspace(self, team_id: str, name: str, *, quietly: bool = False) -> None:
        self.workspaces[team_id].name = name
        event = {"type": "team_rename", "name": name, "team_id": team_id, "event_ts": self.stamps.ts()}
        self.announce(Announcement(event, "team_rename", "team:read", team_ids=(team_id,)), quietly=quietly)

    def add_person(self, team_id: str, name: str, *, user_id: str | None = None, quietly: bool = False, **fields: Any) -> Person:
        """``fields``: any of ``Person``'s (``email``, ``is_restricted``, ``team_ids`` …). Without an email, one is made of the name."""
        person = self._new_person(team_id, name, user_id, fields)
        self.announce(self._about(person, "team_join"), quietly=quietly)
        return person

    def change_person(self, user_id: str, *, quietly: bool = False, **fields: Any) -> Person:
        """Any of their fields. What belongs to the profile is told twice: ``user_change`` and ``user_profile_changed``."""
        person = self.people[user_id]
        for name, value in fields.items():
            if name not in Person.__slots__:
                raise KeyError(name)
            setattr(person, name, value)
        person.updated = max(person.updated, self.stamps.seconds())
        self.announce(self._about(person, "user_change"), quietly=quietly)
        if set(fields) & {"email", "real_name", "display_name", "title"}:
            self.announce(self._about(person, "user_profile_changed"), quietly=quietly)
        return person

    def deactivate(self, user_id: str, *, quietly: bool = False) -> Person:
        """They are out of every conversation, and no ``member_left_channel`` says so."""
        for conversation in self.channels():
            conversation.members.pop(user_id, None)
        return self.change_person(user_id, deleted=True, quietly=quietly)

    def restore(self, user_id: str, *, quietly: bool = False) -> Person:
        """They come back without the conversations they were in."""
        return self.change_person(user_id, deleted=False, quietly=quietly)

    def add_group(self, team_id: str, handle: str, user_ids: list[str], *, by: str, quietly: bool = False) -> UserGroup:
        seconds = self.stamps.seconds()
        group = UserGroup(
            ids.random_id(ids.GROUP_OF_PEOPLE, self.rng), team_id, handle, handle.title(), seconds, by, seconds, list(user_ids)
        )
        self.groups[group.id] = group
        self._tell_of_group(group, {"type": "subteam_created", "subteam": group.written(with_users=True)}, quietly=quietly)
        return group

    def set_group(self, group_id: str, user_ids: list[str], *, quietly: bool = False) -> None:
        """Who is in it. Two events: ``subteam_updated`` and ``subteam_members_changed``."""
        group = self.groups[group_id]
        before, group.user_ids = group.user_ids, list(user_ids)
        added, removed = [one for one in user_ids if one not in before], [one for one in before if one not in user_ids]
        previous, group.updated = group.updated, max(group.updated, self.stamps.seconds())
        self._tell_of_group(group, {"type": "subteam_updated", "subteam": group.written(with_users=True)}, quietly=quietly)
        event = {"type": "subteam_members_changed", "subteam_id": group_id, "team_id": group.team_id, "date_previous_update": previous}
        event |= {"date_update": group.updated, "added_users": added, "added_users_count": len(added)}
        self._tell_of_group(group, event | {"removed_users": removed, "removed_users_count": len(removed)}, quietly=quietly)

    def _new_person(self, team_id: str, name: str, user_id: str | None, fields: dict[str, Any]) -> Person:
        enterprise_id = self.enterprise_of(team_id)
        made = user_id or ids.random_id(ids.PERSON if enterprise_id is None else ids.GRID_PERSON, self.rng)
        given = {"real_name": name.title(), "email": f"{name.lower().replace(' ', '.')}@pretend.example"} | fields
        person = Person(made, team_id, name.lower(), updated=self.stamps.seconds(), enterprise_id=enterprise_id, **given)
        self.people[person.id] = person
        return person

    def _about(self, person: Person, kind: str) -> Announcement:
        event_ts, seconds = self.stamps.ts(), self.stamps.seconds()

        def seen(installation: Installation) -> dict[str, Any]:
            user = person.written(is_stranger=self.is_stranger(installation, person), with_email=installation.can("users:read.email"))
            return {"type": kind, "user": user, "cache_ts": seconds, "event_ts": event_ts}

        return Announcement(seen, kind, "users:read", team_ids=tuple(person.teams), actor_team=person.team_id)

    def _tell_of_group(self, group: UserGroup, event: dict[str, Any], *, quietly: bool) -> None:
        told = Announcement(event | {"event_ts": self.stamps.ts()}, event["type"], "usergroups:read", team_ids=(group.team_id,))
        self.announce(told, quietly=quietly)
