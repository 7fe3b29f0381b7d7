"""Who may look into a folder is asked at every search: the directory expands the caller, never the list."""

from collections.abc import Collection

from typing_extensions import override

from shared.access.acl import ADMINS, TENANT, Principal, group, user
from shared.access.directory import MOST_STEPS, Directory, expanded
from shared.access.tokens import Caller
from tests.unit.processors.normalization import drive_events
from tests.unit.processors.normalization.drive_events import ANN, BOB, ROOT, Desk, folder, seen

SALES = "group-sales@acme.example"


def caller(address: str | None, tenant: str = "acme") -> Caller:
    return Caller(tenant, frozenset({TENANT, *([user(address)] if address else [])}), address)


async def principals(desk: Desk, address: str | None, tenant: str = "acme") -> frozenset[Principal]:
    return (await expanded(caller(address, tenant), desk.pipeline.directory)).principals


async def drive() -> Desk:
    """A folder that is open to a group with Bob in it."""
    desk = Desk()
    await desk.tell(
        folder(ROOT, parent=None, name="My Drive"),
        folder("a", shared_with=[SALES]),
        seen("f", 1, parent="a"),
        drive_events.group(SALES, [BOB]),
    )
    return desk


async def test_whoever_is_in_a_group_that_may_look_into_a_folder_is_of_the_folders_audience() -> None:
    found = await principals(await drive(), BOB)

    assert {group("gdrive", SALES), group("gdrive", "a")} <= found
    assert group("gdrive", ROOT) not in found


async def test_whoever_leaves_the_group_is_of_no_audience_at_the_next_question() -> None:
    desk = await drive()
    await desk.tell(drive_events.group(SALES, [ANN], at=5))

    assert await principals(desk, BOB) == {TENANT, user(BOB)}


async def test_a_folder_that_is_gone_has_no_audience() -> None:
    desk = await drive()
    await desk.tell(folder("a", 2, shared_with=[SALES], trashed="itself"))

    assert group("gdrive", "a") not in await principals(desk, BOB)


async def test_a_folder_open_to_everybody_who_looks_is_open_to_the_tenant() -> None:
    desk = Desk()
    everybody = [{"type": "anyone", "role": "reader", "allowFileDiscovery": True}]
    event = folder("a")

    await desk.tell(event.model_copy(update={"payload": {**(event.payload or {}), "permissions": everybody}}))

    assert group("gdrive", "a") in await principals(desk, "new@acme.example")


async def test_another_tenants_folders_are_nobodys_of_this_one() -> None:
    desk = await drive()

    assert await principals(desk, BOB, "globex") == {TENANT, user(BOB)}


async def test_an_address_nobody_has_verified_is_in_no_audience() -> None:
    desk = await drive()
    unverified = Caller("acme", frozenset({TENANT, user(BOB)}))

    assert await expanded(unverified, desk.pipeline.directory) == unverified


class Asked(Directory):
    """A chain of audiences, each in the next."""

    def __init__(self) -> None:
        self.asked: list[frozenset[Principal]] = []

    @override
    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        return frozenset()

    @override
    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        self.asked.append(frozenset(members))
        return frozenset({group("gdrive", f"step-{len(self.asked)}@acme.example")})


async def test_administrators_are_looked_up_in_no_audience() -> None:
    directory = Asked()

    await expanded(Caller("acme", frozenset({ADMINS, TENANT, user(ANN)}), ANN), directory)

    assert all(ADMINS not in asked for asked in directory.asked)


async def test_a_chain_without_an_end_is_followed_only_so_far_and_nobody_is_asked_about_twice() -> None:
    directory = Asked()

    found = await expanded(caller(ANN), directory)

    assert len(directory.asked) == MOST_STEPS
    assert sum(map(len, directory.asked)) == len(frozenset().union(*directory.asked))
    assert group("gdrive", f"step-{MOST_STEPS}@acme.example") in found.principals


async def test_a_folder_is_looked_up_in_no_other_one_s_list() -> None:
    class Folders(Asked):
        @override
        async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
            self.asked.append(frozenset(members))
            return frozenset({group("gdrive", "a-folder")})

    directory = Folders()

    found = await expanded(caller(ANN), directory)

    assert len(directory.asked) == 1
    assert group("gdrive", "a-folder") in found.principals


async def test_people_by_reference_are_looked_up_once_and_channels_never() -> None:
    ann, workspace, channel = (group("slack", f"T1/{one}") for one in ("U1", "T1", "C1"))

    class Channels(Asked):
        @override
        async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
            return frozenset({ann, workspace})

        @override
        async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
            self.asked.append(frozenset(members))
            return frozenset({channel})

    directory = Channels()

    found = await expanded(caller(ANN), directory)

    assert directory.asked == [{TENANT, user(ANN), ann, workspace}]
    assert {ann, workspace, channel} <= found.principals


async def test_audiences_that_are_in_each_other_come_to_an_end() -> None:
    class Circle(Asked):
        @override
        async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
            self.asked.append(frozenset(members))
            return frozenset({group("gdrive", "one@acme.example"), group("gdrive", "two@acme.example")})

    directory = Circle()

    await expanded(caller(ANN), directory)

    assert len(directory.asked) == 2


async def test_a_group_whose_address_is_written_with_capitals_is_the_group_that_lists_name() -> None:
    desk = await drive()
    event = drive_events.group(SALES, ["new@acme.example"], at=5)
    await desk.tell(event.model_copy(update={"source_id": SALES.upper()}))

    assert group("gdrive", "a") in await principals(desk, "new@acme.example")
