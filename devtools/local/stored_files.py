"""The files and folders of a Google Drive as they are stored: where each stands, who it is open to, and whether that is so at the vendor.

What is expected is taken from the pretend Drive and not through the app's conversions: a wrong conversion must not agree with itself.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from devtools.local.drive_control import PretendFile
from shared.shards.model import Shard

PARENTS: Final = {"c_folder": "parentExternalId", "c_file": "parentFolderExternalId"}
"""Shard type → the field that names the folder it is in."""
WIDTH: Final = 180

Grant = tuple[str, str]
"""To whom, and as what."""


@dataclass(frozen=True)
class StoredFiles:
    """By the vendor's id."""

    shards: Mapping[str, Shard]

    @classmethod
    def among(cls, shards: Iterable[Shard]) -> "StoredFiles":
        """Those that are there: no placeholders, and nothing that is gone."""
        found = [shard for shard in shards if shard.shard_type_id in PARENTS and shard.status == "active"]
        return cls({str(shard.structured_data.get("externalId")): shard for shard in found})

    def path(self, file_id: str) -> str | None:
        """A folder's own; that of the folder it is in, and the name, of a file. None: it is not known, or not all of it."""
        shard = self.shards.get(file_id)
        if shard is None:
            return None
        said = shard.structured_data
        if shard.shard_type_id == "c_folder":
            return _text(said.get("path"))
        above = self.path(str(said.get(PARENTS["c_file"])))
        return None if above is None else f"{above}/{said.get('name')}"

    def is_root(self, file_id: str) -> bool:
        """Whether it is in no folder: somebody's My Drive, or a shared drive."""
        shard = self.shards[file_id]
        return not shard.structured_data.get(PARENTS[shard.shard_type_id])

    def faults(self, wanted: Mapping[str, PretendFile]) -> list[str]:
        """What is missing or wrong, a line each."""
        return [fault for file in wanted.values() for fault in self._faults(file)]

    def _faults(self, file: PretendFile) -> Iterator[str]:
        shard = self.shards.get(file.id)
        if file.is_trashed:
            if shard is not None:
                yield f"{file.path} is in the bin, and here it is not"
            return
        if shard is None:
            yield f"{file.path} ({file.id}) has no shard"
            return
        if (shard.shard_type_id == "c_folder") != file.is_folder:
            yield f"{file.path} became a {shard.shard_type_id}"
        for what, here, there in (
            ("its path", self.path(file.id), file.path),
            ("its owner", shard.structured_data.get("ownerEmail"), file.owner),
        ):
            if here != there:
                yield f"{file.path}: {what} is {here!r} here and {there!r} there"
        if shard.awaits_enrichment or shard.awaits_embedding or shard.vectors is None:
            yield f"{file.path} is not linked and embedded"

    def tree(self, domain: str) -> str:
        """For people: what is in each folder, and to whom it is open beside those to whom the folder is."""
        tree = Tree(Text(f"Google Workspace {domain}"))
        branches = {"": tree}
        below = self._below()
        waiting = [(file_id, "") for file_id in below.get("", ())]
        while waiting:
            file_id, parent_id = waiting.pop(0)
            branches[file_id] = branches[parent_id].add(Text(self._line(file_id, parent_id, domain)))
            waiting += [(child_id, file_id) for child_id in below.get(file_id, ())]
        written = io.StringIO()
        Console(file=written, width=WIDTH, color_system=None, highlight=False).print(tree)
        return "\n".join(line.rstrip() for line in written.getvalue().splitlines())

    def _below(self) -> dict[str, list[str]]:
        """What is in each folder, by its id; in no folder that is here: by nothing. Folders first."""
        found: dict[str, list[str]] = {}
        for file_id, shard in sorted(self.shards.items(), key=lambda one: (one[1].shard_type_id != "c_folder", *_order(one[1]))):
            parent_id = str(shard.structured_data.get(PARENTS[shard.shard_type_id]))
            found.setdefault(parent_id if parent_id in self.shards else "", []).append(file_id)
        return found

    def _line(self, file_id: str, parent_id: str, domain: str) -> str:
        shard = self.shards[file_id]
        said = shard.structured_data
        above = _grants(self.shards[parent_id]) if parent_id else {}
        own = {one: role for one, role in _grants(shard, with_inherited=False).items() if above.get(one) != role}
        name = f"{said.get('name')}{'/' if shard.shard_type_id == 'c_folder' else ''}{' ↗' if said.get('shortcutTargetId') else ''}"
        shown = ", ".join(f"{one.removesuffix(f'@{domain}')} {role}" for one, role in own.items())
        return f"{name}  [{shown}]" if shown else name


def _order(shard: Shard) -> tuple[str, str]:
    return str(shard.structured_data.get("name")), str(shard.structured_data.get("ownerEmail"))


def _grants(shard: Shard, *, with_inherited: bool = True) -> dict[str, str]:
    """Who is let in, and as what."""
    kept = shard.structured_data.get("permissions")
    try:
        entries: list[dict[str, Any]] = json.loads(kept) if isinstance(kept, str) else []
    except ValueError:
        entries = []
    wanted = [entry for entry in entries if with_inherited or not entry.get("isInherited")]
    return {str(entry.get("address") or entry.get("type")): str(entry.get("role")) for entry in wanted}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
