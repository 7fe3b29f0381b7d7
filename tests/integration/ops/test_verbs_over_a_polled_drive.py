"""The verbs on a Google Workspace, whose streams are found as it is read and have colons in their names; everything else in memory."""

import pytest

from devtools.fakes.polled_drive import ADA, PolledDrive
from tests.integration.ops.test_verbs_over_a_polled_organization import Operated, counts

pytestmark = pytest.mark.integration


async def test_a_workspace_is_watched_from_its_first_poll_to_the_end_of_every_back_fill() -> None:
    async with PolledDrive(users=(ADA,), has_groups=False) as world:
        plans = world.drive.create_folder("Plans", by=ADA)
        world.drive.create_file("budget.txt", parent=plans.id, by=ADA)
        sales = world.drive.create_drive("Sales", by=ADA)
        world.drive.create_file("leads.txt", parent=sales.id, by=ADA)
        workspace, own, shared = Operated(world), f"user:{ADA}", f"drive:{sales.id}"
        for _ in range(4):
            await world.poll()

        asked = await workspace.run("backfill", "{id}", "--stream", shared, "--watch", "--json")
        again = await workspace.run("renormalize", "{id}", "--stream", own, "--watch", "--json")
        await workspace.settle()
        fresh = await workspace.run("completeness", "{id}", "--fresh", "--json")
        one = await workspace.run("completeness", "{id}", "--stream", shared)
        quick = await workspace.run("completeness", "{id}", "--quick")
        tested = await workspace.run("connections", "test", "{id}", "--json")
        listed = await workspace.run("connections", "list", "--tenant", "acme")

    assert [(said.document[0]["stream"], said.document[0]["ended"]) for said in (asked, again)] == [(shared, "success"), (own, "success")]
    assert [stream["stream"] for stream in fresh.document["streams"]] == ["drives", own, shared]
    clean = {"missing": 0, "extra": 0, "stale": 0}
    assert counts(fresh, own) == {"vendorCount": 3, "storedCount": 3, **clean}, "two files and the root of My Drive"
    assert counts(fresh, shared) == {"vendorCount": 2, "storedCount": 2, **clean}, "a file and the root of the drive"
    assert (fresh.code, fresh.document["isComplete"]) == (0, True)
    assert f"{shared} (Sales)  20" in one.out
    assert one.out.rstrip().endswith(f"{shared} of {world.connection_id}: complete")
    assert (quick.code, "gdrive does not count what it has" in quick.errors) == (1, True)
    assert {check["stream"]: check["isReadable"] for check in tested.document} == {"drives": True, own: True, shared: True}
    assert shared in listed.out


async def test_a_workspace_is_paused_and_resumed() -> None:
    async with PolledDrive(users=(ADA,), has_groups=False) as world:
        workspace = Operated(world)
        await workspace.run("connections", "pause", "{id}", "--reason", "their holidays")
        refused = await workspace.run("backfill", "{id}")
        await workspace.run("connections", "resume", "{id}")

        assert (refused.code, "is paused (their holidays)" in refused.errors) == (1, True)
        assert (await world.connection()).status == "active"
