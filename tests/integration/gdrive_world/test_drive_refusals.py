"""What Google refuses: tokens in the middle of a log, the quota and the access behind one status, keys that were changed."""

from datetime import timedelta

import pytest

from devtools.fakes.polled_drive import ADA, BOB, CLEO, EVE, PolledDrive, service_key
from devtools.faults.plan import Fault, Kind
from devtools.vendors.gdrive.api.sessions import ServiceAccount
from devtools.vendors.gdrive.faults import AT
from tests.integration.gdrive_world.worlds import compared, open_gaps, settled, shard_of, state_of, statuses, to_the_end

STREAM = f"user:{ADA}"


REJECTIONS = {400: "invalid", 404: "not-found", 410: "full-sync-required"}


@pytest.mark.parametrize("status", REJECTIONS)
async def test_a_token_rejected_in_the_middle_of_a_log_opens_a_gap_that_a_comparison_closes(world: PolledDrive, status: int) -> None:
    files = [world.drive.create_file(f"Budget {number}", by=ADA) for number in range(9)]
    await settled(world)
    world.google.smallest_pages = 2
    for file in files[:-1]:
        world.drive.rename(file.id, f"Minutes {file.name}")
    world.drive.delete(files[-1].id)

    refused = {"kind": Kind.REFUSE, "status": status, "variant": REJECTIONS[status], "operation": "changes"}
    world.google.faults.add(Fault(at=AT, target=ADA, calls=1, after=2, **refused))

    await world.poll()

    assert [call.status for call in world.google.ledger.of("changes") if call.target == ADA] == [200, 200, status]
    assert (STREAM, "changes-not-retained") in await open_gaps(world)
    later = world.drive.create_file("Made after the rejection", by=ADA)
    await world.poll()
    assert await statuses(world, later.id) == ["active"]

    await to_the_end(world)

    assert {(await shard_of(world, file.id)).structured_data["name"] for file in files[:-1]} == {file.name for file in files[:-1]}
    assert await statuses(world, files[-1].id) == ["deleted"]
    assert (await open_gaps(world), await compared(world)) == (set(), {})


async def test_tokens_of_a_list_that_are_forgotten_in_the_middle_begin_the_crawl_anew(world: PolledDrive) -> None:
    files = [world.drive.create_file(f"Budget {number}", by=ADA) for number in range(9)]
    world.google.smallest_pages = 2
    world.google.faults.add(Fault(at=AT, kind=Kind.REFUSE, status=400, variant="invalid", operation="files-list", calls=1, after=2))

    await settled(world)

    assert {file.id for file in files} <= world.active().keys()
    assert await compared(world) == {}


async def test_an_incomplete_search_opens_a_gap_and_a_comparison_finds_what_was_left_out(world: PolledDrive) -> None:
    files = [world.drive.create_file(f"Budget {number}", by=ADA) for number in range(9)]
    world.drive.knobs.incomplete_searches = 1

    await world.poll()
    assert {reason for _, reason in await open_gaps(world)} == {"incomplete-search"}
    assert not {file.id for file in files} <= world.active().keys()

    await to_the_end(world)

    assert {file.id for file in files} <= world.active().keys()
    assert (await open_gaps(world), await compared(world)) == (set(), {})


@pytest.mark.parametrize("status", [403, 429])
async def test_a_quota_used_up_puts_one_person_off_for_all_workers_and_nobody_else(world: PolledDrive, status: int) -> None:
    of_ada, of_bob = world.drive.create_file("Budget", by=ADA), world.drive.create_file("Minutes", by=BOB)
    await settled(world)
    world.google.quota.limit(ADA, 0, status=status)
    for file in (of_ada, of_bob):
        world.drive.rename(file.id, "Renamed")

    await world.poll()
    refused = [call for call in world.google.ledger.calls if call.status == status]
    world.start_worker()
    await world.ask(STREAM, "changes")
    await world.sync()

    assert len(refused) == 1
    assert [call for call in world.google.ledger.calls if call.status == status] == refused, "another worker waits, too"
    assert [(await shard_of(world, file.id)).structured_data["name"] for file in (of_ada, of_bob)] == ["Budget", "Renamed"]
    assert ((await world.connection()).status, await open_gaps(world)) == ("active", set())

    world.google.quota.limit(ADA, None)
    await world.poll()

    assert (await shard_of(world, of_ada.id)).structured_data["name"] == "Renamed"


async def test_an_access_refused_with_the_same_status_is_marked_and_nobody_waits(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file, own = world.drive.create_file("Budget", parent=sales.id), world.drive.create_file("Notes", by=ADA)
    await settled(world)
    refused = {"kind": Kind.REFUSE, "status": 403, "variant": "team-drive-membership-required", "operation": "changes"}
    world.google.faults.add(Fault(at=AT, target=sales.id, calls=1, **refused))
    for item in (file, own):
        world.drive.rename(item.id, "Renamed")

    await world.poll()

    assert await open_gaps(world) == {(f"drive:{sales.id}", "not-readable")}
    assert (await shard_of(world, own.id)).structured_data["name"] == "Renamed"
    assert await statuses(world, file.id) == ["active"], "an access that is lost is no deletion"

    await world.poll()
    assert (await shard_of(world, file.id)).structured_data["name"] == "Renamed"
    await world.ask(f"drive:{sales.id}", "compare")
    await to_the_end(world)
    world.clock.advance(seconds=3600)
    await world.ask(f"drive:{sales.id}", "compare")
    await world.run()
    assert await open_gaps(world) == set()


async def test_permissions_that_may_not_be_known_show_a_file_to_fewer_until_a_comparison_asks_again(world: PolledDrive) -> None:
    sales = world.drive.create_drive("Sales", by=ADA)
    file = world.drive.create_file("Budget", parent=sales.id)
    world.drive.share(file.id, BOB)
    await settled(world)
    refused = {"kind": Kind.REFUSE, "status": 403, "variant": "insufficient-file-permissions", "operation": "permissions"}
    world.google.faults.add(Fault(at=AT, target=file.id, calls=1, **refused))

    world.drive.unshare(file.id, BOB)
    world.drive.share(file.id, CLEO)
    await world.poll()

    assert file.id not in await world.search(BOB, "Budget")
    assert (f"drive:{sales.id}", "acl-unknown") in await open_gaps(world)

    assert await compared(world) == {f"drive:{sales.id}": (0, 0, 1)}
    await world.run()

    assert file.id in await world.search(CLEO, "Budget")
    assert file.id not in await world.search(BOB, "Budget")
    assert await compared(world) == {}
    await to_the_end(world)
    assert await open_gaps(world) == set()


async def test_a_new_key_counts_at_the_next_login_and_a_deleted_one_pauses_the_connection_until_it_is_replaced(world: PolledDrive) -> None:
    file = world.drive.create_file("Budget", by=ADA)
    await settled(world)

    world.use_key(1)
    world.google.sessions.end_all()
    world.drive.rename(file.id, "With a new key")
    await world.poll()
    assert (await shard_of(world, file.id)).structured_data["name"] == "With a new key"

    world.google.sessions.accounts.update(deleted_key(world))
    world.google.sessions.end_all()
    world.drive.rename(file.id, "With another key")
    await world.poll()
    connection = await world.connection()
    assert (connection.status, connection.paused_by) == ("paused", "app")
    assert "key" in str(connection.paused_reason)

    world.use_key(2)
    for _ in range(4):
        await world.poll()
    assert (await world.connection()).status == "active"
    assert (await shard_of(world, file.id)).structured_data["name"] == "With another key"


def deleted_key(world: PolledDrive) -> dict[str, ServiceAccount]:
    """The service accounts with another key than the one we have."""
    accounts = world.google.sessions.accounts
    return {email: ServiceAccount(email, {"key 2": service_key(2).public_key()}, one.scopes) for email, one in accounts.items()}


async def test_entries_of_a_log_that_come_late_are_not_lost(world: PolledDrive) -> None:
    file = world.drive.create_file("Offer", by=EVE)
    await settled(world)
    world.drive.knobs.log_lag = timedelta(minutes=7)
    world.drive.share(file.id, BOB)
    world.clock.advance(seconds=60)
    await world.ask(f"user:{BOB}", "changes")
    await world.run()
    assert await world.shard(file.id) is None

    await world.poll()

    assert await statuses(world, file.id) == ["active"]
    assert (await state_of(world, f"user:{BOB}")).last_status == "success"
