"""What ``up`` says of the Google Drive it read: its exit code is only worth as much as this."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from devtools.fakes.samples import sample_shard, sample_vectors
from devtools.local.drive import _misled, rendered
from devtools.local.drive_control import PretendFile, _file
from devtools.local.stored_files import StoredFiles
from shared.shards.model import Enriched, Processing, Shard

DOMAIN = "lantern.example"
ADA = f"ada@{DOMAIN}"
LINKED = Processing(enriched=Enriched(revision=1, edge_set_hash="h"))


def stored(file_id: str, parent: str | None = None, *, name: str = "", path: str | None = None, **changed: Any) -> Shard:
    """A shard as it is stored; a folder where it has a ``path``."""
    kind, field = ("c_file", "parentFolderExternalId") if path is None else ("c_folder", "parentExternalId")
    data = {"externalId": file_id, "name": name or file_id, field: parent, "path": path, "ownerEmail": ADA, **changed}
    update = {"shard_type_id": kind, "structured_data": data, "processing": LINKED, "vectors": sample_vectors(revision=1)}
    return sample_shard("sample", external_id=file_id).model_copy(update=update)


def permissions(**roles: str) -> str:
    return json.dumps([{"type": "user", "address": f"{who}@{DOMAIN}", "role": role, "isInherited": False} for who, role in roles.items()])


def tree() -> list[Shard]:
    return [
        stored("root", name="Sales", path="/Sales", permissions=permissions(ada="organizer")),
        stored("plans", "root", name="Plans", path="/Sales/Plans", permissions=permissions(bob="reader")),
        stored("lease", "plans", name="Lease", permissions=permissions(bob="reader", cleo="writer")),
    ]


def wanted(**changed: Any) -> dict[str, PretendFile]:
    said = {"id": "lease", "name": "Lease", "path": "/Sales/Plans/Lease", "is_folder": False, "owner": ADA, "is_trashed": False}
    return {"lease": PretendFile(**{**said, **changed})}


def test_a_tree_shows_what_is_in_each_folder_and_to_whom_it_is_open_beside_those_of_the_folder() -> None:
    assert StoredFiles.among(tree()).tree(DOMAIN).splitlines() == [
        "Google Workspace lantern.example",
        "└── Sales/  [ada organizer]",
        "    └── Plans/  [bob reader]",
        "        └── Lease  [cleo writer]",
    ]


def test_a_file_is_where_its_folder_is() -> None:
    files = StoredFiles.among(tree())

    assert [files.path(file_id) for file_id in ("plans", "lease", "nothing")] == ["/Sales/Plans", "/Sales/Plans/Lease", None]


def test_a_file_that_is_stored_as_it_is_there_has_no_fault() -> None:
    assert StoredFiles.among(tree()).faults(wanted()) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"path": "/Sales/Offers/Lease"}, "its path is '/Sales/Plans/Lease' here and '/Sales/Offers/Lease' there"),
        ({"owner": None}, f"its owner is '{ADA}' here and None there"),
        ({"is_folder": True}, "became a c_file"),
        ({"is_trashed": True}, "is in the bin, and here it is not"),
        ({"id": "another"}, "(another) has no shard"),
    ],
)
def test_what_is_elsewhere_or_another_or_not_there_is_a_fault(changed: Mapping[str, Any], fault: str) -> None:
    file = wanted(**changed)["lease"]

    [said] = StoredFiles.among(tree()).faults({file.id: file})

    assert fault in said


def test_a_file_without_vectors_or_gone_is_a_fault() -> None:
    *folders, lease = tree()

    assert StoredFiles.among([*folders, lease.model_copy(update={"vectors": None})]).faults(wanted()) == [
        "/Sales/Plans/Lease is not linked and embedded"
    ]
    assert StoredFiles.among([*folders, lease.model_copy(update={"status": "deleted"})]).faults(wanted()) == [
        "/Sales/Plans/Lease (lease) has no shard"
    ]


def test_who_finds_what_is_not_shown_to_them_or_does_not_find_what_is_is_a_fault() -> None:
    files = StoredFiles.among(tree())

    assert _misled({ADA: frozenset({"lease"})}, {ADA: {"lease"}}, files) == []
    assert _misled({ADA: frozenset({"lease"})}, {ADA: {"plans"}}, files) == [
        f"{ADA} finds what is not shown to them: /Sales/Plans/Lease",
        f"{ADA} does not find: /Sales/Plans",
    ]


def test_what_is_in_a_shared_drive_is_known_by_the_drives_name() -> None:
    said = {"id": "1", "name": "Plans", "path": "Drive/Plans", "mimeType": "application/vnd.google-apps.folder", "owner": None}

    shared = _file({**said, "driveId": "0A", "trashed": False}, {"0A": "Sales"})
    own = _file({**said, "path": "My Drive/Plans", "driveId": None, "trashed": False}, {"0A": "Sales"})

    assert (shared.path, shared.is_folder, own.path) == ("/Sales/Plans", True, "/My Drive/Plans")


def drive(**changed: Any) -> dict[str, Any]:
    comparison = {"vendorCount": 3, "storedCount": 3, "missing": 0, "extra": 0, "stale": 0, "named": {}}
    change = {
        "what": "moved",
        "name": "Lease",
        "folderBefore": "/Sales",
        "folder": "/Sales/Plans",
        "foundByBefore": "ada",
        "foundBy": "bob",
    }
    said = {
        "tree": "Google Workspace",
        "drives": {"Sales": "0A1"},
        "secondsToChanged": 1.5,
        "changes": [change],
        "files": 3,
        "missing": 0,
        "extra": 0,
        "stale": 0,
    }
    return {
        **said,
        "completeness": {"streams": [{"stream": name, "comparison": comparison} for name in ("groups", "drive:0A1")], "gaps": []},
        **changed,
    }


def test_what_was_moved_and_what_was_compared_are_tables_and_a_line() -> None:
    assert rendered(drive()).splitlines()[4:] == [
        "One file was moved and one unshared; 1.5 s later:",
        "",
        "then   file   was in  is in         was found by  is found by",
        "-----  -----  ------  ------------  ------------  -----------",
        "moved  Lease  /Sales  /Sales/Plans  ada           bob",
        "",
        "All there is in the Workspace, compared with what is stored:",
        "",
        "change log   in the Workspace  here  missing  extra  stale",
        "-----------  ----------------  ----  -------  -----  -----",
        "groups       3                 3     0        0      0",
        "drive:Sales  3                 3     0        0      0",
        "",
        "3 files and folders are here and found by whom Drive shows them; compared: 0 missing, 0 extra, 0 stale",
    ]


def test_what_was_not_compared_says_so() -> None:
    assert rendered(drive(completeness=None)).splitlines()[-1] == "it was not compared with what is stored"
