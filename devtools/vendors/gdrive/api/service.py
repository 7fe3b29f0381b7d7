"""A pretend Google on loopback: Drive v3, sign-in and the directory, over one ``PretendDrive``. How to use it: ``devtools.vendors.gdrive``.

What it has: reading of changes, files, permissions, shared drives and content; watching; ``fields``; OAuth (JWT bearer with delegation,
refresh tokens); people and groups; quotas, a ledger, faults, a clock that is given. Google's own client for Python is content with it.

What it lacks: everything that writes (the model does that), batches, ``files.watch``, ``files.download``, revisions, comments, labels,
``appDataFolder``, ``resourceKey``, TLS, and the vendor's limits of a query's length and of folders' depth.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final, Self

from aiohttp import web

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.gdrive import faults as places
from devtools.vendors.gdrive.api import changes, content, directory, drives, files, permissions, refusals, watching
from devtools.vendors.gdrive.api.answers import Answer, possible, response_of, spoilt
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.channels import Channels
from devtools.vendors.gdrive.api.ledger import Call, CallLedger
from devtools.vendors.gdrive.api.pages import ChangeTokens, Listings
from devtools.vendors.gdrive.api.quota import Quota
from devtools.vendors.gdrive.api.refusals import Refused
from devtools.vendors.gdrive.api.resources import Resources
from devtools.vendors.gdrive.api.sessions import (
    DRIVE,
    EVERY_SCOPE,
    GROUPS,
    MEMBERS,
    METADATA,
    READ,
    USERS,
    OAuthClient,
    ServiceAccount,
    Sessions,
)
from devtools.vendors.gdrive.drive import PretendDrive
from devtools.vendors.gdrive.items import Item

_METADATA: Final = (DRIVE, READ, METADATA)
_CONTENT: Final = (DRIVE, READ)
_V3: Final = "/drive/v3"
_ADMIN: Final = "/admin/directory/v1"


@dataclass(frozen=True, slots=True)
class Operation:
    """``place`` is its name in the ledger and in fault plans; ``scopes``: any of them is enough."""

    method: str
    path: str
    place: str
    answer: Callable[[Question], Answer]
    scopes: Iterable[str] = _METADATA


OPERATIONS: Final = (
    Operation("GET", f"{_V3}/changes/startPageToken", places.START, changes.start_page_token),
    Operation("GET", f"{_V3}/changes", places.CHANGES, changes.list_changes),
    Operation("POST", f"{_V3}/changes/watch", places.WATCH, watching.watch),
    Operation("POST", f"{_V3}/channels/stop", places.WATCH, watching.stop),
    Operation("GET", f"{_V3}/files", places.FILES, files.list_files),
    Operation("GET", f"{_V3}/files/{{file_id}}", places.FILE, files.get_file),
    Operation("GET", f"{_V3}/files/{{file_id}}/export", places.CONTENT, content.export, _CONTENT),
    Operation("GET", f"{_V3}/files/{{file_id}}/permissions", places.PERMISSIONS, permissions.list_permissions),
    Operation("GET", f"{_V3}/files/{{file_id}}/permissions/{{permission_id}}", places.PERMISSIONS, permissions.get_permission),
    Operation("GET", f"{_V3}/drives", places.DRIVES, drives.list_drives, _CONTENT),
    Operation("GET", f"{_V3}/drives/{{drive_id}}", places.DRIVES, drives.get_drive, _CONTENT),
    Operation("GET", f"{_V3}/about", places.ABOUT, drives.about),
    Operation("GET", f"{_ADMIN}/users", places.DIRECTORY, directory.list_users, (USERS,)),
    Operation("GET", f"{_ADMIN}/groups", places.DIRECTORY, directory.list_groups, (GROUPS,)),
    Operation("GET", f"{_ADMIN}/groups/{{group_key}}/members", places.DIRECTORY, directory.list_members, (GROUPS, MEMBERS)),
)
_DOWNLOAD: Final = Operation("GET", f"{_V3}/files/{{file_id}}", places.CONTENT, content.download, _CONTENT)


class PretendGoogle:
    """``async with PretendGoogle(drive, now=…) as google``: inside, ``url`` is its address. ``now`` is its only clock."""

    def __init__(
        self,
        drive: PretendDrive,
        *,
        now: Callable[[], datetime],
        accounts: Iterable[ServiceAccount] = (),
        clients: Iterable[OAuthClient] = (),
        faults: Injector | None = None,
    ) -> None:
        self.now = now
        self.drive = drive
        self.ledger = CallLedger()
        self.faults = faults or places.no_faults()
        self.sessions = Sessions(drive, now)
        self.sessions.accounts.update({account.email: account for account in accounts})
        self.sessions.clients.update({client.client_id: client for client in clients})
        self.quota = Quota(now)
        self.listings: Listings[Item] = Listings(now)
        self.lists: Listings[Any] = Listings(now)
        self.change_tokens = ChangeTokens()
        self.channels = Channels(now)
        self.smallest_pages: int | None = None
        self.largest_export_bytes = content.LARGEST_EXPORT_BYTES
        self.application = web.Application(client_max_size=1024 * 1024)
        self.application.on_response_prepare.append(self._date)
        self.application.router.add_post("/token", self._token)
        for operation in OPERATIONS:
            self.application.router.add_route(operation.method, operation.path, self._handler(operation))
        self.application.router.add_route("*", "/{rest:(drive|admin)/.*}", self._unknown)
        drive.recorder.listeners.append(self.channels.heard)
        self._runner = web.AppRunner(self.application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        self._telling: asyncio.Task[None] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    def token(self, email: str, scopes: Iterable[str] = EVERY_SCOPE) -> str:
        """An access token without asking for it by OAuth."""
        return self.sessions.issue(email, scopes)

    def reject_tokens(self, log: str | None = None, *, status: int = 400) -> None:
        """Every page token of ``changes.list`` that was given out so far; ``log``: of a shared drive (its id) or of a person (the email).

        ``status``: 400, 404 or 410.
        """
        self.change_tokens.reject(log, status)

    def forget_listings(self) -> None:
        """Every page token of ``files.list`` and the other lists is refused from now on."""
        self.listings.forget()
        self.lists.forget()

    async def told(self) -> None:
        """Until every channel has been told of what has changed so far."""
        await self.channels.idle()

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port. After ``stop`` it can be started again, with all it had.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]
        self._telling = asyncio.create_task(self.channels.run())

    async def stop(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            with suppress(asyncio.CancelledError):
                await self._telling
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(self.now().replace(microsecond=0), usegmt=True)

    async def _token(self, request: web.Request) -> web.StreamResponse:
        call = self._noted(request, places.TOKEN)
        said = {name: str(value) for name, value in (await request.post()).items()}
        try:
            call.user, granted = self.sessions.granted(said, self.url)
        except Refused as refusal:
            return _refusal(call, refusal)
        return await self._answered(request, call, Answer(granted))

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        call = self._noted(request, "unknown")
        return _refusal(call, refusals.of_reason("notFound"))

    def _handler(self, usual: Operation) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            is_download = usual.place == places.FILE and request.query.get("alt") == "media"
            operation = _DOWNLOAD if is_download else usual
            call = self._noted(request, operation.place)
            try:
                answer = operation.answer(await self._question(request, call, operation))
            except Refused as refusal:
                return _refusal(call, refusal)
            return await self._answered(request, call, answer)

        return handle

    async def _question(self, request: web.Request, call: Call, operation: Operation) -> Question:
        """Raises Refused: 401, 403 or 429, they may not ask, or not now; 400, it cannot be read."""
        session, user = self.sessions.session_of(request.headers.get("authorization", ""))
        call.user = user.email
        self.quota.spend(user.email)
        if not session.can(operation.scopes):
            raise refusals.of_reason("insufficientPermissions")
        view = self.drive.view(user.email)
        return Question(self, request, await _body(request), user, call, view, Resources(self.drive, view))

    async def _answered(self, request: web.Request, call: Call, answer: Answer) -> web.StreamResponse:
        fault = self.faults.strike(call.operation, call.target, kinds=possible(call.operation))
        call.fault = fault
        call.rows = answer.rows if fault is None or fault.kind is Kind.DELAY else 0
        response = await spoilt(request, call.operation, fault, answer) if fault else response_of(answer)
        call.status = response.status
        return response

    def _noted(self, request: web.Request, operation: str) -> Call:
        call = Call(request.method, operation, self.now())
        self.ledger.calls.append(call)
        return call


def _refusal(call: Call, refusal: Refused) -> web.Response:
    call.status = refusal.status
    return response_of(Answer(refusal.body, refusal.status, dict(refusal.headers)))


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        said = json.loads(text) if text else {}
    except ValueError as error:
        raise refusals.refused(400, "parseError", "Parse Error") from error
    if not isinstance(said, dict):
        raise refusals.refused(400, "parseError", "Parse Error")
    return said
