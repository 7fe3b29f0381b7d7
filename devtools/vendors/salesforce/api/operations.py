"""From an address to what is asked for: the one place that knows the paths of the REST API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from aiohttp import web

from devtools.vendors.salesforce.api import changes, descriptions, refusals, replication
from devtools.vendors.salesforce.api.ledger import Call
from devtools.vendors.salesforce.api.misbehaviour import Answer
from devtools.vendors.salesforce.api.queries import Queries
from devtools.vendors.salesforce.api.usage import Usage
from devtools.vendors.salesforce.faults import DESCRIBE, LIMITS, QUERY, RECORD, REPLICATION
from devtools.vendors.salesforce.objects import ObjectType
from devtools.vendors.salesforce.records import PretendOrg


class Served(Protocol):
    """What operations need of the stand-in."""

    now: Callable[[], datetime]
    queries: Queries
    usage: dict[str, Usage]
    most_ids: int


@dataclass(frozen=True)
class Operation:
    """``place`` is its name in fault plans; without one it meets no fault."""

    place: str
    run: Callable[[], Answer]
    writes: bool = False


def name_of(path: str) -> str:
    """What the ledger calls what is asked for."""
    match [part for part in path.split("/") if part]:
        case ["query" | "queryAll", _]:
            return "query-more"
        case [("query" | "queryAll" | "limits") as name] | ["sobjects", _, ("describe" | "updated" | "deleted") as name]:
            return name
        case ["sobjects"]:
            return "describe-global"
        case ["sobjects", _, *_]:
            return "record"
    return "unknown"


@dataclass(frozen=True)
class Asked:
    """One request of an organization. What it is about goes into the call."""

    served: Served
    org: PretendOrg
    request: web.Request
    body: Mapping[str, Any]
    call: Call

    @property
    def version(self) -> str:
        return self.request.match_info["version"]

    def operation(self) -> Operation:
        """What it asks for.

        Raises:
            Refused: there is no such thing, or what was asked for is wrong before anything is done.
        """
        parts = [part for part in self.request.match_info["path"].split("/") if part]
        match [self.request.method, *parts]:
            case ["GET"]:
                names = ("limits", "query", "queryAll", "sobjects")
                return Operation("", lambda: Answer({name: f"/services/data/v{self.version}/{name}" for name in names}))
            case ["GET", "query" | "queryAll", *rest] if len(rest) < 2:
                return self._query(parts[0], rest)
            case ["GET", "limits"]:
                return Operation(LIMITS, lambda: Answer(self.served.usage[self.org.organization_id].limits()))
            case ["GET", "sobjects"]:
                return Operation(DESCRIBE, partial(descriptions.all_objects, self.org.objects, self.version))
            case [_, "sobjects", name, *rest]:
                return self._of_object(self._known(name), rest)
        raise refusals.not_found()

    def _query(self, name: str, locator: list[str]) -> Operation:
        queries, text = self.served.queries, self.request.query.get("q", "")
        if locator:
            self.call.object_name, answer = queries.more(self.org, locator[0])
            return Operation(QUERY, lambda: answer)
        self.call.soql = text
        asked_rows, deleted = _asked_rows(self.request), name == "queryAll"
        self.call.object_name, answer = queries.first(self.org, text, deleted=deleted, asked_rows=asked_rows, version=self.version)
        return Operation(QUERY, lambda: answer)

    def _known(self, name: str) -> ObjectType:
        known = self.org.objects.seen(name)
        if known is None:
            raise refusals.not_found()
        self.call.object_name = known.name
        return known

    def _of_object(self, known: ObjectType, rest: list[str]) -> Operation:
        said, now, most = self.request.query, self.served.now(), self.served.most_ids
        match [self.request.method, *rest]:
            case ["GET", "describe"]:
                since = self.request.headers.get("if-modified-since")
                return Operation(DESCRIBE, partial(descriptions.one_object, self.org.objects, known, self.version, since=since))
            case ["GET", "updated"]:
                return Operation(REPLICATION, partial(replication.updated, self.org, known, said, now, most=most))
            case ["GET", "deleted"]:
                return Operation(REPLICATION, partial(replication.deleted, self.org, known, said, now, most=most))
            case _:
                return self._of_record(known, rest)

    def _of_record(self, known: ObjectType, rest: list[str]) -> Operation:
        match [self.request.method, *rest]:
            case ["POST"]:
                return Operation(RECORD, partial(changes.create, self.org, known, self.body), writes=True)
            case ["GET", record_id]:
                fields = self.request.query.get("fields")
                return Operation(RECORD, partial(changes.read, self.org, known, record_id, fields, self.version))
            case ["PATCH", record_id]:
                changes.found(self.org, known, record_id)
                return Operation(RECORD, partial(changes.change, self.org, known, record_id, self.body), writes=True)
            case ["DELETE", record_id]:
                changes.found(self.org, known, record_id)
                return Operation(RECORD, partial(changes.delete, self.org, known, record_id), writes=True)
        raise refusals.refused(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{self.request.method}' not allowed.")


def _asked_rows(request: web.Request) -> int | None:
    """``Sforce-Query-Options: batchSize=200``"""
    for option in request.headers.get("sforce-query-options", "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdecimal():
            return int(value)
    return None
