"""Where records stand: paths and lists of folders are what the tree says, in whatever order it was read and however it was moved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import IngestionEvent
from tests.unit.processors.normalization.drive_events import ANN, BOB, ROOT, Desk, folder, seen

MANY = 15


async def test_a_file_that_is_read_before_its_folders_stands_right_once_they_are_read() -> None:
    desk = Desk()

    await desk.tell(seen("f", 1, parent="b"), folder("b", parent="a"), folder("a"), folder(ROOT, parent=None, name="My Drive"))

    assert [await desk.path(one) for one in (ROOT, "a", "b")] == ["/My Drive", "/My Drive/a", "/My Drive/a/b"]
    assert await desk.ancestors("f") == (ROOT, "a", "b")
    assert {"group:gdrive:root", "group:gdrive:a", "group:gdrive:b"} <= await desk.readers("f")


async def test_a_folder_under_one_that_was_never_read_has_no_path() -> None:
    desk = Desk()

    await desk.tell(folder("b", parent="a"))

    assert (await desk.path("b"), await desk.ancestors("b")) == (None, ("a",))


async def test_a_folder_that_moves_takes_what_is_in_it_along_and_the_vendor_is_asked_nothing() -> None:
    desk = await library()

    await desk.tell(folder("b", 9, parent="c"))

    assert await desk.path("deep") == "/My Drive/c/b/deep"
    assert await desk.ancestors("f") == (ROOT, "c", "b", "deep")


async def test_a_folder_that_is_renamed_renames_the_paths_below_it_and_changes_no_file() -> None:
    desk = await library()
    before = (await desk.shard("f")).revision_number

    await desk.tell(folder("b", 9, parent="a", name="Bee"))

    assert await desk.path("deep") == "/My Drive/a/Bee/deep"
    assert (await desk.shard("f")).revision_number == before


async def test_a_limited_folder_cuts_the_list_of_what_is_in_it_and_uses_its_own_whole_list_of_readers() -> None:
    desk = await library()

    await desk.tell(folder("b", 9, parent="a", is_limited=True, shared_with=[ANN], inherited=[BOB]))

    assert await desk.ancestors("f") == ("b", "deep")
    assert await desk.readers("b") == {"admins", f"user:{ANN}", f"user:{BOB}"}
    audience = (await desk.shard("b")).metadata.audience
    assert audience is not None
    assert audience.members == (f"user:{ANN}", f"user:{BOB}")
    await desk.tell(folder("b", 10, parent="a", shared_with=[ANN], inherited=[BOB]))
    assert await desk.ancestors("f") == (ROOT, "a", "b", "deep")
    assert f"user:{BOB}" not in await desk.readers("b")


async def test_a_limited_file_is_open_to_those_it_is_shared_with_alone() -> None:
    desk = await library()

    await desk.tell(seen("f", 9, parent="deep", is_limited=True, inherited=[BOB]))

    assert await desk.readers("f") == {"admins", f"user:{ANN}", f"user:{BOB}"}


async def test_only_what_stands_elsewhere_is_written() -> None:
    desk = await library()
    desk.pipeline.shards.writes = 0

    await desk.tell(folder("b", 9, parent="a"))

    assert desk.pipeline.shards.writes == 1  # the stamp


async def test_more_records_than_are_told_live_go_the_way_of_a_back_fill() -> None:
    desk = await library()
    await desk.tell(*(seen(f"f{number}", 1, parent="b") for number in range(130)))

    await desk.take(folder("b", 9, parent="c"))
    desk.pipeline.clock.advance(seconds=3)
    await desk.pipeline.run()

    assert [len(desk.pipeline.transport.on(queue)) for queue in ("ingestion-events", "ingestion-events-bulk")] == [0, 1]
    await desk.settle()
    assert await desk.ancestors("f129") == (ROOT, "c", "b")


@pytest.mark.parametrize("length", [2, 3, 4, 5])
async def test_folders_that_were_seen_in_each_other_come_to_rest_and_stand_right_once_one_of_them_is_seen_again(length: int) -> None:
    desk = Desk()
    names = [f"c{number}" for number in range(length)]

    await desk.tell(
        folder(ROOT, parent=None, name="My Drive"), *(folder(one, parent=names[number - 1]) for number, one in enumerate(names))
    )
    assert [await desk.path(one) for one in names] == [None] * length

    await desk.tell(folder("c0", 2, parent=ROOT))
    assert await desk.path(names[-1]) == "/My Drive/" + "/".join(names)


async def test_a_record_whose_folder_was_not_known_looks_again_with_its_next_version() -> None:
    desk = Desk()
    await desk.tell(folder(ROOT, parent=None, name="My Drive"), seen("f", 1, parent="a"))
    await desk.take(folder("a"))
    desk.pipeline.transport.waiting.clear()  # the folder's look at what is in it is lost
    assert await desk.ancestors("f") == ("a",)

    await desk.tell(seen("f", 2, parent="a"))

    assert await desk.ancestors("f") == (ROOT, "a")


async def test_a_look_that_comes_before_the_write_it_follows_is_put_off() -> None:
    desk = await library()
    await desk.pipeline.publisher.publish(folder("b", 9, parent="c"))
    [unwritten] = desk.pipeline.transport.on("ingestion-events")
    desk.pipeline.transport.waiting.remove(unwritten)
    other = Desk(desk.pipeline)
    await other.take(folder("b", 9, parent="c", at=9.5))
    [look] = desk.pipeline.transport.on("ingestion-events")
    early = Desk()
    early.pipeline.start(desk.pipeline.transport)  # at a store where the folder is not written yet
    desk.pipeline.clock.advance(seconds=3)

    await desk.pipeline.transport.hand_over(look, early.pipeline.worker("ingestion-events"))

    [put_off] = desk.pipeline.transport.on("ingestion-events")
    assert put_off.id != look.id
    await desk.settle()
    assert await desk.path("deep") == "/My Drive/c/b/deep"


async def library() -> Desk:
    """/My Drive/a/b/deep with a file, and /My Drive/c."""
    desk = Desk()
    await desk.tell(
        folder(ROOT, parent=None, name="My Drive"),
        *(folder(one) for one in ("a", "c")),
        folder("b", parent="a"),
        folder("deep", parent="b"),
        seen("f", 1, parent="deep"),
    )
    return desk


# --- laws


@dataclass
class Tree:
    """What a drive looks like: each record's folder, name, and whether it was put into the bin itself."""

    parents: dict[str, str]
    folders: list[str]
    names: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    binned: set[str] = field(default_factory=set)
    clock: int = 1

    def above(self, one: str) -> list[str]:
        found: list[str] = []
        while one in self.parents:
            one = self.parents[one]
            found.insert(0, one)
        return found

    def path(self, one: str) -> str:
        return "".join(f"/{self.names.get(name, name)}" for name in (*self.above(one), one))

    def is_gone(self, one: str) -> bool:
        return not self.binned.isdisjoint({*self.above(one), one})

    def event(self, one: str) -> IngestionEvent:
        self.clock += 1
        trashed = "itself" if one in self.binned else "with its folder" if self.is_gone(one) else ""
        version = self.versions.setdefault(one, 1)
        said: Mapping[str, str] = {"name": self.names.get(one, one), "trashed": trashed}
        is_folder = one in self.folders or one == ROOT
        return seen(one, version, at=self.clock, parent=self.parents.get(one), is_folder=is_folder, **said)  # type: ignore[arg-type]  # as said

    def everything(self) -> list[str]:
        return [ROOT, *self.parents]

    async def is_told_by(self, desk: Desk) -> None:
        for one in self.everything():
            shard = await desk.shard(one)
            assert (one, shard.status) == (one, "deleted" if self.is_gone(one) else "active")
            if self.is_gone(one):
                continue
            assert shard.metadata.ancestors == tuple(self.above(one))
            if one in self.folders:
                assert shard.structured_data["path"] == self.path(one)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    folders = [f"d{number}" for number in range(draw(st.integers(1, 4)))]
    parents = {one: draw(st.sampled_from([ROOT, *folders[:number]])) for number, one in enumerate(folders)}
    files = {f"f{number}": draw(st.sampled_from([ROOT, *folders])) for number in range(draw(st.integers(0, 3)))}
    return Tree({**parents, **files}, folders)


@settings(max_examples=MANY, deadline=None)
@given(data=st.data(), tree=trees())
async def test_in_whatever_order_a_tree_is_read_everything_stands_where_it_says(data: st.DataObject, tree: Tree) -> None:
    desk = Desk()
    for event in data.draw(st.permutations([tree.event(one) for one in tree.everything()])):
        await desk.take(event)
        if data.draw(st.booleans()):
            await desk.settle()

    await desk.settle()

    await tree.is_told_by(desk)


def edit(data: st.DataObject, tree: Tree) -> list[str]:
    """Change one thing. Returns what has a new version by it: what was edited, and no more."""
    one = data.draw(st.sampled_from(sorted(tree.parents)))
    match data.draw(st.sampled_from(["move", "move", "rename", "bin", "restore"])):
        case "move":
            places = [place for place in (ROOT, *tree.folders) if place != one and one not in tree.above(place) and not tree.is_gone(place)]
            if tree.is_gone(one):
                return []
            tree.parents[one] = data.draw(st.sampled_from(places))
        case "rename":
            tree.names[one] = data.draw(st.sampled_from(["red", "green", "blue"]))
        case "bin" if not tree.is_gone(one):
            tree.binned.add(one)
        case "restore" if one in tree.binned:
            tree.binned.discard(one)
        case _:
            return []
    tree.versions[one] = tree.versions.get(one, 1) + 1
    return [one]


@settings(max_examples=MANY, deadline=None)
@given(data=st.data(), tree=trees())
async def test_after_any_edits_told_one_by_one_everything_stands_where_the_tree_says(data: st.DataObject, tree: Tree) -> None:
    desk = Desk()
    await desk.tell(*(tree.event(one) for one in tree.everything()))
    for _ in range(data.draw(st.integers(1, 4))):
        for one in edit(data, tree):
            await desk.take(tree.event(one))
        if data.draw(st.booleans()):
            await desk.settle()

    await desk.settle()

    await tree.is_told_by(desk)


@settings(max_examples=MANY, deadline=None)
@given(data=st.data(), tree=trees())
async def test_edits_that_are_heard_in_any_order_end_where_the_tree_says(data: st.DataObject, tree: Tree) -> None:
    desk = Desk()
    await desk.tell(*(tree.event(one) for one in tree.everything()))
    events = [tree.event(one) for _ in range(data.draw(st.integers(1, 4))) for one in edit(data, tree)]
    for event in data.draw(st.permutations(events)):
        await desk.take(event)
        if data.draw(st.booleans()):
            await desk.settle()

    await desk.settle()

    await tree.is_told_by(desk)
