"""Who there is: people, groups and domains, and as whom each of them is let in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random

from devtools.vendors.gdrive.ids import domain_permission_id, permission_id

ANYONE = "anyone"


@dataclass(slots=True, eq=False)
class User:
    """``id`` is the permission id, too; ``root_id`` the folder that is their My Drive."""

    id: str
    email: str
    name: str
    root_id: str
    is_admin: bool = False
    is_suspended: bool = False
    is_deleted: bool = False

    @property
    def domain(self) -> str:
        return self.email.partition("@")[2]

    @property
    def is_active(self) -> bool:
        return not (self.is_suspended or self.is_deleted)


@dataclass(slots=True, eq=False)
class Group:
    """``members``: emails of people and of other groups."""

    id: str
    email: str
    name: str
    members: list[str] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return self.email.partition("@")[2]


class People:
    """By email, in the order in which they came."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}

    def new_id(self, rng: Random) -> str:
        return permission_id(rng)

    def user(self, email: str) -> User:
        """Raises KeyError: there is nobody of that address."""
        return self.users[email]

    def active(self) -> Iterator[User]:
        return (user for user in self.users.values() if not user.is_deleted)

    def groups_of(self, email: str) -> list[Group]:
        """Those somebody belongs to, through other groups, too."""
        found: dict[str, Group] = {}
        waiting = [email]
        while waiting:
            member = waiting.pop()
            for group in self.groups.values():
                if member in group.members and group.email not in found:
                    found[group.email] = group
                    waiting.append(group.email)
        return list(found.values())

    def members_of(self, group: Group, *, derived: bool) -> list[str]:
        """Direct members, or everybody who belongs to it through other groups, too; those groups themselves are left out then."""
        if not derived:
            return list(group.members)
        found: dict[str, None] = {}
        seen, waiting = {group.email}, list(group.members)
        while waiting:
            member = waiting.pop(0)
            inner = self.groups.get(member)
            if inner is None:
                found[member] = None
            elif inner.email not in seen:
                seen.add(inner.email)
                waiting.extend(inner.members)
        return list(found)

    def permission_ids(self, email: str) -> set[str]:
        """As whom somebody is let in: themselves, their groups, their domain, anyone."""
        own = {self.users[email].id, domain_permission_id(self.users[email].domain), ANYONE}
        return own | {group.id for group in self.groups_of(email)}

    def kind_of(self, grantee: str) -> str:
        """``user``, ``group``, ``domain`` or ``anyone``."""
        if grantee == ANYONE:
            return ANYONE
        if "@" not in grantee:
            return "domain"
        return "group" if grantee in self.groups else "user"

    def permission_id(self, grantee: str) -> str:
        """Raises KeyError: there is no such user or group."""
        match self.kind_of(grantee):
            case "anyone":
                return ANYONE
            case "domain":
                return domain_permission_id(grantee)
            case "group":
                return self.groups[grantee].id
        return self.users[grantee].id

    def within(self, domain: str | None) -> tuple[Iterable[User], Iterable[Group]]:
        """Of one domain, or of all."""
        users = [user for user in self.users.values() if domain in {None, user.domain} and not user.is_deleted]
        return users, [group for group in self.groups.values() if domain in {None, group.domain}]
