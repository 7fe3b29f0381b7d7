"""What lies in Drive: files, folders and shortcuts, and who was let in to each of them directly."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

FOLDER: Final = "application/vnd.google-apps.folder"
SHORTCUT: Final = "application/vnd.google-apps.shortcut"
NATIVE: Final = "application/vnd.google-apps."
DOCUMENT: Final = "application/vnd.google-apps.document"
NATIVE_BYTES: Final = 1024
"""What the vendor says most of its own documents are large."""

ROLES: Final = ("reader", "commenter", "writer", "fileOrganizer", "organizer", "owner")
READER, COMMENTER, WRITER, FILE_ORGANIZER, ORGANIZER, OWNER = range(1, 7)
RANKS: Final = {role: rank for rank, role in enumerate(ROLES, 1)}


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody was let in. ``kind``: user, group, domain or anyone; ``grantee``: an email, a domain, or nothing."""

    kind: str
    grantee: str
    role: str
    by: str
    at: datetime
    is_discoverable: bool = False
    expires_at: datetime | None = None

    @property
    def is_listed(self) -> bool:
        """Whether what it opens shows in lists: a link alone does not do that."""
        return self.kind in {"user", "group"} or self.is_discoverable


@dataclass(slots=True, eq=False)
class Item:
    """A file, a folder or a shortcut. ``owner`` is an email in a My Drive, None in a shared drive."""

    id: str
    name: str
    mime_type: str
    parent_id: str | None
    drive_id: str | None
    owner: str | None
    created_at: datetime
    modified_at: datetime
    modified_by: str
    version: int = 1
    content: bytes | None = None
    size: int | None = None
    revision: int = 1
    description: str | None = None
    is_trashed: bool = False
    """Itself, not by a folder above it."""
    trashed_at: datetime | None = None
    trashed_by: str | None = None
    grants: dict[str, Grant] | None = None
    """By permission id; None: there are none. Of a shared drive's root folder: its members."""
    is_limited: bool = False
    """Who was let in further up is not let in here (``inheritedPermissionsDisabled``)."""
    target_id: str | None = None

    @property
    def is_folder(self) -> bool:
        return self.mime_type == FOLDER

    @property
    def is_root(self) -> bool:
        return self.parent_id is None

    @property
    def is_native(self) -> bool:
        """Whether it is of the vendor's own kinds, which have no bytes of their own."""
        return self.mime_type.startswith(NATIVE)

    def bytes(self) -> bytes:
        """The content; invented where it was given as a size alone."""
        return self.content if self.content is not None else f"{self.id} {self.revision}".encode()

    def checksum(self, name: str) -> str | None:
        """``md5``, ``sha1`` or ``sha256`` of files with bytes of their own; None for the others."""
        return None if self.is_native else hashlib.new(name, self.bytes(), usedforsecurity=False).hexdigest()
