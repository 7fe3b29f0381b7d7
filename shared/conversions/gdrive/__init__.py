"""Google Drive's resources as shards: one table for each, field by field against the reference of Drive API v3 and the Directory API."""

from typing import Final

from shared.conversions.gdrive.file import FILE, FOLDER
from shared.conversions.gdrive.group import GROUP
from shared.conversions.gdrive.user import USER

__all__ = ["FILE", "FOLDER", "GDRIVE", "GROUP", "USER"]

GDRIVE: Final = (FOLDER, FILE, USER, GROUP)
