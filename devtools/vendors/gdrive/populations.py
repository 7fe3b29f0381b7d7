"""Many files at once, for benchmarks: a tree of folders, in a second for a hundred thousand.

Lacks: what takes time when files are made one by one. Names and sizes repeat, ids are numbered, nobody was let in to any of them directly.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final

from devtools.vendors.gdrive.ids import file_id, numbered_file_id
from devtools.vendors.gdrive.items import DOCUMENT, NATIVE, NATIVE_BYTES, Item

PER_FOLDER: Final = 50
"""Of each so many one is a folder, which the others of them lie in."""
FOLDERS_PER_FOLDER: Final = 10
_KINDS: Final = ("application/pdf", DOCUMENT, "image/png", f"{NATIVE}spreadsheet", "text/plain")
_SECONDS_APART: Final = 30


def many(count: int, pattern: Item, rng: Random) -> list[Item]:
    """So many copies of a pattern below its parent, the last of them made when the pattern was, a folder before what lies in it."""
    prefix = file_id(rng)[:24]
    folders: list[Item] = []
    made: list[Item] = []
    for number in range(count):
        at = pattern.created_at - timedelta(seconds=_SECONDS_APART * (count - 1 - number))
        is_folder = number % PER_FOLDER == 0
        item = replace(pattern, id=numbered_file_id(prefix, number), created_at=at, modified_at=at)
        if is_folder:
            item.name = f"Folder {len(folders):05d}"
            above = (len(folders) - 1) // FOLDERS_PER_FOLDER
            item.parent_id = folders[above].id if folders else pattern.parent_id
            folders.append(item)
        else:
            item.name, item.mime_type, item.parent_id = f"File {number:07d}", _KINDS[number % len(_KINDS)], folders[-1].id
            item.size = NATIVE_BYTES if item.is_native else 1000 + number
        made.append(item)
    return made
