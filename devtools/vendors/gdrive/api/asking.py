"""One request of the API, read: whose it is, what it says, and what it is to be answered with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from devtools.vendors.gdrive.api import refusals
from devtools.vendors.gdrive.api.channels import Channels
from devtools.vendors.gdrive.api.fields import Schema, Selection, selection
from devtools.vendors.gdrive.api.ledger import Call
from devtools.vendors.gdrive.api.pages import ChangeTokens, Listings, Page
from devtools.vendors.gdrive.api.resources import Resources
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.people import User
from devtools.vendors.gdrive.view import View


class Served(Protocol):
    """What a question needs of the service."""

    drive: PretendDrive
    listings: Listings[Item]
    lists: Listings[Any]
    change_tokens: ChangeTokens
    channels: Channels
    smallest_pages: int | None
    largest_export_bytes: int

    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class Question:
    """What it is about goes into the call."""

    served: Served
    request: web.Request
    body: Mapping[str, Any]
    user: User
    call: Call
    view: View
    resources: Resources

    @property
    def drive(self) -> PretendDrive:
        return self.served.drive

    def text(self, name: str, default: str = "") -> str:
        return self.request.query.get(name, default)

    def needed(self, name: str) -> str:
        """Raises Refused: 400, it was not said."""
        value = self.text(name)
        if not value:
            raise refusals.required(name)
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Raises Refused: 400, it is neither true nor false."""
        text = self.text(name).lower()
        if text in {"", "true", "false"}:
            return default if not text else text == "true"
        raise refusals.invalid(name, f"Invalid boolean value: '{text}'.")

    def page_size(self, default: int, most: int, name: str = "pageSize") -> int:
        """More than there can be is as much as there can be.

        Raises:
            Refused: 400, it is no number, or too small.
        """
        text = self.text(name, str(default))
        if not text.isdecimal() or int(text) < 1:
            raise refusals.refused(400, "invalidParameter", f"Invalid value '{text}'. Values must be within the range: [1, {most}]", name)
        self.call.page_size = int(text)
        return min(int(text), most, self.served.smallest_pages or most)

    def page_token(self) -> str:
        self.call.page_token = self.text("pageToken") or None
        return self.text("pageToken")

    def wanted(self, default: str, schema: Schema) -> Selection:
        return selection(self.request.query.get("fields"), default, schema)

    def supports_drives(self) -> bool:
        return self.flag("supportsAllDrives") or self.flag("supportsTeamDrives")

    def includes_drives(self) -> bool:
        """Whether items of shared drives are wanted.

        Raises:
            Refused: 403, somebody wants them who does not say that they know of shared drives.
        """
        includes = self.flag("includeItemsFromAllDrives") or self.flag("includeTeamDriveItems")
        if includes and not self.supports_drives():
            raise refusals.not_supporting_drives()
        return includes

    def is_administrator(self) -> bool:
        """Whether they ask as one.

        Raises:
            Refused: 403, they are none.
        """
        asks = self.flag("useDomainAdminAccess")
        if asks and not self.user.is_admin:
            raise refusals.refused(403, "forbidden", "The user must be an administrator of the domain.", "useDomainAdminAccess")
        return asks

    def file(self) -> Item:
        """What the address names.

        Raises:
            Refused: 404, there is none, they cannot see it, or it lies in a shared drive, which they do not know of.
        """
        file_id = self.request.match_info["file_id"]
        self.call.file_id = file_id
        item = self.drive.tree.items.get(self.user.root_id if file_id == "root" else file_id)
        if item is None or not self.view.rank(item) or (item.drive_id is not None and not self.supports_drives()):
            raise refusals.file_not_found(file_id)
        return item

    def page(self, rows: list[Any], name: str, default: int, most: int) -> Page[Any]:
        """A page of a list that is short enough to be made at once; ``name`` is how its size is called."""
        size, token = self.page_size(default, most, name), self.page_token()
        said = {key: value for key, value in self.request.query.items() if key not in {"pageToken", "fields", name}}
        question = f"{self.request.path} {sorted(said.items())} {self.user.email}"
        return self.served.lists.next(question, token, size) if token else self.served.lists.first(question, rows, size)
