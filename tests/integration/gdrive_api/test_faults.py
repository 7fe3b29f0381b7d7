"""What the pretend Google Drive does wrong on command, and what it refuses by itself: quotas, and content that is too large."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from devtools.faults.plan import Fault, Kind
from devtools.vendors.gdrive.api.content import LARGEST_EXPORT_BYTES
from devtools.vendors.gdrive.api.sessions import OAuthClient
from devtools.vendors.gdrive.faults import ABILITIES, API
from devtools.vendors.gdrive.items import DOCUMENT
from tests.integration.gdrive_api.worlds import ADA, BOB, DOMAIN, World

REFUSALS = [
    (None, 400, "invalid", "global"),
    (None, 401, "authError", "global"),
    (None, 403, "userRateLimitExceeded", "usageLimits"),
    (None, 404, "notFound", "global"),
    (None, 410, "fullSyncRequired", "global"),
    (None, 429, "rateLimitExceeded", "usageLimits"),
    (None, 500, "internalError", "global"),
    (None, 503, "backendError", "global"),
    ("user-rate-limit-exceeded", 403, "userRateLimitExceeded", "usageLimits"),
    ("rate-limit-exceeded", 403, "rateLimitExceeded", "usageLimits"),
    ("daily-limit-exceeded", 403, "dailyLimitExceeded", "usageLimits"),
    ("sharing-rate-limit-exceeded", 403, "sharingRateLimitExceeded", "usageLimits"),
    ("insufficient-file-permissions", 403, "insufficientFilePermissions", "global"),
    ("cannot-download-file", 403, "cannotDownloadFile", "global"),
    ("cannot-export-file", 403, "cannotExportFile", "global"),
    ("app-not-authorized-to-file", 403, "appNotAuthorizedToFile", "global"),
    ("domain-policy", 403, "domainPolicy", "global"),
    ("team-drive-membership-required", 403, "teamDriveMembershipRequired", "global"),
    ("insufficient-permissions", 403, "insufficientPermissions", "global"),
    ("export-size-limit-exceeded", 403, "exportSizeLimitExceeded", "global"),
    ("auth-error", 401, "authError", "global"),
    ("not-found", 404, "notFound", "global"),
    ("invalid", 400, "invalid", "global"),
    ("full-sync-required", 410, "fullSyncRequired", "global"),
    ("backend-error", 503, "backendError", "global"),
    ("internal-error", 500, "internalError", "global"),
]
OF_GRANTS = [("invalid-grant", 400, "invalid_grant"), ("unauthorized-client", 401, "unauthorized_client"), (None, 503, "internal_failure")]


def fault(kind: Kind, operation: str = "files-list", **said: Any) -> Fault:
    return Fault(at="gdrive", kind=kind, operation=operation, **{"calls": 1, **said})


async def listed(world: World, **said: Any) -> httpx2.Response:
    return await world.call("/drive/v3/files", **said)


@pytest.mark.parametrize(("variant", "status", "reason", "domain"), REFUSALS)
async def test_a_refusal_is_in_the_vendors_words_and_the_next_call_is_served(
    world: World, variant: str | None, status: int, reason: str, domain: str
) -> None:
    planned = fault(Kind.REFUSE, status=status, variant=variant, retry_after_seconds=7)
    world.google.faults.add(planned)

    refused, served = await listed(world), await listed(world)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["message"]) == (status, status, error["errors"][0]["message"])
    assert [(one["reason"], one["domain"]) for one in error["errors"]] == [(reason, domain)]
    assert refused.headers["retry-after"] == "7"
    assert served.status_code == 200
    assert [(call.status, call.fault) for call in world.google.ledger.calls] == [(status, planned), (200, None)]


@pytest.mark.parametrize(("variant", "status", "error"), OF_GRANTS)
async def test_a_grant_is_refused_in_the_words_of_oauth(world: World, variant: str | None, status: int, error: str) -> None:
    world.google.faults.add(fault(Kind.REFUSE, "token", status=status, variant=variant, target=BOB))
    refresh = {email: world.google.sessions.consent(email, client_id="c") for email in (ADA, BOB)}
    world.google.sessions.clients["c"] = OAuthClient("c", "s")

    answers = {}
    for email, token in refresh.items():
        said = {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": token}
        answers[email] = await world.http.post("/token", data=said)

    assert (answers[ADA].status_code, answers[BOB].status_code, answers[BOB].json()["error"]) == (200, status, error)


def test_every_refusal_there_is_was_tried() -> None:
    tried = {variant for variant, *_ in [*REFUSALS, *OF_GRANTS]} - {None}

    assert tried == set(ABILITIES[Kind.REFUSE]) - {"error-page"}


async def test_an_error_page_is_no_json(world: World) -> None:
    refused = fault(Kind.REFUSE, status=502, variant="error-page")
    world.google.faults.add(refused, fault(Kind.MALFORMED), fault(Kind.MALFORMED, variant="error-page"))

    answers = [await listed(world) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [502, 200, 200]
    assert all(answer.headers["content-type"].startswith("text/html") for answer in answers)


async def test_an_answer_may_end_in_its_middle(world: World) -> None:
    world.google.faults.add(fault(Kind.MALFORMED, variant="cut-off"))

    answer = await listed(world)

    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_a_page_of_changes_may_have_no_token_at_all(world: World) -> None:
    world.google.faults.add(fault(Kind.MALFORMED, "changes", variant="no-token"))
    token = await world.start(ADA)

    answers = [(await world.call("/drive/v3/changes", params={"pageToken": token})).json() for _ in range(2)]

    assert [sorted(answer) for answer in answers] == [["changes", "kind"], ["changes", "kind", "newStartPageToken"]]


@pytest.mark.parametrize("operation", API)
async def test_a_connection_may_end_at_every_operation(world: World, operation: str) -> None:
    world.google.faults.add(fault(Kind.DROP, operation))

    with pytest.raises(httpx2.HTTPError):
        await a_good_one(world, operation)
    assert (await a_good_one(world, operation)).status_code == 200
    assert world.google.ledger.of(operation)[0].status is None


async def test_an_answer_may_never_come(world: World) -> None:
    world.google.faults.add(fault(Kind.TIMEOUT))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(listed(world), 0.1)
    assert (await listed(world)).status_code == 200


async def test_a_late_answer_is_the_right_one(world: World) -> None:
    world.drive.create_file("a", by=ADA)
    world.google.faults.add(fault(Kind.DELAY, seconds=0.01))

    answer = await listed(world)

    assert [one["name"] for one in answer.json()["files"]] == ["a"]
    assert world.google.ledger.rows("files-list") == 1


async def test_a_fault_is_for_the_file_the_drive_or_the_person_it_names(world: World) -> None:
    sales, file = world.shared_drive(), world.drive.create_file("a", by=ADA)
    for operation, target in (("file", file.id), ("files-list", sales.id), ("files-list", BOB)):
        world.google.faults.add(fault(Kind.REFUSE, operation, target=target, status=403, variant="domain-policy"))
    everything = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}
    of_sales = {"corpora": "drive", "driveId": sales.id, **everything}

    statuses = [
        (await listed(world)).status_code,
        (await listed(world, params=of_sales)).status_code,
        (await listed(world, email=BOB)).status_code,
        (await world.call(f"/drive/v3/files/{file.id}")).status_code,
    ]

    assert statuses == [200, 403, 403, 403]


async def test_a_person_has_so_many_requests_a_minute(world: World) -> None:
    world.google.quota.limit(BOB, 2)

    statuses = [(await listed(world, email=BOB)).status_code for _ in range(3)]
    other = await listed(world, email=ADA)
    world.clock.advance(minutes=1)
    again = await listed(world, email=BOB)

    assert (statuses, other.status_code, again.status_code) == ([200, 200, 403], 200, 200)
    world.google.quota.limit(BOB, 0, status=429)
    assert (await listed(world, email=BOB)).json()["error"]["errors"][0]["reason"] == "rateLimitExceeded"
    world.google.quota.limit(BOB, None)
    assert (await listed(world, email=BOB)).status_code == 200


async def test_all_together_have_so_many_requests_a_minute(world: World) -> None:
    world.google.quota.project(1)

    answers = [await listed(world, email=email) for email in (ADA, BOB)]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].json()["error"]["errors"][0] == {
        "message": "Rate Limit Exceeded",
        "domain": "usageLimits",
        "reason": "rateLimitExceeded",
    }


async def test_a_document_of_more_than_ten_megabytes_is_not_exported(world: World) -> None:
    small = world.drive.create_file("a", by=ADA, mime_type=DOCUMENT, content=b"the text")
    large = world.drive.create_file("b", by=ADA, mime_type=DOCUMENT, size=LARGEST_EXPORT_BYTES + 1)
    blob = world.drive.create_file("c", by=ADA, content=b"bytes")

    def export(file_id: str, kind: str = "text/markdown") -> Any:
        return lambda client: client.files().export(fileId=file_id, mimeType=kind).execute()

    assert await world.used(ADA, export(small.id)) == b"the text"
    assert await world.refusal(ADA, export(large.id)) == (403, "exportSizeLimitExceeded")
    assert await world.refusal(ADA, export(small.id, "image/gif")) == (400, "badRequest")
    assert await world.refusal(ADA, export(blob.id)) == (403, "fileNotExportable")


async def test_bytes_are_downloaded_of_files_that_have_some(world: World) -> None:
    blob = world.drive.create_file("c", by=ADA, content=b"bytes")
    document = world.drive.create_file("a", by=ADA, mime_type=DOCUMENT)

    assert await world.used(ADA, lambda client: client.files().get_media(fileId=blob.id).execute()) == b"bytes"
    assert await world.refusal(ADA, lambda client: client.files().get_media(fileId=document.id).execute()) == (403, "fileNotDownloadable")


async def a_good_one(world: World, operation: str) -> httpx2.Response:
    """One good request of an operation."""
    if operation == "token":
        world.google.sessions.clients["c"] = OAuthClient("c", "s")
        token = world.google.sessions.consent(ADA, client_id="c")
        said = {"grant_type": "refresh_token", "client_id": "c", "client_secret": "s", "refresh_token": token}
        return await world.call("/token", method="POST", data=said)
    file = world.drive.create_file("a", by=ADA)
    token = world.google.change_tokens.token(ADA, 0)
    paths = {
        "start-page-token": "/drive/v3/changes/startPageToken",
        "changes": f"/drive/v3/changes?pageToken={token}",
        "files-list": "/drive/v3/files",
        "file": f"/drive/v3/files/{file.id}",
        "content": f"/drive/v3/files/{file.id}?alt=media",
        "permissions": f"/drive/v3/files/{file.id}/permissions",
        "drives": "/drive/v3/drives",
        "about": "/drive/v3/about?fields=user",
        "directory": f"/admin/directory/v1/users?domain={DOMAIN}",
    }
    if operation in paths:
        return await world.call(paths[operation])
    said = {"id": file.id, "type": "web_hook", "address": "http://127.0.0.1:9/"}
    return await world.call(f"/drive/v3/changes/watch?pageToken={token}", method="POST", json=said)
