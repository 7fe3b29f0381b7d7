"""The pretend Google Drive as a process of its own, and how another process changes what it holds (``/pretend/…``)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.vendors.gdrive.__main__ import main
from devtools.vendors.gdrive.api.control import COMMANDS, add_control
from devtools.vendors.gdrive.api.sessions import READ, OAuthClient
from tests.integration.gdrive_api.test_sessions import ACCOUNT, signed
from tests.integration.gdrive_api.worlds import ADA, BOB, CLEO, DOMAIN, World, pretending


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with pretending(clients=[OAuthClient("c", "s")], prepare=add_control) as world:
        yield world


async def told(world: World, command: str, **said: Any) -> Any:
    answer = await world.http.post(f"/pretend/{command}", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_another_process_lets_files_come_change_move_and_go(world: World) -> None:
    sales = (await told(world, "create-drive", name="Sales", by=ADA))["id"]
    folder = (await told(world, "create-folder", name="Plans", parent=sales, by=ADA))["id"]
    made = await told(world, "create-file", name="a", by=BOB, content="text", modified_time="2020-01-02T03:04:05Z")
    shortcut = (await told(world, "create-shortcut", target_id=made["id"], by=BOB))["id"]
    token = await world.start(ADA, sales)
    await told(world, "rename", file_id=made["id"], name="b")
    await told(world, "edit", file_id=made["id"], content="more")
    await told(world, "move", file_id=made["id"], parent=folder, by=ADA)
    await told(world, "trash", file_id=folder)
    await told(world, "restore", file_id=folder)
    await told(world, "delete", file_id=shortcut)

    rows, _ = await world.changes(ADA, token, driveId=sales)
    files = (await world.http.get("/pretend/files")).json()["files"]

    assert {row["fileId"]: row["file"]["trashed"] for row in rows} == {folder: False, made["id"]: False}
    assert [(one["path"], one["driveId"], one["owner"]) for one in files] == [
        ("Drive/Plans", sales, None),
        ("Drive/Plans/b", sales, None),
    ]
    assert len((await told(world, "populate-fast", count=5, parent=folder))["ids"]) == 5
    await told(world, "rename-drive", drive_id=sales, name="Trade")
    await told(world, "trash", file_id=folder)
    assert (await told(world, "empty-trash"))["ids"] == [folder]
    await told(world, "delete-drive", drive_id=sales)
    assert (await world.http.get("/pretend/files")).json() == {"files": []}


async def test_another_process_lets_people_in_and_out(world: World) -> None:
    await told(world, "create-user", email="dan@pretend.example", name="Dan")
    await told(world, "create-group", email="team@pretend.example", members=[BOB])
    sales = (await told(world, "create-drive", name="Sales", by=ADA))["id"]
    file = (await told(world, "create-file", name="a", parent=sales, by=ADA))["id"]
    await told(world, "add-member", drive_id=sales, grantee="team@pretend.example", role="reader")
    await told(world, "add-to-group", group="team@pretend.example", member=CLEO)
    await told(world, "remove-from-group", group="team@pretend.example", member=BOB)
    await told(world, "share", file_id=file, grantee=BOB, role="writer", expires_at="2027-01-01T00:00:00Z")

    async def seen(email: str) -> list[str]:
        answer = await world.http.get("/pretend/files", params={"visible_to": email})
        return [one["id"] for one in answer.json()["files"]]

    assert [await seen(email) for email in (ADA, BOB, CLEO)] == [[file], [file], [file]]
    await told(world, "unshare", file_id=file, grantee=BOB)
    await told(world, "limit-access", folder_id=file)
    await told(world, "remove-member", drive_id=sales, grantee="team@pretend.example")
    assert [await seen(email) for email in (ADA, BOB, CLEO)] == [[file], [], []]
    people = (await world.http.get("/pretend/people")).json()
    assert [one["email"] for one in people["users"]] == [ADA, BOB, CLEO, "dan@pretend.example"]
    assert (people["groups"], people["drives"]) == (
        [{"email": "team@pretend.example", "members": [CLEO]}],
        [{"id": sales, "name": "Sales"}],
    )


async def test_another_process_turns_knobs_quotas_and_tokens(world: World) -> None:
    token = await world.start(ADA)
    knobs = await told(world, "knobs", log_lag=30, incomplete_searches=1, moves_reach_below=True)
    await told(world, "page-rows", rows=2)
    await told(world, "reject-tokens", status=410)
    await told(world, "quota", email=BOB, per_minute=0, status=429)

    assert (knobs["log_lag"], knobs["index_lag"], knobs["trash_reaches_below"]) == (30, 0, True)
    assert await world.refusal(ADA, lambda client: client.changes().list(pageToken=token).execute()) == (410, "fullSyncRequired")
    assert await world.refusal(BOB, lambda client: client.files().list().execute()) == (429, "rateLimitExceeded")
    for name in ("a", "b", "c"):
        await told(world, "create-file", name=name, by=ADA)
    listed = await world.used(ADA, lambda client: client.files().list(pageSize=100).execute())
    assert (len(listed["files"]), listed["incompleteSearch"]) == (2, True)
    await told(world, "forget-listings")
    ledger = (await world.http.get("/pretend/ledger")).json()
    assert ledger["counts"] == {"start-page-token": 1, "changes": 1, "files-list": 2}
    assert [call["status"] for call in ledger["calls"]] == [200, 410, 429, 200]
    await told(world, "forget-calls")
    assert (await world.http.get("/pretend/ledger")).json()["calls"] == []


async def test_another_process_decides_who_may_come_in(world: World) -> None:
    key = generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    await told(world, "add-key", account=ACCOUNT, key_id="first", public_key=public)
    good = await signed(world, key)
    await told(world, "delegate", account=ACCOUNT, scopes=[])
    not_delegated = await signed(world, key)
    await told(world, "remove-key", account=ACCOUNT, key_id="first")
    refresh = (await told(world, "consent", email=BOB, client_id="c"))["refresh_token"]
    token = (await told(world, "token", email=BOB, scopes=[READ]))["access_token"]
    await told(world, "end-sessions")
    await told(world, "suspend", email=BOB)
    await told(world, "unsuspend", email=BOB)
    await told(world, "revoke", email=BOB)
    await told(world, "delete-user", email=CLEO)
    said = {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": refresh}

    assert [good.status_code, not_delegated.status_code, (await signed(world, key)).status_code] == [200, 401, 400]
    assert (await world.http.post("/token", data=said)).json()["error"] == "invalid_grant"
    assert (await world.http.get("/drive/v3/files", headers={"authorization": f"Bearer {token}"})).status_code == 401


def test_every_command_is_tried_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")

    assert [name for name in COMMANDS if f'"{name}"' not in text] == []


async def test_a_command_that_cannot_be_carried_out_says_why(world: World) -> None:
    folder = (await told(world, "create-folder", name="f", by=ADA))["id"]

    answers = [
        await world.http.post("/pretend/explode", json={}),
        await world.http.post("/pretend/trash", json={"file_id": "nowhere"}),
        await world.http.post("/pretend/knobs", json={"colour": 1}),
        await world.http.post("/pretend/move", json={"file_id": folder, "parent": folder}),
        await world.http.post("/pretend/trash", json={"id": folder}),
        await world.http.post("/pretend/share", json={"file_id": folder, "grantee": BOB, "role": "king"}),
        await world.http.post("/pretend/create-user", json={"email": ADA}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404, 400, 400, 400, 400]
    assert answers[1].json() == {"error": "there is no nowhere"}
    assert answers[5].json() == {"error": "nobody is let in as king"}


async def test_after_an_outage_it_has_what_it_had(world: World) -> None:
    world.drive.create_file("a", by=ADA)
    port = int(world.google.url.rpartition(":")[2])
    await world.google.stop()
    await world.google.start(port)

    assert [one["name"] for one in await world.files(ADA)] == ["a"]


async def test_by_itself_it_serves_what_its_seed_makes_obeys_its_plan_and_says_what_was_asked(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="busy", faults=(Fault(at="gdrive", kind=Kind.REFUSE, status=503, operation="files-list", calls=1),)).write(plan)
    options = ["--port", "0", "--seed", "7", "--users", "2", "--files", "6", "--many", "100", "--clock", "2026-03-02T12:00:00Z"]
    program = [sys.executable, "-m", "devtools.vendors.gdrive", *options, "--faults", str(plan)]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    ready = (await process.stdout.readline()).decode()
    url = ready.removeprefix("gdrive: ready on ").partition(",")[0]

    async with pretending() as world:
        http = world.http
        refresh = ready.strip().rpartition("refresh token ")[2]
        said = {"grant_type": "refresh_token", "client_id": "pretend-client", "client_secret": "pretend-secret", "refresh_token": refresh}
        granted = (await http.post(f"{url}/token", data=said)).json()
        headers = {"authorization": f"Bearer {granted['access_token']}"}
        asked = {"pageSize": "1000", "supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
        answers = [await http.get(f"{url}/drive/v3/files", params=asked, headers=headers) for _ in range(2)]
        made = (await http.post(f"{url}/pretend/create-file", json={"name": "x", "by": ADA})).json()["id"]
    process.terminate()
    rest, _ = await process.communicate()

    assert f"domain {DOMAIN}, administrator {ADA}" in ready
    assert [answer.status_code for answer in answers] == [503, 200]
    rows = len(answers[1].json()["files"])
    assert rows > 106
    assert answers[1].headers["date"].startswith("Mon, 02 Mar 2026 12:0")
    assert made.startswith("1")
    assert rest.decode() == f"gdrive: 2 × files-list, 1 × token; {rows} rows\n"
    assert Report.read(plan).by_kind == {"refuse": 1}


def test_a_plan_it_cannot_carry_out_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.json"
    Plan(name="too much", faults=(Fault(at="gdrive", kind=Kind.DISK_FULL, calls=1),)).write(plan)

    assert main(["--port", "0", "--faults", str(plan)]) == 1
    assert "gdrive: disk-full on * *: this stand-in can do" in capsys.readouterr().err
