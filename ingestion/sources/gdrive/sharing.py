"""With whom files are shared: told with the file itself in a My Drive, and to be asked for in shared drives.

There they are asked for only where ``hasAugmentedPermissions`` says that somebody was let in to the file itself: whoever is a member comes
with the drive's root folder.
"""

from collections.abc import Sequence
from typing import Final

from ingestion.sources.gdrive.answers import AccessDenied, NotThere, objects_in, text_in
from ingestion.sources.gdrive.at_once import each
from ingestion.sources.gdrive.client import DriveClient, segment
from ingestion.sources.gdrive.fields import GRANT, PERMISSIONS, file_fields
from ingestion.sources.gdrive.logs import File, KnownDrive, Log, Place
from shared.gaps.gap import GapReason

PAGE: Final = "100"
"""The most there are in one answer."""
FOLDER: Final = "application/vnd.google-apps.folder"


async def with_permissions(files: Sequence[File], log: Log, client: DriveClient) -> tuple[list[File], tuple[GapReason, ...]]:
    """The files that are the log's, with those they are shared with as far as that may be known, and the gap that the others leave.

    Raises:
        PipelineError: as ``DriveClient.drive``.
    """

    own = [_told_itself(file, log) for file in files if log.place_of(file) is not Place.ELSEWHERE]
    augmented = [at for at, file in enumerate(own) if PERMISSIONS not in file and log.drive is not None]
    answers = await each([own[at] for at in augmented], lambda file: _asked_for(file, log, client))
    for at, (file, _) in zip(augmented, answers, strict=True):
        own[at] = file
    return own, () if all(is_known for _, is_known in answers) else ("acl-unknown",)


async def drive_root(drive: KnownDrive, log: Log, client: DriveClient) -> tuple[File, tuple[GapReason, ...]]:
    """A shared drive's root folder, with the drive's members, and the gap that is left when they may not be known.

    Raises:
        NotThere: the drive is not there any more, or not for whoever reads it.
        PipelineError: as ``DriveClient.drive``.
    """
    root: File = {"id": drive.id, "driveId": drive.id, "name": drive.name, "mimeType": FOLDER}
    if drive.created_time is not None:
        root["createdTime"] = drive.created_time
    try:
        return {**root, PERMISSIONS: await _permissions(drive.id, log, client)}, ()
    except AccessDenied:
        return root, ("acl-unknown",)


async def my_drive_root(log: Log, client: DriveClient) -> File:
    """The root folder of somebody's My Drive. Raises as ``DriveClient.drive``."""
    params = {"fields": file_fields(), "supportsAllDrives": "true"}
    return (await client.drive("file", "files/root", params, user=log.user)).body


def _told_itself(file: File, log: Log) -> File:
    """The file with the permissions that are known without a question."""
    if text_in(file, "driveId") is None:
        return file
    bare = {name: value for name, value in file.items() if name != PERMISSIONS}
    # Of a drive that we are no member of nobody tells who else is in it.
    return bare if log.drive is None or file.get("hasAugmentedPermissions") is True else {**bare, PERMISSIONS: []}


async def _asked_for(file: File, log: Log, client: DriveClient) -> tuple[File, bool]:
    try:
        return {**file, PERMISSIONS: await _permissions(str(file.get("id")), log, client)}, True
    except AccessDenied:
        return file, False
    except NotThere:
        return file, True  # it went just now, and the log says so next


async def _permissions(file_id: str, log: Log, client: DriveClient) -> list[File]:
    found: list[File] = []
    params = {"fields": f"nextPageToken,permissions({GRANT})", "pageSize": PAGE, "supportsAllDrives": "true"}
    token: str | None = None
    while True:
        asked = {**params, "pageToken": token} if token else params
        body = (await client.drive("permissions", f"files/{segment(file_id)}/permissions", asked, user=log.user)).body
        found += objects_in(body.get("permissions"))
        token = text_in(body, "nextPageToken")
        if token is None:
            return found
