"""What the service refuses, and in which words: bodies shaped as the vendor's, from its reference and from what people report.

An error of the API is ``{error: {code, message, errors: [{domain, reason, message, location?, locationType?}]}}``, one of OAuth
``{error, error_description}``. Not seen at the vendor, and so guessed: the message of 410, and the reason where ``driveId`` and ``corpora``
do not go together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

PAGE: Final = "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p>The server encountered a temporary error.</html>"


@dataclass(frozen=True)
class Refused(Exception):
    """An answer other than the one that was asked for. ``body``: JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        error = self.body["error"]
        return str(error["message"] if isinstance(error, dict) else self.body.get("error_description", error))


def refused(
    status: int, reason: str, message: str, location: str | None = None, *, domain: str = "global", kind: str = "parameter"
) -> Refused:
    one = {"message": message, "domain": domain, "reason": reason}
    if location is not None:
        one |= {"location": location, "locationType": kind}
    return Refused(status, {"error": {"code": status, "message": message, "errors": [one]}})


def oauth(error: str, description: str, status: int = 400) -> Refused:
    return Refused(status, {"error": error, "error_description": description})


def invalid(location: str, message: str = "Invalid Value") -> Refused:
    return refused(400, "invalid", message, location)


def required(location: str) -> Refused:
    return refused(400, "required", f"Required parameter: {location}", location)


def file_not_found(file_id: str) -> Refused:
    return refused(404, "notFound", f"File not found: {file_id}.", "fileId")


def drive_not_found(drive_id: str) -> Refused:
    return refused(404, "notFound", f"Shared drive not found: {drive_id}", "driveId")


def not_supporting_drives() -> Refused:
    return refused(403, "supportsTeamDrivesRequired", "The supportsAllDrives parameter must be set to true.", "supportsAllDrives")


def forbidden_file() -> Refused:
    return refused(403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file.")


def of_reason(reason: str, status: int | None = None) -> Refused:
    """One of those that have a name: ``REASONS``."""
    usual, domain, message, location = REASONS[reason]
    kind = "header" if location == "Authorization" else "parameter"
    return refused(status or usual, reason, message, location, domain=domain, kind=kind)


REASONS: Final[Mapping[str, tuple[int, str, str, str | None]]] = {
    "userRateLimitExceeded": (403, "usageLimits", "User Rate Limit Exceeded", None),
    "rateLimitExceeded": (429, "usageLimits", "Rate Limit Exceeded", None),
    "dailyLimitExceeded": (403, "usageLimits", "Daily Limit Exceeded", None),
    "sharingRateLimitExceeded": (403, "usageLimits", "Sharing Rate Limit Exceeded", None),
    "insufficientFilePermissions": (403, "global", "The user does not have sufficient permissions for this file.", None),
    "cannotDownloadFile": (403, "global", "This file cannot be downloaded by the user.", None),
    "cannotExportFile": (403, "global", "This file cannot be exported by the user.", None),
    "appNotAuthorizedToFile": (403, "global", "The user has not granted the app access to the file.", None),
    "domainPolicy": (403, "global", "The domain administrators have disabled Drive apps.", None),
    "teamDriveMembershipRequired": (403, "global", "The attempted action requires shared drive membership.", None),
    "exportSizeLimitExceeded": (403, "global", "This file is too large to be exported.", None),
    "insufficientPermissions": (
        *(403, "global", "Insufficient Permission: Request had insufficient authentication scopes."),
        None,
    ),
    "authError": (401, "global", "Invalid Credentials", "Authorization"),
    "notFound": (404, "global", "Not Found", None),
    "invalid": (400, "global", "Invalid Value", "pageToken"),
    "fullSyncRequired": (410, "global", "Page token is no longer valid, a full sync is required.", "pageToken"),
    "backendError": (503, "global", "Backend Error", None),
    "internalError": (500, "global", "Internal Error", None),
}
"""Status, domain, message and location, by reason."""
BY_STATUS: Final = {
    400: "invalid",
    401: "authError",
    403: "userRateLimitExceeded",
    404: "notFound",
    410: "fullSyncRequired",
    429: "rateLimitExceeded",
    500: "internalError",
}
"""The reason of a refusal that names none; ``backendError`` for all the others."""
