"""Many people and channels at once, which no app is told of."""

from devtools.vendors.slack import ids
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.people import Person
from devtools.vendors.slack.world import World

_ADJECTIVES = ("amber", "brisk", "calm", "deep", "early", "fair", "green", "high", "inner", "jolly", "kind", "long", "mild", "north")
_NOUNS = ("harbour", "garden", "ledger", "signal", "bridge", "market", "studio", "orchard", "engine", "library", "kitchen", "atlas")


def populate(
    world: World,
    team_id: str,
    *,
    users: int = 0,
    channels: int = 0,
    members_per_channel: int = 0,
    private_share: float = 0.0,
    bots: tuple[str, ...] = (),
) -> list[str]:
    """The ids of the new channels. Their members are of everybody who is in the workspace by then; ``bots`` are in each of them."""
    run, seconds, milliseconds = ids.run_of(world.rng), world.stamps.seconds(), world.stamps.milliseconds()
    enterprise_id = world.enterprise_of(team_id)
    for number in range(users):
        name = f"{_ADJECTIVES[number % len(_ADJECTIVES)]} {_NOUNS[number % len(_NOUNS)]} {number}"
        made = ids.numbered_id(ids.PERSON if enterprise_id is None else ids.GRID_PERSON, run, number)
        email = f"{name.replace(' ', '.')}@pretend.example"
        world.people[made] = Person(made, team_id, name, name.title(), seconds, email, f"user{number}", enterprise_id=enterprise_id)
    everybody = [person.id for person in world.people_of(team_id) if not person.is_bot and not person.deleted]
    if channels and not everybody:
        raise ValueError("a channel needs somebody who creates it")
    found = []
    for number in range(channels):
        kind = Kind.PRIVATE if world.rng.random() < private_share else Kind.PUBLIC
        members = world.rng.sample(everybody, max(1, min(members_per_channel, len(everybody))))
        name = f"{_ADJECTIVES[number % len(_ADJECTIVES)]}-{_NOUNS[number % len(_NOUNS)]}-{number}"
        made = ids.numbered_id(ids.CHANNEL, run, number)
        conversation = Conversation(made, kind, team_id, name, members[0], seconds, milliseconds)
        conversation.members = dict.fromkeys((*members, *bots), seconds)
        world.conversations[made] = conversation
        found.append(made)
    return found
