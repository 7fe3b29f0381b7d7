"""What people do in a day in a workspace: every kind of change, counted."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Final

from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.people import Person
from tests.integration.slack_day.oracle import channels

COMES_AFTER: Final = {
    "unarchived": "archived",
    "made public": "made private",
    "app let in again": "app taken out of a private channel",
    "app taken out of a private channel": "private channel created",
    "unshared": "shared with a partner",
    "partner's people join": "shared with a partner",
    "person restored": "person deactivated",
    "guest became a member": "member became a guest",
    "renamed back": "renamed",
}


class Actor:
    """Acts at Slack. ``counts`` says what was done. ``is_all_told``: only where the app is, and so is told of all of it."""

    def __init__(self, world: PushedSlack, rng: Random, *, is_all_told: bool = False) -> None:
        self._is_all_told = is_all_told
        self.counts: Counter[str] = Counter()
        self.left_alone: set[str] = set()
        """Private channels that the app was taken out of."""
        self._world = world
        self._slack = world.slack
        self._rng = rng
        self._numbered = 0
        self._partner = ""
        slack = world.slack
        self._acts: dict[str, Callable[[], bool]] = {
            "channel created": lambda: self._create(is_private=False),
            "private channel created": lambda: self._create(is_private=True),
            "renamed": lambda: self._to(self._one(), lambda one: slack.rename(one.id, f"renamed-{self._number()}")),
            "renamed back": self._rename_back,
            "topic set": lambda: self._to(self._one(), lambda one: slack.set_topic(one.id, f"Topic {self._number()}")),
            "purpose set": lambda: self._to(self._one(), lambda one: slack.set_purpose(one.id, f"Purpose {self._number()}")),
            "archived": lambda: self._to(self._one(), lambda one: slack.archive(one.id)),
            "unarchived": lambda: self._to(self._one(is_archived=True), lambda one: slack.unarchive(one.id)),
            "deleted": lambda: self._to(self._one(), lambda one: slack.delete(one.id)),
            "made private": lambda: self._to(self._one(kind=Kind.PUBLIC), lambda one: slack.convert_to_private(one.id)),
            "made public": lambda: self._to(self._one(kind=Kind.PRIVATE), lambda one: slack.convert_to_public(one.id)),
            "joined": self._join,
            "left": self._leave,
            "join and leave storm": self._storm,
            "app taken out of a private channel": self._take_out,
            "app let in again": self._let_in,
            "app left a public channel": lambda: self._to(self._with_app(Kind.PUBLIC), lambda one: slack.leave(one.id, world.bot)),
            "shared with a partner": self._share,
            "partner's people join": self._stranger_joins,
            "unshared": lambda: self._to(self._one(is_shared=True), lambda one: slack.unshare(one.id, self._partner)),
            "id changed": lambda: self._to(self._one(), lambda one: slack.change_id(one.id)),
            "message written": lambda: self._to(self._one(), lambda one: slack.post(one.id, one.creator, f"Words {self._number()}")),
            "person joined the workspace": self._come,
            "guest joined the workspace": lambda: self._come(is_restricted=True),
            "bot added": lambda: self._come(is_bot=True),
            "person changed": self._change_person,
            "address changed": self._change_address,
            "member became a guest": lambda: self._turn_guest(is_restricted=True),
            "guest became a member": lambda: self._turn_guest(is_restricted=False),
            "person deactivated": self._deactivate,
            "person restored": self._restore,
        }

    def populate(self) -> None:
        """What is there before the app is connected."""
        slack, world = self._slack, self._world
        self._partner = slack.add_workspace("Partner").id
        for number in range(3):
            slack.add_person(self._partner, f"Stranger {number}", quietly=True)
        for number in range(6):
            slack.add_person(world.team_id, f"Person {number}", quietly=True)
        guest = slack.add_person(world.team_id, "Guest", is_restricted=True, quietly=True)
        for number in range(14):
            people = [one.id for one in self._rng.sample(list(self._people()), 3)]
            made = world.create(
                f"channel-{number}", members=people, is_private=number % 3 == 2, has_bot=self._is_all_told or number % 5 != 1
            )
            if number % 4 == 0:
                slack.join(made.id, guest.id, quietly=True)

    def act(self, kind: str) -> bool:
        """Do it, if it can be done now; it is then counted."""
        is_done = self._acts[kind]()
        self.counts[kind] += is_done
        return is_done

    def hurry(self, wanted: Mapping[str, int]) -> bool:
        """Do what was not done as often as wanted, and what has to come before it. Returns whether there was anything."""
        unmet = [kind for kind, least in wanted.items() if self.counts[kind] < least]
        for kind in unmet:
            before = COMES_AFTER.get(kind)
            if before in COMES_AFTER:
                self.act(COMES_AFTER[before])
            if before is not None:
                self.act(before)
            self.act(kind)
        return bool(unmet)

    # One of each

    def _create(self, *, is_private: bool) -> bool:
        people = list(self._people())
        creator, members = self._rng.choice(people).id, [one.id for one in self._rng.sample(people, 2)]
        made = self._slack.create(self._world.team_id, f"made-{self._number()}", creator, is_private=is_private, members=members)
        if is_private or self._is_all_told or self._rng.random() < 0.7:
            self._slack.invite(made.id, self._world.bot, by=creator)
        return True

    def _to(self, channel: Conversation | None, act: Callable[[Conversation], object]) -> bool:
        if channel is None:
            return False
        act(channel)
        return True

    def _rename_back(self) -> bool:
        found = [one for one in self._open() if one.previous_names]
        return bool(found) and self._to(self._rng.choice(found), lambda one: self._slack.rename(one.id, one.previous_names[0]))

    def _join(self) -> bool:
        channel, person = self._one(), self._rng.choice(list(self._people()))
        if channel is None or person.id in channel.members:
            return False
        self._slack.invite(channel.id, person.id, by=channel.creator)
        return True

    def _leave(self) -> bool:
        channel = self._one()
        people = [] if channel is None else [one for one in channel.members if one != self._world.bot]
        if channel is None or len(people) < 2:
            return False
        self._slack.leave(channel.id, self._rng.choice(people))
        return True

    def _storm(self) -> bool:
        channel, people = self._one(), self._rng.sample(list(self._people()), 3)
        if channel is None:
            return False
        for _ in range(4):
            for person in people:
                move = self._slack.leave if person.id in channel.members else self._slack.join
                move(channel.id, person.id)
        return True

    def _take_out(self) -> bool:
        channel = self._with_app(Kind.PRIVATE)
        if channel is None:
            return False
        self._slack.kick(channel.id, self._world.bot, by=channel.creator)
        self.left_alone.add(channel.id)
        return True

    def _let_in(self) -> bool:
        found = [one for one in self._slack.channels(kind=Kind.PRIVATE) if one.id in self.left_alone and self._world.bot not in one.members]
        if not found:
            return False
        channel = self._rng.choice(found)
        self._slack.invite(channel.id, self._world.bot, by=channel.creator)
        return True

    def _share(self) -> bool:
        found = [one for one in self._open() if not one.is_ext_shared]
        return bool(found) and self._to(self._rng.choice(found), lambda one: self._slack.share(one.id, self._partner))

    def _stranger_joins(self) -> bool:
        channel, stranger = self._one(is_shared=True), self._rng.choice(self._slack.people_of(self._partner))
        if channel is None or stranger.id in channel.members:
            return False
        self._slack.join(channel.id, stranger.id)
        return True

    def _come(self, *, is_restricted: bool = False, is_bot: bool = False) -> bool:
        person = self._slack.add_person(self._world.team_id, f"New {self._number()}", is_restricted=is_restricted, is_bot=is_bot)
        channel = self._one()
        if channel is not None:
            self._slack.invite(channel.id, person.id, by=channel.creator)
        return True

    def _change_person(self) -> bool:
        person, text = self._rng.choice(list(self._people())), f"Said {self._number()}"
        change = self._slack.change_person
        self._rng.choice(
            (
                lambda: change(person.id, title=text),
                lambda: change(person.id, real_name=text),
                lambda: change(person.id, display_name=text),
            )
        )()
        return True

    def _change_address(self) -> bool:
        self._slack.change_person(self._rng.choice(list(self._people())).id, email=f"person-{self._number()}@pretend.example")
        return True

    def _turn_guest(self, *, is_restricted: bool) -> bool:
        found = [one for one in self._people() if one.is_restricted is not is_restricted]
        if len(found) < 3:
            return False
        self._slack.change_person(self._rng.choice(found).id, is_restricted=is_restricted)
        return True

    def _deactivate(self) -> bool:
        found = list(self._people())
        if len(found) < 6:
            return False
        self._slack.deactivate(self._rng.choice(found).id)
        return True

    def _restore(self) -> bool:
        found = [one for one in self._slack.people_of(self._world.team_id) if one.deleted and not one.is_bot]
        if not found:
            return False
        self._slack.restore(self._rng.choice(found).id)
        return True

    # What they act on

    def _people(self) -> Iterator[Person]:
        return (one for one in self._slack.people_of(self._world.team_id) if not (one.is_bot or one.deleted))

    def _open(self) -> list[Conversation]:
        """What can be acted on: the workspace's own channels, not those that a guest was left with."""
        found = self._slack.channels(team_id=self._world.team_id)
        found = [one for one in found if one.team_id == self._world.team_id and one.kind in (Kind.PUBLIC, Kind.PRIVATE)]
        return [one for one in found if self._world.bot in one.members] if self._is_all_told else found

    def _one(self, *, kind: Kind | None = None, is_archived: bool = False, is_shared: bool | None = None) -> Conversation | None:
        """By chance; often one that somebody has just touched."""
        found = [one for one in self._open() if one.is_archived is is_archived and kind in {None, one.kind}]
        found = [one for one in found if is_shared is None or one.is_ext_shared is is_shared]
        if len(found) > 6 and self._rng.random() < 0.3:
            found = sorted(found, key=lambda one: one.updated)[-6:]
        return self._rng.choice(found) if found else None

    def _with_app(self, kind: Kind) -> Conversation | None:
        seen = channels(self._world)
        found = [one for one in self._open() if one.kind is kind and one.id in seen and self._world.bot in one.members]
        return self._rng.choice(found) if len(found) > 2 else None

    def _number(self) -> int:
        self._numbered += 1
        return self._numbered
