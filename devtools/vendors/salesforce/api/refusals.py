"""What the REST API refuses, and in which words: bodies shaped as the vendor's, from its reference and from what people report.

An error of the API is an array of ``{message, errorCode}``, one of OAuth an object of ``{error, error_description}``, one of the edge is
HTML.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from devtools.vendors.salesforce.soql.tree import SoqlError

PAGE: Final = "<!DOCTYPE html><html><head><title>We are down for maintenance.</title></head><body>Please try again later.</body></html>"
TOO_LONG: Final = "<html><head><title>414 URI Too Long</title></head><body><h1>URI Too Long</h1></body></html>"


@dataclass(frozen=True)
class Refused(Exception):
    """An answer other than the one that was asked for. ``body``: JSON, or text, which is HTML then."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(status: int, code: str, message: str) -> Refused:
    return Refused(status, [{"message": message, "errorCode": code}])


def oauth(error: str, description: str) -> Refused:
    return Refused(400, {"error": error, "error_description": description})


def of_soql(error: SoqlError) -> Refused:
    return refused(400, error.code, error.message)


def invalid_session() -> Refused:
    return refused(401, "INVALID_SESSION_ID", "Session expired or invalid")


def request_limit_exceeded() -> Refused:
    return refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")


def not_found(message: str = "The requested resource does not exist") -> Refused:
    return refused(404, "NOT_FOUND", message)


def entity_is_deleted() -> Refused:
    return refused(404, "ENTITY_IS_DELETED", "entity is deleted")


def invalid_query_locator() -> Refused:
    return refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator")


def invalid_replication_date(message: str) -> Refused:
    return refused(400, "INVALID_REPLICATION_DATE", message)


PLANNED: Final[Mapping[str, tuple[str, str]]] = {
    "request-limit-exceeded": ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    "concurrent-limit-exceeded": ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    "query-timeout": ("QUERY_TIMEOUT", "Your query request was running for too long."),
    "server-unavailable": ("SERVER_UNAVAILABLE", "The server is too busy or under maintenance. Try again later."),
    "invalid-session": ("INVALID_SESSION_ID", "Session expired or invalid"),
    "invalid-query-locator": ("INVALID_QUERY_LOCATOR", "invalid query locator"),
    "unable-to-lock": ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"),
    "api-disabled": ("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
}
"""The words for what a fault plan refuses, by variant."""
BY_STATUS: Final = {400: "query-timeout", 401: "invalid-session", 403: "request-limit-exceeded", 503: "server-unavailable"}
"""The variant of a refusal that names none."""
