"""How another process changes what the stand-in holds, and reads what was asked of it: ``/pretend/…`` on the same server.

Nothing of it exists at the vendor. A command is a POST of JSON whose names are those of the operation in Python, with hyphens in its own
(``create-file`` with ``{"parent": …, "by": …}``); ``content`` is text, times are ISO 8601. What there is not is 404, anything else that
cannot be done 400. Everybody on the machine can use it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web

from devtools.vendors.gdrive.api.service import PretendGoogle
from devtools.vendors.gdrive.api.sessions import EVERY_SCOPE, READ, ServiceAccount
from devtools.vendors.gdrive.items import Item
from devtools.vendors.gdrive.knobs import Knobs

Said = Mapping[str, Any]
Command = Callable[[PretendGoogle, Said], Any]

_OPERATIONS: Final = (
    *("create_user", "create_group", "create_drive", "create_file", "create_folder", "create_shortcut", "edit", "rename", "move"),
    *("trash", "restore", "delete", "empty_trash", "share", "unshare", "limit_access", "add_member", "remove_member", "rename_drive"),
    *("delete_drive", "add_to_group", "remove_from_group", "suspend", "unsuspend", "delete_user", "populate_fast"),
)
_TIMES: Final = ("created_time", "modified_time", "expires_at")


def _read(said: Said) -> dict[str, Any]:
    read = dict(said)
    if isinstance(read.get("content"), str):
        read["content"] = read["content"].encode()
    return read | {name: datetime.fromisoformat(read[name]) for name in _TIMES if read.get(name)}


def _operation(name: str) -> Command:
    def carry_out(google: PretendGoogle, said: Said) -> Any:
        made = getattr(google.drive, name)(**_read(said))
        if isinstance(made, list):
            return {"ids": made}
        return {"id": made.id} if hasattr(made, "id") else {}

    return carry_out


def _knobs(google: PretendGoogle, said: Said) -> Any:
    knobs = google.drive.knobs
    for name, value in said.items():
        if name not in {field.name for field in fields(Knobs)}:
            raise KeyError(name)
        setattr(knobs, name, timedelta(seconds=value) if name.endswith("_lag") else value)
    return {name: value.total_seconds() if isinstance(value, timedelta) else value for name, value in asdict(knobs).items()}


def _consent(google: PretendGoogle, said: Said) -> Any:
    scopes = said.get("scopes", [READ])
    return {"refresh_token": google.sessions.consent(said["email"], client_id=said["client_id"], scopes=scopes)}


def _add_key(google: PretendGoogle, said: Said) -> None:
    account = google.sessions.accounts.setdefault(said["account"], ServiceAccount(said["account"], {}, EVERY_SCOPE))
    account.keys[said["key_id"]] = said["public_key"]


def _remove_key(google: PretendGoogle, said: Said) -> None:
    del google.sessions.accounts[said["account"]].keys[said["key_id"]]


def _delegate(google: PretendGoogle, said: Said) -> None:
    google.sessions.accounts[said["account"]].scopes = set(said["scopes"])


def _quota(google: PretendGoogle, said: Said) -> None:
    google.quota.limit(said.get("email", ""), said["per_minute"], status=said.get("status", 403))


def _pages(google: PretendGoogle, said: Said) -> None:
    google.smallest_pages = said["rows"]


COMMANDS: Final[Mapping[str, Command]] = {
    **{name.replace("_", "-"): _operation(name) for name in _OPERATIONS},
    "knobs": _knobs,
    "consent": _consent,
    "revoke": lambda google, said: google.sessions.revoke(said["email"]),
    "end-sessions": lambda google, said: google.sessions.end_all(),
    "token": lambda google, said: {"access_token": google.token(said["email"], said.get("scopes", EVERY_SCOPE))},
    "add-key": _add_key,
    "remove-key": _remove_key,
    "delegate": _delegate,
    "quota": _quota,
    "page-rows": _pages,
    "reject-tokens": lambda google, said: google.reject_tokens(said.get("log"), status=said.get("status", 400)),
    "forget-listings": lambda google, said: google.forget_listings(),
    "forget-calls": lambda google, said: google.ledger.clear(),
}
"""What can be told to it, by the last part of the address."""


def add_control(google: PretendGoogle) -> None:
    """Serve ``/pretend/…``, too. Before it is started."""
    drive = google.drive

    async def command(request: web.Request) -> web.Response:
        name, text = request.match_info["command"], await request.text()
        try:
            answer = COMMANDS[name](google, json.loads(text) if text else {})
        except KeyError as error:
            return web.json_response({"error": f"there is no {error.args[0]}"}, status=404)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(answer or {})

    async def files(request: web.Request) -> web.Response:
        email = request.query.get("visible_to")
        seen = drive.visible_to(email) if email else None
        items = [item for item in drive.tree.items.values() if not item.is_root and (seen is None or item.id in seen)]
        return web.json_response({"files": [_described(google, item) for item in items]})

    async def people(_: web.Request) -> web.Response:
        users = [{"email": user.email, "name": user.name, "isAdmin": user.is_admin} for user in drive.people.users.values()]
        groups = [{"email": group.email, "members": group.members} for group in drive.people.groups.values()]
        drives = [{"id": one.id, "name": one.name} for one in drive.drives.values()]
        return web.json_response({"users": users, "groups": groups, "drives": drives})

    async def calls(_: web.Request) -> web.Response:
        ledger = google.ledger
        return web.json_response({"calls": ledger.written(), "counts": dict(ledger.counts()), "rows": ledger.rows()})

    router = google.application.router
    router.add_get("/pretend/files", files)
    router.add_get("/pretend/people", people)
    router.add_get("/pretend/ledger", calls)
    router.add_post("/pretend/{command}", command)


def _described(google: PretendGoogle, item: Item) -> dict[str, Any]:
    drive = google.drive
    said = {"id": item.id, "name": item.name, "path": drive.path(item.id), "mimeType": item.mime_type, "version": item.version}
    said |= {"driveId": item.drive_id, "owner": item.owner, "trashed": drive.is_trashed(item)}
    return said | {"sharedWith": [grant.grantee or grant.kind for grant in (item.grants or {}).values()]}
