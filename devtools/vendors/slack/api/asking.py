"""One request as the methods see it: who asks, what for, and what they may see."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from devtools.vendors.slack.api.ledger import Call
from devtools.vendors.slack.api.refusals import Refused, missing_argument, missing_scope
from devtools.vendors.slack.apps import App, Installation
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.pretend import PretendSlack

T = TypeVar("T")
LARGEST_PAGE: Final = 999
_CURSOR: Final = "next"


@dataclass
class Answer:
    """``rows``: how many things it tells of; ``listed``: the name they have in the body."""

    body: dict[str, Any]
    rows: int = 1
    listed: str = ""


@dataclass(frozen=True)
class Page:
    """``next_cursor`` is empty at the end."""

    rows: Sequence[Any]
    next_cursor: str

    @property
    def metadata(self) -> dict[str, Any]:
        return {"response_metadata": {"next_cursor": self.next_cursor}}


@dataclass
class Question:
    """``arguments``: by their names, all of them text. ``installation`` and ``app`` are whose the token is."""

    world: PretendSlack
    arguments: Mapping[str, str]
    call: Call
    app: App
    installation: Installation
    base_url: str = ""

    def required(self, name: str, error: str | None = None) -> str:
        """Raises Refused: it is not there."""
        value = self.arguments.get(name, "")
        if not value:
            raise Refused(error) if error is not None else missing_argument(name)
        return value

    def is_set(self, name: str) -> bool:
        return self.arguments.get(name, "").lower() in {"true", "1"}

    def team_id(self) -> str:
        """The workspace that is asked about: the token's own; of an org-wide one the one that is named.

        Raises:
            Refused: ``missing_argument``, ``team_not_found`` or ``team_access_not_granted``.
        """
        if self.installation.team_id is not None:
            return self.installation.team_id
        team_id = self.required("team_id")
        self.call.team = team_id
        if team_id not in self.world.workspaces:
            raise Refused("team_not_found")
        if team_id not in self.installation.team_ids:
            raise Refused("team_access_not_granted")
        return team_id

    def need(self, *scopes: str) -> None:
        """Raises Refused: it has none of these."""
        if not self.installation.can(*scopes):
            raise missing_scope(",".join(scopes), ",".join(sorted(self.installation.scopes)))

    def conversation(self, right: str, argument: str = "channel") -> Conversation:
        """The one that is asked about. ``right``: ``read`` or ``history``, of its kind.

        Raises:
            Refused: ``channel_not_found``, it is not there or not to be seen; ``missing_scope``.
        """
        channel_id = self.required(argument, "channel_not_found")
        self.call.channel = channel_id
        found = self.world.conversations.get(channel_id)
        while (found is None or not self.sees(found)) and self.world.knobs.old_ids_answer and channel_id in self.world.replaced:
            channel_id = self.world.replaced[channel_id]
            found = self.world.conversations.get(channel_id)
        if found is None or not self.sees(found):
            raise Refused("channel_not_found")
        self.need(found.scope(right))
        return found

    def sees(self, conversation: Conversation) -> bool:
        return self.world.sees(self.installation, conversation)

    def is_member(self, conversation: Conversation) -> bool:
        return self.installation.bot_user_id in conversation.members

    def viewer(self, conversation: Conversation) -> str:
        """The workspace it is seen from."""
        return next(team for team in conversation.team_ids if team in self.installation.teams)

    def kinds(self) -> set[Kind]:
        """Of ``types``. Raises Refused: ``invalid_types``, or a scope is missing."""
        try:
            kinds = {Kind(one.strip()) for one in (self.arguments.get("types") or Kind.PUBLIC).split(",")}
        except ValueError as error:
            raise Refused("invalid_types") from error
        rights = {Kind.PUBLIC: "channels:read", Kind.PRIVATE: "groups:read", Kind.SEVERAL: "mpim:read", Kind.DIRECT: "im:read"}
        for kind in sorted(kinds):
            self.need(rights[kind])
        return kinds

    def limit(self, usual: int, largest: int = LARGEST_PAGE) -> int:
        """Rows per page. Raises Refused: ``invalid_limit``."""
        text = self.arguments.get("limit") or str(usual)
        if text == "0":
            text = str(usual)
        if not text.isdecimal() or not 1 <= int(text) <= largest:
            raise Refused("invalid_limit")
        self.call.limit = int(text)
        return int(text)

    def cursor(self) -> str:
        """The key after which the page begins; empty for the first one. Raises Refused: ``invalid_cursor``."""
        text = self.call.cursor = self.arguments.get("cursor", "")
        if not text:
            return ""
        try:
            begins, operation, key = base64.b64decode(text, validate=True).decode().split("|")
        except (ValueError, binascii.Error) as error:
            raise Refused("invalid_cursor") from error
        if begins != _CURSOR or operation != self.call.operation or not key:
            raise Refused("invalid_cursor")
        return key

    def page(self, rows: Sequence[T], keys: Sequence[str], limit: int, *, after: str) -> Page:
        """The first ``limit`` of ``rows``, which all come after the cursor ``after``. ``keys``: where a page that ends with it goes on."""
        knobs = self.world.knobs
        if knobs.empty_pages > 0 and rows:
            knobs.empty_pages -= 1
            return Page((), self._sealed(after or "-"))
        size = limit if knobs.short_pages is None else min(limit, knobs.short_pages)
        if len(rows) <= size:
            return Page(rows, "")
        return Page(rows[:size], self._sealed(keys[size - 1]))

    def _sealed(self, key: str) -> str:
        return base64.b64encode(f"{_CURSOR}|{self.call.operation}|{key}".encode()).decode()


def listed(question: Question, rows: Mapping[str, T], limit: int) -> Page:
    """A page of what has ids, by these: what comes and goes meanwhile does not move the others. A cursor of ``-`` is the beginning."""
    cursor = question.cursor()
    after = "" if cursor == "-" else cursor
    keys = sorted(key for key in rows if key > after)
    return question.page([rows[key] for key in keys], keys, limit, after=after)
