"""What has to be stored in the end, worked out from the pretend Slack alone and not with the app's own comparison."""

import json
from collections.abc import Iterator
from typing import Any

from devtools.fakes.polled_slack import TENANT_ID
from devtools.fakes.pushed_slack import PushedSlack
from devtools.vendors.slack.conversations import Conversation, Kind
from devtools.vendors.slack.people import Person
from shared.access.acl import may_read
from shared.access.attendance import Attendance
from shared.shards.model import DELETED_TTL_SECONDS, Shard


async def differences(world: PushedSlack) -> list[str]:
    """Everything that is not as it has to be, in words; nothing, when all is well."""
    return [*_channels(world), *_people(world), *await _readers(world), *_left_on_the_way(world)]


def channels(world: PushedSlack) -> dict[str, Conversation]:
    """The channels that the app may see."""
    teams = set(world.installation.teams)
    return {
        one.id: one
        for one in world.slack.conversations.values()
        if one.kind in (Kind.PUBLIC, Kind.PRIVATE)
        and not one.is_deleted
        and teams & set(one.team_ids)
        and (one.kind is Kind.PUBLIC or world.bot in one.members)
    }


def people(world: PushedSlack) -> dict[str, Person]:
    """Everybody of the workspaces, and the strangers in channels that they share with others."""
    teams = world.installation.teams
    found = {one.id: one for team in teams for one in world.slack.people_of(team)}
    shared = (one for one in channels(world).values() if one.is_ext_shared)
    return found | {member: world.slack.person(member) for channel in shared for member in channel.members}


def is_shown(world: PushedSlack, person: Person, channel: Conversation) -> bool:
    """Whether Slack shows somebody a channel."""
    if person.deleted:
        return False
    is_full = not (person.is_restricted or person.is_ultra_restricted or person.is_bot)
    ours = set(channel.team_ids) & set(world.installation.teams)
    return person.id in channel.members or (channel.kind is Kind.PUBLIC and is_full and bool(ours & set(person.teams)))


def _channels(world: PushedSlack) -> Iterator[str]:
    expected, stored = channels(world), world.active()
    everything = world.records()
    for channel_id in sorted(expected.keys() - stored.keys()):
        yield f"{_named(expected[channel_id])}: missing ({_status(everything.get(channel_id))})"
    for channel_id in sorted(stored.keys() - expected.keys()):
        yield f"channel {stored[channel_id].structured_data.get('name')} {channel_id}: active, and not to be seen by the app"
    for channel_id in sorted(expected.keys() & stored.keys()):
        yield from _fields(world, expected[channel_id], stored[channel_id])
    for shard in everything.values():
        if shard.status in ("deleted", "archived") and shard.ttl != DELETED_TTL_SECONDS:
            yield f"channel {shard.structured_data.get('name')}: {shard.status} with ttl {shard.ttl}"


def _fields(world: PushedSlack, channel: Conversation, shard: Shard) -> Iterator[str]:
    said = shard.structured_data
    wanted: dict[str, Any] = {
        "name": channel.name,
        "externalId": channel.id,
        "topic": channel.topic.value or None,
        "purpose": channel.purpose.value or None,
        "description": channel.purpose.value or None,
        "isPrivate": channel.is_private,
        "type": "private" if channel.is_private else "public",
        "isArchived": channel.is_archived,
        "isExternallyShared": channel.is_ext_shared,
        "creatorId": channel.creator,
        "isLost": None,
        "memberCount": len(channel.members),
    }
    if not world.installation.is_org_wide:
        others = sorted(one for one in (channel.team_id, *channel.guest_team_ids) if one != world.team_id) if channel.is_ext_shared else []
        wanted["externalTeams"] = json.dumps(others) if others else None
    for name, value in wanted.items():
        if (said.get(name) or None) != (value or None):
            yield f"{_named(channel)}: {name} is {said.get(name)!r} and not {value!r}"
    attendance = Attendance.of(said.get("members"))
    if not attendance.is_whole or set(attendance.members) != set(channel.members):
        missing, extra = set(channel.members) - set(attendance.members), set(attendance.members) - set(channel.members)
        yield f"{_named(channel)}: without {sorted(missing)}, with {sorted(extra)} (whole: {attendance.is_whole})"


def _people(world: PushedSlack) -> Iterator[str]:
    expected, stored = people(world), world.active("User")
    for user_id in sorted(expected.keys() - stored.keys()):
        yield f"{expected[user_id].name} {user_id}: missing ({_status(world.records('User').get(user_id))})"
    # Slack tells of a stranger, too, who is in a channel of ours that the app cannot see.
    shared = {member for one in world.slack.channels() if set(one.team_ids) & set(world.installation.teams) for member in one.members}
    for user_id in sorted(stored.keys() - expected.keys() - shared):
        yield f"{stored[user_id].structured_data.get('name')} {user_id}: active, and nobody here"
    for user_id in sorted(expected.keys() & stored.keys()):
        person, said = expected[user_id], stored[user_id].structured_data
        is_guest = person.is_restricted or person.is_ultra_restricted
        wanted: dict[str, Any] = {
            "name": person.real_name,
            "isActive": not person.deleted,
            "isBot": person.is_bot,
            "isExternal": not set(person.teams) & set(world.installation.teams),
            "title": person.title,
            "email": person.email,
            **({} if person.deleted else {"isGuest": is_guest}),
        }
        for name, value in wanted.items():
            if (said.get(name) or None) != (value or None):
                yield f"{person.name} {user_id}: {name} is {said.get(name)!r} and not {value!r}"


async def _readers(world: PushedSlack) -> list[str]:
    """Who is shown what, against what Slack shows them."""
    wrong, expected, active = [], channels(world), world.active()
    for person in people(world).values():
        if person.email is None or person.is_bot:
            continue
        caller = await world.caller(person.email)
        shown = {channel_id for channel_id, shard in active.items() if may_read(shard.acl, caller.principals)}
        for channel_id, channel in expected.items():
            may, should = channel_id in shown, is_shown(world, person, channel)
            if may and not should:
                wrong.append(f"{_named(channel)}: {person.name} is shown it and may not see it")
            elif should and not may:
                wrong.append(f"{_named(channel)}: {person.name} may see it and is not shown it")
    if await world.may_read("admin@pretend.example", is_admin=True) != active.keys():
        wrong.append("an admin is not shown everything")
    return wrong


def _left_on_the_way(world: PushedSlack) -> Iterator[str]:
    chunks = world.pipeline.chunks
    for shard in world.pipeline.shards.all():
        if shard.normalization is None:
            continue
        if shard.awaits_enrichment or shard.awaits_embedding:
            yield f"{shard.shard_type_id} {shard.id}: its last revision did not get through"
        if shard.is_gone and chunks.of(TENANT_ID, shard.id):
            yield f"{shard.shard_type_id} {shard.id}: gone, and can still be found"
        readers = {frozenset(chunk["principals"]) for chunk in chunks.of(TENANT_ID, shard.id).values()}
        if readers - {frozenset(str(entry.subject) for entry in shard.acl)}:
            yield f"{shard.shard_type_id} {shard.id}: found by others than its readers"


def _status(shard: Shard | None) -> str | None:
    return None if shard is None else shard.status


def _named(channel: Conversation) -> str:
    return f"{'private' if channel.is_private else 'public'} channel {channel.name} {channel.id}"
