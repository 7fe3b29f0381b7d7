"""``users.list``, ``.info``, ``.lookupByEmail``, ``usergroups.list`` and ``usergroups.users.list``."""

from typing import Any, Final

from devtools.vendors.slack.api.asking import Answer, Question, listed
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.people import Person

_USUAL: Final = 200
"""Rows, where no limit is named. The vendor then tries to answer with everybody, and refuses where that is too much."""


def list_users(question: Question) -> Answer:
    """Everybody of the workspace, those who are gone included."""
    team_id = question.team_id()
    page = listed(question, {person.id: person for person in question.world.people_of(team_id)}, question.limit(_USUAL))
    rows = [_written(question, person) for person in page.rows]
    return Answer({"members": rows, "cache_ts": question.world.stamps.seconds()} | page.metadata, len(rows), "members")


def info(question: Question) -> Answer:
    """Somebody of the workspace, or of another one who is in one of its channels."""
    user_id = question.call.user = question.required("user", "user_not_found")
    person = question.world.people.get(user_id)
    if person is None or not _is_visible(question, person):
        raise Refused("user_not_found")
    return Answer({"user": _written(question, person)})


def by_email(question: Question) -> Answer:
    email = question.required("email", "users_not_found")
    found = [
        one for team in question.installation.teams for one in question.world.people_of(team) if one.email == email and not one.deleted
    ]
    if not found:
        raise Refused("users_not_found")
    return Answer({"user": _written(question, found[0])})


def list_groups(question: Question) -> Answer:
    team_id = question.team_id()
    with_users, with_disabled = question.is_set("include_users"), question.is_set("include_disabled")
    found = [one for one in question.world.groups.values() if one.team_id == team_id and (with_disabled or not one.is_disabled)]
    return Answer({"usergroups": [one.written(with_users=with_users) for one in found]}, len(found), "usergroups")


def users_of_group(question: Question) -> Answer:
    group = question.world.groups.get(question.required("usergroup", "no_such_subteam"))
    if group is None or group.team_id not in question.installation.teams:
        raise Refused("no_such_subteam")
    return Answer({"users": list(group.user_ids)}, len(group.user_ids), "users")


def _written(question: Question, person: Person) -> dict[str, Any]:
    installation = question.installation
    is_stranger = question.world.is_stranger(installation, person)
    return person.written(is_stranger=is_stranger, with_email=installation.can("users:read.email"))


def _is_visible(question: Question, person: Person) -> bool:
    if set(person.teams) & set(question.installation.teams):
        return True
    teams = set(question.installation.teams)
    return any(person.id in one.members and teams & set(one.team_ids) for one in question.world.channels())
