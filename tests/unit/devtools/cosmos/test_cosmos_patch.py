"""Patch operations on one document, without a server."""

from typing import Any

import pytest

from devtools.emulators.cosmos.patch import operations_of, patched
from devtools.emulators.cosmos.refusals import RefusedError

KEY_PATHS = (("tenantId",), ("owner", "id"))


def document() -> dict[str, Any]:
    return {"id": "1", "tenantId": "t1", "owner": {"id": "o", "name": "Ada"}, "n": 1, "tags": ["a", "b"], "a/b": {"c~d": 1}}


@pytest.mark.parametrize(
    ("operation", "path", "expected"),
    [
        ({"op": "add", "path": "/new", "value": {"x": 1}}, "new", {"x": 1}),
        ({"op": "add", "path": "/n", "value": 7}, "n", 7),
        ({"op": "add", "path": "/tags/0", "value": "z"}, "tags", ["z", "a", "b"]),
        ({"op": "add", "path": "/tags/2", "value": "z"}, "tags", ["a", "b", "z"]),
        ({"op": "add", "path": "/tags/-", "value": "z"}, "tags", ["a", "b", "z"]),
        ({"op": "set", "path": "/tags/0", "value": "z"}, "tags", ["z", "b"]),
        ({"op": "set", "path": "/new", "value": None}, "new", None),
        ({"op": "replace", "path": "/n", "value": 2}, "n", 2),
        ({"op": "remove", "path": "/tags/0"}, "tags", ["b"]),
        ({"op": "incr", "path": "/n", "value": 2.5}, "n", 3.5),
        ({"op": "incr", "path": "/counter", "value": 4}, "counter", 4),
        ({"op": "move", "from": "/n", "path": "/m"}, "m", 1),
        ({"op": "set", "path": "/owner/name", "value": "Eve"}, "owner", {"id": "o", "name": "Eve"}),
        ({"op": "set", "path": "/a~1b/c~0d", "value": 2}, "a/b", {"c~d": 2}),
    ],
)
def test_an_operation_changes_what_it_names(operation: dict[str, Any], path: str, expected: object) -> None:
    assert patched(document(), [operation], KEY_PATHS)[path] == expected


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "remove", "path": "/missing"},
        {"op": "move", "from": "/missing", "path": "/m"},
        {"op": "move", "from": "/owner", "path": "/owner/deeper"},
        {"op": "set", "path": "/missing/child", "value": 1},
        {"op": "set", "path": "/n/child", "value": 1},
        {"op": "set", "path": "/tags/2", "value": "z"},
        {"op": "add", "path": "/tags/3", "value": "z"},
        {"op": "add", "path": "/tags/x", "value": "z"},
        {"op": "incr", "path": "/owner/name", "value": 1},
        {"op": "incr", "path": "/n", "value": "1"},
        {"op": "incr", "path": "/n", "value": True},
        {"op": "set", "path": "n", "value": 1},
        {"op": "set", "path": "/", "value": 1},
        {"op": "set", "path": "/n"},
        {"op": "test", "path": "/n", "value": 1},
        "no object",
    ],
)
def test_an_operation_that_cannot_be_done_is_refused(operation: Any) -> None:
    with pytest.raises(RefusedError) as refused:
        patched(document(), [operation], KEY_PATHS)

    assert refused.value.status == 400


@pytest.mark.parametrize("path", ["/id", "/_etag", "/_ts", "/_rid", "/tenantId", "/owner", "/owner/id"])
def test_the_key_the_id_and_system_properties_cannot_be_patched(path: str) -> None:
    with pytest.raises(RefusedError, match="cannot be patched"):
        patched(document(), [{"op": "set", "path": path, "value": "x"}], KEY_PATHS)


def test_a_failing_operation_leaves_the_document_as_it_was() -> None:
    before = document()

    with pytest.raises(RefusedError, match=r"For operation \(2\)"):
        patched(before, [{"op": "remove", "path": "/tags/0"}, {"op": "remove", "path": "/missing"}], KEY_PATHS)

    assert before == document()


def test_later_operations_see_earlier_ones() -> None:
    operations = [{"op": "set", "path": "/deep", "value": {}}, {"op": "set", "path": "/deep/er", "value": 1}]

    assert patched(document(), operations, KEY_PATHS)["deep"] == {"er": 1}


def test_a_patched_value_is_not_shared_with_the_operation() -> None:
    value: dict[str, Any] = {"list": []}

    changed = patched(document(), [{"op": "set", "path": "/a", "value": value}, {"op": "add", "path": "/a/list/-", "value": 1}], KEY_PATHS)

    assert changed["a"] == {"list": [1]}
    assert value == {"list": []}


@pytest.mark.parametrize("count", [0, 11])
def test_a_patch_has_one_to_ten_operations(count: int) -> None:
    operations = [{"op": "incr", "path": "/n", "value": 1}] * count

    with pytest.raises(RefusedError):
        operations_of({"operations": operations})

    assert len(operations_of({"operations": [{"op": "incr", "path": "/n", "value": 1}] * 10})) == 10
