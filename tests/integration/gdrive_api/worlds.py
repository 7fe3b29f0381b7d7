"""What the tests of the pretend Google Drive share: three people, a clock moved by hand, and Google's own client for Python."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, TypeVar

import httpx2
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build_from_document
from googleapiclient.discovery_cache import get_static_doc
from googleapiclient.errors import HttpError

from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.api.sessions import EVERY_SCOPE
from devtools.vendors.gdrive.drive import PretendDrive, SharedDrive

T = TypeVar("T")

NOON: Final = datetime(2026, 3, 2, 12, 0, 30, tzinfo=UTC)
DOMAIN: Final = "pretend.example"
ADA, BOB, CLEO = (f"{name}@{DOMAIN}" for name in ("ada", "bob", "cleo"))
"""An administrator, and two others."""
_NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks it, and to read the machine's certificates takes longer than most tests."""
EVERYTHING: Final = {"supportsAllDrives": True, "includeItemsFromAllDrives": True}


@dataclass
class Clock:
    """Says what it is told to."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **said: float) -> None:
        self.moment += timedelta(**said)


def people(drive: PretendDrive) -> PretendDrive:
    for email in (ADA, BOB, CLEO):
        drive.create_user(email, is_admin=email == ADA)
    return drive


@dataclass
class World:
    google: PretendGoogle
    clock: Clock
    http: httpx2.AsyncClient
    """Without a client's opinions, and without a token."""

    @property
    def drive(self) -> PretendDrive:
        return self.google.drive

    def shared_drive(self, name: str = "Sales") -> SharedDrive:
        """Of Ada's, in which Bob reads."""
        made = self.drive.create_drive(name, by=ADA)
        self.drive.add_member(made.id, BOB, "reader")
        return made

    async def used(self, email: str, use: Callable[[Any], T], *, scopes: Iterable[str] = EVERY_SCOPE, api: str = "drive") -> T:
        """What somebody gets who uses Google's client, in a thread: it waits for its answers."""
        credentials = Credentials(self.google.token(email, scopes))  # type: ignore[no-untyped-call] # untyped there

        def beside() -> T:
            name, version, path = ("drive", "v3", "/drive/v3/") if api == "drive" else ("admin", "directory_v1", "/")
            options = {"api_endpoint": f"{self.google.url}{path}"}
            document = get_static_doc(name, version)  # type: ignore[no-untyped-call] # untyped there
            with closing(build_from_document(document, credentials=credentials, client_options=options)) as client:
                return use(client)

        return await asyncio.to_thread(beside)

    async def refusal(self, email: str, use: Callable[[Any], Any], **said: Any) -> tuple[int, str]:
        """Status and reason."""
        try:
            await self.used(email, use, **said)
        except HttpError as error:
            [detail] = error.error_details
            return error.resp.status, detail["reason"]
        raise AssertionError("it was not refused")

    async def start(self, email: str, drive_id: str | None = None) -> str:
        """A start page token."""

        def ask(client: Any) -> str:
            return str(client.changes().getStartPageToken(driveId=drive_id, supportsAllDrives=True).execute()["startPageToken"])

        return await self.used(email, ask)

    async def changes(self, email: str, token: str, **said: Any) -> tuple[list[dict[str, Any]], str]:
        """What a log has after a token, page for page, and the token to go on from."""
        asked = {"pageSize": 1000, "fields": "*", **EVERYTHING, **said}

        def read(client: Any) -> tuple[list[dict[str, Any]], str]:
            found, at = [], token
            while True:
                answer = client.changes().list(pageToken=at, **asked).execute()
                found += answer["changes"]
                assert ("nextPageToken" in answer) != ("newStartPageToken" in answer)
                if "newStartPageToken" in answer:
                    return found, answer["newStartPageToken"]
                at = answer["nextPageToken"]

        return await self.used(email, read)

    async def files(self, email: str, **said: Any) -> list[dict[str, Any]]:
        """What there is, page for page."""
        asked = {"pageSize": 1000, "fields": "*", **EVERYTHING, **said}

        def read(client: Any) -> list[dict[str, Any]]:
            found, request = [], client.files().list(**asked)
            while request is not None:
                answer = request.execute()
                found += answer["files"]
                request = client.files().list_next(request, answer)
            return found

        return await self.used(email, read)

    async def file(self, email: str, file_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.used(
            email, lambda client: client.files().get(fileId=file_id, fields="*", supportsAllDrives=True).execute()
        )
        return found

    async def call(self, path: str, email: str = ADA, *, method: str = "GET", **said: Any) -> httpx2.Response:
        """Without a client's opinions. ``path`` from a slash on."""
        headers = {"authorization": f"Bearer {self.google.token(email)}"}
        return await self.http.request(method, path, headers=headers, **said)


@asynccontextmanager
async def pretending(*, prepare: Callable[[PretendGoogle], None] = lambda google: None, **said: Any) -> AsyncIterator[World]:
    clock = Clock()
    drive = people(PretendDrive(DOMAIN, Random(4), clock))
    served = PretendGoogle(drive, now=clock, **said)
    prepare(served)
    async with served as google, httpx2.AsyncClient(base_url=google.url, verify=_NO_TLS) as http:
        yield World(google, clock, http)


def told(rows: Iterable[dict[str, Any]]) -> list[tuple[str, bool]]:
    """Of each change what it is about, and whether it was removed."""
    return [(str(row.get("fileId", row.get("driveId"))), bool(row["removed"])) for row in rows]
