"""Lists of Slack's, a page at a time. An org-wide installation lists one workspace after the other, in the order of their ids."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ingestion.sources.slack.answers import AccessDenied, CursorRejected, cursor_in, objects_in, text_in
from ingestion.sources.slack.belonging import ORGANIZATION
from ingestion.sources.slack.client import SlackClient
from shared.connections.connection import Connection
from shared.errors import DependencyUnavailable
from shared.streams.state import Cursor

Record = dict[str, Any]

MOST_RESTARTS: Final = 3
"""How often a list is begun anew whose cursor is not accepted any more."""
PAGE_TEAMS: Final = "200"


@dataclass(frozen=True)
class ListOf:
    """What is listed."""

    method: str
    name: str
    """Under which the answer has it."""
    form: Mapping[str, str]


CHANNELS: Final = ListOf("conversations.list", "channels", {"types": "public_channel,private_channel", "exclude_archived": "false"})
PEOPLE: Final = ListOf("users.list", "members", {"include_locale": "true"})


@dataclass(frozen=True)
class Listed:
    """One page."""

    records: list[Record]
    at: datetime
    following: Cursor | None
    """None: it was the last one."""
    is_denied: bool = False
    """The workspace it would be of is not to be seen by the app."""


class Lists:
    """The lists of one connection."""

    def __init__(self, connection: Connection, client: SlackClient) -> None:
        self._is_org_wide = connection.account.startswith(ORGANIZATION)
        self._client = client

    async def page(self, what: ListOf, cursor: Cursor | None, *, limit: int, is_live: bool) -> Listed:
        """The page that a cursor leads to; the first one without. Each record once, by its id.

        Raises:
            DependencyUnavailable: the vendor accepts no cursor of its own.
            PipelineError: as ``SlackClient.ask``.
        """
        cursor = cursor or {}
        team = text_in(cursor, "team")
        if self._is_org_wide and team is None:
            team = await self._team_after("", is_live=is_live)
            if team is None:
                return Listed([], self._client.vendor_now(), None)
        form = {**what.form, "limit": str(limit), **({} if team is None else {"team_id": team})}
        place = text_in(cursor, "cursor")
        try:
            answer = await self._client.ask(what.method, form if place is None else {**form, "cursor": place}, is_live=is_live)
        except CursorRejected as error:
            return Listed([], self._client.vendor_now(), _restarted(cursor, team, error))
        except AccessDenied:
            if team is None:
                raise
            return Listed([], self._client.vendor_now(), await self._next_team(team, cursor, is_live=is_live), is_denied=True)
        rows = answer.body.get(what.name)
        if not isinstance(rows, list):
            raise DependencyUnavailable(f"Slack {what.method}: the answer holds no list")
        records = {str(record["id"]): record for record in objects_in(rows) if text_in(record, "id")}
        following = cursor_in(answer.body)
        if following is not None:
            return Listed(list(records.values()), answer.at, {**_kept(cursor, team), "cursor": following})
        return Listed(list(records.values()), answer.at, await self._next_team(team, cursor, is_live=is_live))

    async def _next_team(self, team: str | None, cursor: Cursor, *, is_live: bool) -> Cursor | None:
        following = None if team is None else await self._team_after(team, is_live=is_live)
        return None if following is None else _kept(cursor, following)

    async def _team_after(self, team: str, *, is_live: bool) -> str | None:
        """The next workspace of those that the organization's app was given."""
        later: list[str] = []
        form = {"limit": PAGE_TEAMS}
        while True:
            body = (await self._client.ask("auth.teams.list", form, is_live=is_live)).body
            later += [found for one in objects_in(body.get("teams")) if (found := text_in(one, "id")) is not None and found > team]
            place = cursor_in(body)
            if place is None:
                return min(later, default=None)
            form = {"limit": PAGE_TEAMS, "cursor": place}


def _kept(cursor: Cursor, team: str | None) -> dict[str, Any]:
    restarts = {"restarts": cursor["restarts"]} if "restarts" in cursor else {}
    return {**restarts, **({} if team is None else {"team": team})}


def _restarted(cursor: Cursor, team: str | None, error: CursorRejected) -> Cursor:
    said = cursor.get("restarts")
    restarts = said if isinstance(said, int) else 0
    if restarts >= MOST_RESTARTS:
        raise DependencyUnavailable(f"{error}, again and again") from error
    return {**_kept(cursor, team), "restarts": restarts + 1}
