"""What a pretend Slack holds, by its ids, and how an event of it reaches the apps: the ground that every operation stands on."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random

from devtools.vendors.slack import ids
from devtools.vendors.slack.announcements import Announcement, Outgoing, envelope, receivers
from devtools.vendors.slack.apps import App, Installation, Token
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.knobs import Knobs
from devtools.vendors.slack.people import Enterprise, Person, UserGroup, Workspace
from devtools.vendors.slack.stamps import Stamps

_KEPT = 200_000
"""How many events ``emitted`` remembers."""


class World:
    """State without operations. ``listeners`` are told of every event for an app as it happens, in order.

    ``replaced``: ids that channels had before, to the new ones. All lookups raise KeyError where there is no such thing.
    """

    def __init__(self, rng: Random, now: Callable[[], datetime]) -> None:
        self.rng = rng
        self.now = now
        self.stamps = Stamps(now)
        self.knobs = Knobs()
        self.enterprises: dict[str, Enterprise] = {}
        self.workspaces: dict[str, Workspace] = {}
        self.people: dict[str, Person] = {}
        self.groups: dict[str, UserGroup] = {}
        self.conversations: dict[str, Conversation] = {}
        self.replaced: dict[str, str] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.listeners: list[Callable[[Outgoing], None]] = []
        self.emitted: deque[Outgoing] = deque(maxlen=_KEPT)

    def person(self, user_id: str) -> Person:
        return self.people[user_id]

    def channel(self, channel_id: str) -> Conversation:
        """One that is there: a deleted one is not."""
        found = self.conversations[channel_id]
        if found.is_deleted:
            raise KeyError(channel_id)
        return found

    def app(self, app_id: str | None = None) -> App:
        """The first one, without an id."""
        return self.apps[app_id] if app_id is not None else next(iter(self.apps.values()))

    def workspace(self, team_id: str | None = None) -> Workspace:
        """The first one, without an id."""
        return self.workspaces[team_id] if team_id is not None else next(iter(self.workspaces.values()))

    def channels(self, *, team_id: str | None = None, kind: Kind | None = None) -> list[Conversation]:
        """All there are; of one workspace, of one kind."""
        every = (one for one in self.conversations.values() if not one.is_deleted)
        return [one for one in every if (team_id is None or team_id in one.team_ids) and kind in {None, one.kind}]

    def people_of(self, team_id: str) -> list[Person]:
        return [person for person in self.people.values() if team_id in person.teams]

    def bots_in(self, conversation: Conversation) -> Iterable[Installation]:
        """The installations whose bot is in it."""
        every = (one for app in self.apps.values() for one in app.active())
        return (one for one in every if one.bot_user_id in conversation.members)

    def sees(self, installation: Installation, conversation: Conversation) -> bool:
        """Whether the Web API lets it know that there is such a conversation."""
        if conversation.is_deleted or not set(conversation.team_ids) & set(installation.teams):
            return False
        return conversation.kind is Kind.PUBLIC or installation.bot_user_id in conversation.members

    def is_stranger(self, installation: Installation, person: Person) -> bool | None:
        """Whether somebody of another workspace shares no channel with the app; None: they are of one it is installed in."""
        if set(person.teams) & set(installation.teams):
            return None
        return not any(person.id in one.members and self.sees(installation, one) for one in self.conversations.values())

    def enterprise_of(self, team_id: str) -> str | None:
        workspace = self.workspaces.get(team_id)
        return workspace.enterprise_id if workspace is not None else None

    def announce(self, told: Announcement, *, quietly: bool = False) -> None:
        """To each app once, for the first of its installations that it reaches; to nobody where it is done quietly."""
        if quietly:
            return
        enterprises = {one.id: one.enterprise_id for one in self.workspaces.values()}
        for app in self.apps.values():
            reached = receivers(app, told)
            if not reached:
                continue
            event_id, seconds = ids.random_id(ids.EVENT, self.rng), self.stamps.seconds()
            outgoing = envelope(app, told, reached[0], enterprises, self.knobs, event_id=event_id, seconds=seconds)
            self.emitted.append(outgoing)
            for listener in self.listeners:
                listener(outgoing)

    def touch(self, conversation: Conversation) -> None:
        """A setting has changed."""
        conversation.updated = max(conversation.updated, self.stamps.milliseconds())
