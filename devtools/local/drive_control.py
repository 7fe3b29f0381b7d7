"""The pretend Google Drive of a run, told what happens to its files, and asked what there is and who sees it."""

from dataclasses import dataclass
from typing import Any

from devtools.local.control import VendorControl


@dataclass(frozen=True)
class PretendFile:
    """A file or folder, as the pretend Drive has it."""

    id: str
    name: str
    path: str
    """With a slash at its beginning; that of a shared drive begins with the drive's name."""
    is_folder: bool
    owner: str | None
    is_trashed: bool


class DriveControl(VendorControl):
    """Commands are those of ``devtools/vendors/gdrive/api/control.py``."""

    async def create(self, kind: str, name: str, **said: Any) -> str:
        """A ``file`` or ``folder``, with its ``parent`` and ``by``: its id."""
        return str((await self.tell(f"create-{kind}", name=name, **said))["id"])

    async def files(self) -> dict[str, PretendFile]:
        """Everything but the roots, by id."""
        drives = {one["id"]: str(one["name"]) for one in (await self.look("people"))["drives"]}
        return {one["id"]: _file(one, drives) for one in (await self.look("files"))["files"]}

    async def named(self, path: str) -> str:
        """The id of what is there.

        Raises:
            StopIteration: there is nothing.
        """
        return next(file.id for file in (await self.files()).values() if file.path == path)

    async def drives(self) -> dict[str, str]:
        """The ids of the shared drives, by name."""
        return {str(one["name"]): str(one["id"]) for one in (await self.look("people"))["drives"]}

    async def seen_by(self, email: str) -> set[str]:
        """The ids of everything that Drive shows to somebody, but roots and what is in the bin."""
        return {one["id"] for one in (await self.look("files", visible_to=email))["files"] if not one["trashed"]}


def _file(said: dict[str, Any], drives: dict[str, str]) -> PretendFile:
    root, _, below = said["path"].partition("/")
    return PretendFile(
        id=said["id"],
        name=said["name"],
        path=f"/{drives.get(said['driveId'], root)}/{below}",
        is_folder=said["mimeType"].endswith(".folder"),
        owner=said["owner"],
        is_trashed=said["trashed"],
    )
