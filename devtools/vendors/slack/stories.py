"""What happens in a workspace on a busy day: one mixed change after the other, by chance."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.pretend import PretendSlack


def change_something(world: PretendSlack, channel_ids: Sequence[str], *, quietly: bool = False) -> str:
    """To one of these channels or one of its people; what, in one word. Ids that are gone meanwhile are passed over, and with an archived
    channel nothing can be done but to open it again.

    Raises:
        ValueError: none of them is there.
    """
    found = [world.conversations[one] for one in channel_ids if one in world.conversations and not world.conversations[one].is_deleted]
    if not found:
        raise ValueError("there is no such channel to change")
    conversation = world.rng.choice(found)
    by_chance = world.rng.choices(list(_STORIES), weights=list(_STORIES.values()))[0]
    story = _archive if conversation.is_archived else by_chance
    story(world, conversation, quietly=quietly)
    return story.__name__.lstrip("_")


async def burst(
    world: PretendSlack,
    channel_ids: Sequence[str],
    *,
    count: int,
    per_second: float,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Counter[str]:
    """``count`` changes, so many in a second (0: as fast as it goes); how many of each sort."""
    done: Counter[str] = Counter()
    began = asyncio.get_running_loop().time()
    for number in range(count):
        done[change_something(world, channel_ids)] += 1
        due_at = began + (number + 1) / per_second if per_second else 0.0
        await sleep(max(due_at - asyncio.get_running_loop().time(), 0.0))
    return done


def _rename(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    world.rename(one.id, f"{one.name.partition('--')[0]}--{world.rng.randrange(10_000)}", quietly=quietly)


def _topic(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    world.set_topic(one.id, f"topic {world.rng.randrange(10_000)}", quietly=quietly)


def _purpose(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    world.set_purpose(one.id, f"purpose {world.rng.randrange(10_000)}", quietly=quietly)


def _archive(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    (world.unarchive if one.is_archived else world.archive)(one.id, quietly=quietly)


def _member(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    person = world.rng.choice([person for person in world.people_of(one.team_id) if not person.is_bot and not person.deleted])
    (world.leave if person.id in one.members else world.join)(one.id, person.id, quietly=quietly)


def _post(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    world.post(one.id, one.creator, f"message {world.rng.randrange(10_000)}", quietly=quietly)


def _convert(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    (world.convert_to_private if one.kind is Kind.PUBLIC else world.convert_to_public)(one.id, quietly=quietly)


def _person(world: PretendSlack, one: Conversation, *, quietly: bool) -> None:
    world.change_person(one.creator, title=f"Partner {world.rng.randrange(10_000)}", quietly=quietly)


_STORIES = {_rename: 3, _topic: 3, _purpose: 2, _archive: 2, _member: 6, _post: 4, _convert: 1, _person: 1}
