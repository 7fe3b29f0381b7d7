"""Snapshots of anchors: one suite for the two twins. A snapshot is a saving: the newest is kept, and none is no harm."""

from dataclasses import replace

from shared.linking.anchor import AnchorRow, AnchorSnapshot, AnchorSnapshots

pytest_plugins = ["tests.plugins.stand_ins"]

ACCOUNT = AnchorRow(
    shard_id="a" * 32,
    shard_type_id="c_account",
    status="active",
    records=(("salesforce", "00D000000000001EAA", "Account", "001000000000001AAA"), ("hubspot", "1", "company", "7")),
    fields={"name": "Häfen & Söhne\n«GmbH»", "website": "harbour.example"},
    changed_at=1_800_000_000,
)
DEAL = replace(
    ACCOUNT,
    shard_id="b" * 32,
    shard_type_id="c_opportunity",
    records=(),
    fields={"name": "Renewal", "amount": 12000.5, "isClosed": False},
    changed_at=1_800_000_007,
)
SNAPSHOT = AnchorSnapshot((ACCOUNT, DEAL), 1_800_000_005)


async def kept(snapshots: AnchorSnapshots, tenant_id: str) -> tuple[list[AnchorRow], int] | None:
    found = await snapshots.read(tenant_id)
    return None if found is None else (list(found.rows), found.changed_at)


async def test_a_snapshot_is_read_as_it_was_written(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    await snapshots.write(tenant_id, SNAPSHOT)

    assert await kept(snapshots, tenant_id) == ([ACCOUNT, DEAL], 1_800_000_005)


async def test_there_is_none_before_one_is_written_nor_in_another_tenant(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    assert await kept(snapshots, tenant_id) is None

    await snapshots.write(tenant_id, SNAPSHOT)

    assert await kept(snapshots, f"{tenant_id}-other") is None


async def test_a_newer_one_takes_its_place_and_an_older_one_does_not(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    newer = AnchorSnapshot((DEAL,), SNAPSHOT.changed_at + 1)
    await snapshots.write(tenant_id, SNAPSHOT)

    await snapshots.write(tenant_id, newer)
    await snapshots.write(tenant_id, SNAPSHOT)

    assert await kept(snapshots, tenant_id) == ([DEAL], newer.changed_at)


async def test_of_two_of_one_second_the_last_is_kept(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    await snapshots.write(tenant_id, SNAPSHOT)

    await snapshots.write(tenant_id, AnchorSnapshot((), SNAPSHOT.changed_at))

    assert await kept(snapshots, tenant_id) == ([], SNAPSHOT.changed_at)


async def test_what_is_done_to_the_rows_afterwards_does_not_change_what_was_kept(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    mine = [ACCOUNT]
    await snapshots.write(tenant_id, AnchorSnapshot(mine, 1))
    mine.append(DEAL)

    assert await kept(snapshots, tenant_id) == ([ACCOUNT], 1)


async def test_a_tenant_with_a_thousand_anchors_has_them_all(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    rows = [replace(ACCOUNT, shard_id=f"{number:032}") for number in range(1_000)]
    await snapshots.write(tenant_id, AnchorSnapshot(rows, 1))

    assert await kept(snapshots, tenant_id) == (rows, 1)


async def test_an_id_that_was_given_up_may_be_among_them(snapshots: AnchorSnapshots, tenant_id: str) -> None:
    gone = AnchorRow.given_up("c" * 32, changed_at=3)
    await snapshots.write(tenant_id, AnchorSnapshot((gone,), 1))

    assert await kept(snapshots, tenant_id) == ([gone], 1)
