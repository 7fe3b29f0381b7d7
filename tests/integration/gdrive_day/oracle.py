"""What has to be stored at the end of the day, worked out from the pretend Drive alone and not with the app's own comparison.

Two ways in which search shows less than Drive are the design's: a file that a link alone opens is found by nobody (Drive's own lists do not
show it either), and of what others own and somebody of ours sees, colleagues as whom nothing is read may find less. What lies in a folder
its owner cannot see is left out where readers are compared: see ``is_cut_off``.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from devtools.fakes.polled_drive import DOMAIN, EVE, FINN, TENANT_ID, PolledDrive
from devtools.vendors.gdrive.items import Item
from shared.access.acl import user
from shared.contracts.message import timestamp
from shared.shards.model import DELETED_TTL_SECONDS, Shard

VERSION_DIGITS: Final = 20


async def differences(world: PolledDrive) -> list[str]:
    """Everything that is not as it has to be, in words; nothing, when all is well."""
    expected = holders(world)
    return [
        *_there(world, expected),
        *_roots(world),
        *_people(world, expected),
        *_groups(world),
        *await _readers(world, expected),
        *_edges(world),
        *_left_on_the_way(world),
    ]


def drives(world: PolledDrive) -> dict[str, str]:
    """The shared drives one of our people is in, by id, with their names."""
    ids = {drive_id for person in world.users for drive_id in world.drive.drives_of(person)}
    return {drive_id: world.drive.drives[drive_id].name for drive_id in ids}


def holders(world: PolledDrive) -> dict[str, set[str]]:
    """Every file that has to be there, by id, with the streams that hold it."""
    drive, ours = world.drive, drives(world)
    seen = {person: drive.visible_to(person) for person in world.users}
    found: dict[str, set[str]] = {}
    for item in drive.tree.items.values():
        if item.is_root or drive.is_trashed(item):
            continue
        if item.drive_id in ours:
            found[item.id] = {f"drive:{item.drive_id}"}
        elif item.owner in world.users:
            found[item.id] = {f"user:{item.owner}"}
        elif guests := {f"user:{person}" for person in world.users if item.id in seen[person]}:
            found[item.id] = guests
    return found


def is_cut_off(world: PolledDrive, file_id: str) -> bool:
    """Whether it lies in a folder its owner could not see when it was read, or one of the folders above it does. Who may see it by the
    folders above, its list tells; but when one of those is moved, or its owner let in to it, nothing of it gets another version, and so
    nobody hears of it."""
    drive, active = world.drive, world.active()
    for item in (drive.item(file_id), *drive.tree.above(drive.item(file_id))):
        folder, shard = drive.tree.items.get(item.parent_id or ""), active.get(item.id)
        if folder is None or shard is None or item.owner not in world.users:
            continue
        said = shard.structured_data
        is_cut = said.get("parentExternalId" if item.is_folder else "parentFolderExternalId") is None
        if folder.owner != item.owner and (is_cut or not drive.view(str(item.owner)).rank(folder)):
            return True
    return False


def is_at_home(item: Item, streams: set[str]) -> bool:
    """Whether it is the owner's or the drive's stream that holds it."""
    return streams in ({f"drive:{item.drive_id}"}, {f"user:{item.owner}"})


def stored_holders(shard: Shard) -> set[str]:
    """The streams that hold a shard."""
    return {edge.scope.removeprefix(f"{DOMAIN}/") for edge in shard.external_relationships}


def _there(world: PolledDrive, expected: dict[str, set[str]]) -> Iterator[str]:
    drive, active = world.drive, world.active()
    roots = {item.id for item in drive.tree.items.values() if item.is_root}
    for file_id in expected.keys() - active.keys():
        stored = world.pipeline.shards._documents.get((TENANT_ID, world.id_of(file_id)))
        yield f"{_named(drive.item(file_id))}: missing ({stored and stored['status']}), held by {sorted(expected[file_id])}"
    for file_id in active.keys() - expected.keys() - roots:
        item = drive.tree.items.get(file_id)
        was = "is not there at all" if item is None else f"is {'trashed' if drive.is_trashed(item) else 'nobody of ours to see'}"
        yield f"{active[file_id].structured_data['name']} {file_id}: active, and {was}; held by {sorted(stored_holders(active[file_id]))}"
    for file_id in sorted(expected.keys() & active.keys()):
        item, shard = drive.item(file_id), active[file_id]
        if stored_holders(shard) != expected[file_id]:
            yield f"{_named(item)}: held by {sorted(stored_holders(shard))} and not by {sorted(expected[file_id])}"
        yield from _fields(world, item, shard, expected[file_id])
        yield from _place(world, item, shard, active, expected[file_id])
    for shard in world.pipeline.shards.all():
        if shard.status in ("deleted", "archived") and shard.ttl != DELETED_TTL_SECONDS:
            yield f"{shard.structured_data.get('name')}: {shard.status} with ttl {shard.ttl}"


def _fields(world: PolledDrive, item: Item, shard: Shard, streams: set[str]) -> Iterator[str]:
    said = shard.structured_data
    size = None if item.is_folder or item.target_id is not None else item.size
    wanted: dict[str, Any] = {
        "name": item.name,
        "externalId": item.id,
        "description": item.description,
        "driveId": item.drive_id,
        "ownerEmail": item.owner,
        "createdDate": _written(item.created_at),
        "lastModified": _written(item.modified_at),
        "lastModifiedByEmail": item.modified_by,
    }
    if not item.is_folder:
        wanted |= {"mimeType": item.mime_type, "size": size, "checksum": item.checksum("md5")}
        target = said.get("shortcutTargetId") or said.get("shortcutTargetFolderId")
        if target != item.target_id:
            yield f"{_named(item)}: a shortcut to {target!r} and not to {item.target_id!r}"
    for name, value in wanted.items():
        if said.get(name) != value:
            yield f"{_named(item)}: {name} is {said.get(name)!r} and not {value!r} (held by {sorted(streams)})"
    version = str(item.version).zfill(VERSION_DIGITS)
    if shard.normalization is None or shard.normalization.vendor_version != version:
        known = shard.normalization and shard.normalization.vendor_version
        yield f"{_named(item)}: version {known} and not {version} (held by {sorted(streams)})"
    if shard.shard_type_id != ("c_folder" if item.is_folder else "c_file"):
        yield f"{_named(item)}: a {shard.shard_type_id}"


def _place(world: PolledDrive, item: Item, shard: Shard, active: dict[str, Shard], streams: set[str]) -> Iterator[str]:
    """The folder it is in, as far as one of those who hold it sees that; and the path by the folders that are stored."""
    drive, field = world.drive, "parentExternalId" if item.is_folder else "parentFolderExternalId"
    parent_id = shard.structured_data.get(field)
    folder = drive.item(str(item.parent_id))
    people = [one.removeprefix("user:") for one in streams if one.startswith("user:")]
    hidden = {None} if is_cut_off(world, item.id) or any(not drive.view(person).rank(folder) for person in people) else set()
    if parent_id not in {item.parent_id, *hidden}:
        yield f"{_named(item)}: in {parent_id} and not in {item.parent_id} (held by {sorted(streams)})"
        return
    if parent_id in world.drive.tree.items and str(parent_id) not in active:
        return  # a guest stays in the folder it was seen in last, and under its path, when nobody of ours sees that one any more
    if item.is_folder:
        wanted = path_of(world, item.id, active)
        if shard.structured_data.get("path") != wanted:
            yield f"{_named(item)}: path {shard.structured_data.get('path')!r} and not {wanted!r}"


def path_of(world: PolledDrive, folder_id: str, active: dict[str, Shard]) -> str | None:
    """By the folders that are stored, from the highest on; None where one of them is not."""
    names: list[str] = []
    at: object = folder_id
    while at is not None:
        item, shard = world.drive.tree.items.get(str(at)), active.get(str(at))
        if item is None or shard is None:
            return None
        names.append(world.drive.drives[item.id].name if item.is_root and item.drive_id else item.name)
        at = shard.structured_data.get("parentExternalId")
    return "".join(f"/{name}" for name in reversed(names))


def _roots(world: PolledDrive) -> Iterator[str]:
    active, ours = world.active(), drives(world)
    own = {world.drive.people.user(person).root_id: "My Drive" for person in world.users}
    for root_id, name in {**own, **ours}.items():
        shard = active.get(root_id)
        if shard is None or (shard.structured_data.get("name"), shard.structured_data.get("path")) != (name, f"/{name}"):
            yield f"root {name}: {shard and (shard.structured_data.get('name'), shard.structured_data.get('path'))}"
    for item in world.drive.tree.items.values():
        if item.is_root and item.id in active and item.id not in {*own, *ours}:
            yield f"root {item.name} of {item.owner or item.drive_id}: active, and not ours"


def _people(world: PolledDrive, expected: dict[str, set[str]]) -> Iterator[str]:
    known = {shard.structured_data.get("email") for shard in world.pipeline.shards.all() if shard.shard_type_id == "c_person"}
    for owner in {world.drive.item(file_id).owner for file_id in expected} - {None}:
        if owner not in known:
            yield f"{owner}: owns files, and is nobody"


def _groups(world: PolledDrive) -> Iterator[str]:
    stored = {
        str(shard.structured_data.get("email")): shard
        for shard in world.pipeline.shards.all()
        if (shard.shard_type_id, shard.status) == ("c_group", "active")
    }
    people = world.drive.people
    if stored.keys() != people.groups.keys():
        yield f"groups: {sorted(stored)} and not {sorted(people.groups)}"
    for email in stored.keys() & people.groups.keys():
        wanted = {user(one) for one in people.members_of(people.groups[email], derived=True)}
        audience = stored[email].metadata.audience
        if set(audience.members if audience else ()) != wanted:
            yield f"{email}: {audience and audience.members} and not {sorted(wanted)}"


async def _readers(world: PolledDrive, expected: dict[str, set[str]]) -> list[str]:
    """Who is shown what, against what Drive's lists show them."""
    wrong = []
    items = {file_id: world.drive.item(file_id) for file_id in expected if not is_cut_off(world, file_id)}
    for person in (*world.users, FINN, EVE):
        is_ours = person in world.users
        shown, listed = await world.may_read(person), world.drive.visible_to(person)
        for file_id, item in items.items():
            may, should = file_id in shown, file_id in listed
            if may and not should:
                wrong.append(f"{_named(item)}: {person} is shown it and may not see it (held by {sorted(expected[file_id])})")
            elif should and not may and (is_ours or is_at_home(item, expected[file_id])):
                wrong.append(f"{_named(item)}: {person} may see it and is not shown it (held by {sorted(expected[file_id])})")
    everything = world.active().keys()
    if await world.may_read(FINN, is_admin=True) != everything:
        wrong.append("an admin is not shown everything")
    return wrong


def _edges(world: PolledDrive) -> Iterator[str]:
    known = {shard.id for shard in world.pipeline.shards.all()}
    for shard in world.pipeline.shards.all():
        for edge in shard.internal_relationships if shard.status == "active" else ():
            if edge["targetShardId"] not in known:
                yield f"{shard.shard_type_id} {shard.id}: {edge['relationshipType']} leads nowhere"


def _left_on_the_way(world: PolledDrive) -> Iterator[str]:
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


def _named(item: Item) -> str:
    return f"{'folder' if item.is_folder else 'file'} {item.name} {item.id[:8]}"


def _written(moment: datetime) -> str:
    """As the vendor writes moments, to the millisecond, and conversions then."""
    whole = moment.astimezone(UTC)
    return timestamp(whole.replace(microsecond=whole.microsecond // 1000 * 1000))
