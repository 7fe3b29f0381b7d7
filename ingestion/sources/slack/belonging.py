"""Whether somebody is of another organization. Slack says it only implicitly, and we say it in a field of our own, ``is_external``.

Slack's ``is_stranger`` is something else: it is true of whoever shares no channel with the app, and false, or missing, of a partner who
does (Slack Connect). External is whoever is not of the workspace that is connected, or, of an organization's app, not of the organization.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

ORGANIZATION: Final = "E"
"""How the ids of organizations begin."""
IS_EXTERNAL: Final = "is_external"


def with_belonging(person: Mapping[str, Any], account: str) -> dict[str, Any]:
    """The user object with ``is_external``, as seen from the connected account; without it, where the object does not say where they are.

    ``account``: the workspace (``T…``) or the organization (``E…``) the app is installed in.
    """
    said = {name: value for name, value in person.items() if name != IS_EXTERNAL}
    is_external = _is_external(person, account)
    return said if is_external is None else {**said, IS_EXTERNAL: is_external}


def _is_external(person: Mapping[str, Any], account: str) -> bool | None:
    """None: it cannot be told."""
    if person.get("is_stranger") is True:
        return True
    user = person.get("enterprise_user")
    user = user if isinstance(user, Mapping) else None
    team = _id(person.get("team_id"))
    teams = None if user is None else user.get("teams")
    enterprises = [one for one in (_id(person.get("enterprise_id")), _id((user or {}).get("enterprise_id"))) if one is not None]
    if account in (team, *enterprises, *_ids(teams)):
        return False
    if account.startswith(ORGANIZATION):
        # Whoever is of no organization at all has no ``enterprise_user``; one that names no organization says nothing.
        return True if enterprises or (user is None and team is not None) else None
    # In a Grid the team may be the organization: only the list says then of which workspaces.
    return True if isinstance(teams, list) or (team is not None and not team.startswith(ORGANIZATION)) else None


def _ids(teams: object) -> Iterator[str]:
    yield from (one for one in teams if isinstance(one, str)) if isinstance(teams, list) else ()


def _id(said: object) -> str | None:
    return said if isinstance(said, str) and said else None
