"""The Admin SDK's directory: people and groups of a domain, and who belongs to a group. For administrators alone.

Lacks ``query``, ``orderBy``, organizational units, aliases and groups' settings; ``customer=my_customer`` is everybody there is.
"""

from typing import Any

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.people import Group, User


def list_users(asked: Question) -> Answer:
    _check(asked)
    users, _ = asked.drive.people.within(_domain(asked))
    return _page(asked, "users", [_user(user) for user in users], 100, 500)


def list_groups(asked: Question) -> Answer:
    """``userKey``: those somebody belongs to directly."""
    _check(asked)
    member = asked.text("userKey")
    domain = None if member and not asked.text("domain") else _domain(asked)
    _, groups = asked.drive.people.within(domain)
    asked.call.file_id = member or asked.call.file_id
    return _page(asked, "groups", [_group(group) for group in groups if not member or member in group.members], 200, 200)


def list_members(asked: Question) -> Answer:
    _check(asked)
    key = asked.request.match_info["group_key"]
    asked.call.file_id = key
    people = asked.drive.people
    group = next((one for one in people.groups.values() if key in {one.id, one.email}), None)
    if group is None:
        raise refusals.refused(404, "notFound", f"Resource Not Found: {key}")
    members = people.members_of(group, derived=asked.flag("includeDerivedMembership"))
    return _page(asked, "members", [_member(asked, email) for email in members], 200, 200)


def _check(asked: Question) -> None:
    if not asked.user.is_admin:
        raise refusals.refused(403, "forbidden", "Not Authorized to access this resource/api")


def _domain(asked: Question) -> str | None:
    domain = asked.text("domain")
    if not domain and not asked.text("customer"):
        raise refusals.refused(400, "badRequest", "Bad Request")
    asked.call.file_id = domain or asked.text("customer")
    return domain or None


def _page(asked: Question, name: str, rows: list[dict[str, Any]], default: int, most: int) -> Answer:
    page = asked.page(rows, "maxResults", default, most)
    body: dict[str, Any] = {"kind": f"admin#directory#{name}", "etag": '"pretend"'}
    body |= {name: list(page.rows)} if page.rows else {}
    if page.token is not None:
        body["nextPageToken"] = page.token
    return Answer(asked.wanted("*", {}).apply(body), rows=len(page.rows))


def _user(user: User) -> dict[str, Any]:
    given, _, family = user.name.partition(" ")
    return {
        "kind": "admin#directory#user",
        "id": user.id,
        "primaryEmail": user.email,
        "name": {"givenName": given, "familyName": family, "fullName": user.name},
        "isAdmin": user.is_admin,
        "suspended": user.is_suspended,
        "archived": False,
        "orgUnitPath": "/",
    }


def _group(group: Group) -> dict[str, Any]:
    said = {"kind": "admin#directory#group", "id": group.id, "email": group.email, "name": group.name, "description": ""}
    return {**said, "directMembersCount": str(len(group.members)), "adminCreated": True}


def _member(asked: Question, email: str) -> dict[str, Any]:
    people = asked.drive.people
    kind = "GROUP" if email in people.groups else "USER"
    said: dict[str, Any] = {"kind": "admin#directory#member", "email": email, "role": "MEMBER", "type": kind}
    one = people.groups.get(email) or people.users.get(email)
    if one is not None:
        said |= {"id": one.id, "status": "SUSPENDED" if isinstance(one, User) and one.is_suspended else "ACTIVE"}
    return said
