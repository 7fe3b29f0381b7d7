"""How another process changes what the stand-in holds, and reads what was asked of it: ``/pretend/…`` on the same server.

Nothing of it exists at the vendor. A command is a POST of JSON; ``organization`` names one of several, ``transaction`` one that ``begin``
opened. An unknown id is 404, anything else that cannot be done 400. Everybody on the machine can use it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from devtools.vendors.salesforce.api.changes import values_of
from devtools.vendors.salesforce.api.refusals import Refused
from devtools.vendors.salesforce.api.service import PretendSalesforce
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.records import PretendOrg, Record
from devtools.vendors.salesforce.soql.rows import value_of
from devtools.vendors.salesforce.transactions import Transaction


@dataclass(frozen=True)
class Asked:
    """One command. ``said`` is its JSON."""

    salesforce: PretendSalesforce
    transactions: dict[int, Transaction]
    said: Mapping[str, Any]

    @property
    def org(self) -> PretendOrg:
        organization_id = self.said.get("organization")
        return self.salesforce.orgs[organization_id] if organization_id else self.salesforce.org

    @property
    def target(self) -> PretendOrg | Transaction:
        number = self.said.get("transaction")
        return self.org if number is None else self.transactions[number]

    @property
    def id(self) -> str:
        return str(self.said["id"])

    def moment(self, name: str = "at") -> datetime | None:
        return datetime.fromisoformat(self.said[name]) if self.said.get(name) else None

    def fields(self, object_name: str) -> dict[str, Value]:
        """The values as the object's fields have them, formulas included."""
        return values_of(self.org, self.org.objects[object_name], self.said.get("fields", {}), of_a_user=False)

    def fields_of_record(self) -> dict[str, Value]:
        return self.fields(self.org.store[self.id].object_name)


def _create(asked: Asked) -> Any:
    name = str(asked.said["object"])
    made = asked.target.create(name, at=asked.moment(), **asked.fields(name))
    return {"id": made.id if isinstance(made, Record) else made}


def _edit(asked: Asked) -> Any:
    asked.target.edit(asked.id, at=asked.moment(), **asked.fields_of_record())


def _edit_quietly(asked: Asked) -> Any:
    asked.org.edit_quietly(asked.id, **asked.fields_of_record())


def _edit_by_system(asked: Asked) -> Any:
    asked.org.edit_by_system(asked.id, at=asked.moment(), **asked.fields_of_record())


def _populate(asked: Asked) -> Any:
    return {"ids": asked.org.populate_fast(str(asked.said["object"]), int(asked.said["count"]), at=asked.moment())}


def _begin(asked: Asked) -> Any:
    number = len(asked.transactions) + 1
    asked.transactions[number] = asked.org.transaction(at=asked.moment())
    return {"transaction": number}


def _usage(asked: Asked) -> Any:
    usage = asked.salesforce.usage[asked.org.organization_id]
    usage.most = asked.said.get("most", usage.most)
    usage.foreign = asked.said.get("foreign", usage.foreign)
    usage.jitter = asked.said.get("jitter", usage.jitter)
    return {"used": usage.used, "most": usage.most}


def _page_rows(asked: Asked) -> Any:
    asked.salesforce.queries.page_rows = int(asked.said["rows"])


def _purge(asked: Asked) -> Any:
    asked.org.purge_deletion_log(datetime.fromisoformat(asked.said["before"]), asked.said.get("object"))


COMMANDS: Final[Mapping[str, Callable[[Asked], Any]]] = {
    "create": _create,
    "edit": _edit,
    "edit-quietly": _edit_quietly,
    "edit-by-system": _edit_by_system,
    "populate": _populate,
    "delete": lambda asked: asked.target.delete(asked.id, at=asked.moment()),
    "hard-delete": lambda asked: asked.org.hard_delete(asked.id, at=asked.moment()),
    "undelete": lambda asked: asked.target.undelete(asked.id, at=asked.moment()),
    "merge": lambda asked: asked.org.merge(asked.said["master"], asked.said["losers"], at=asked.moment()),
    "empty-bin": lambda asked: {"ids": asked.org.empty_recycle_bin()},
    "purge-deletion-log": _purge,
    "begin": _begin,
    "commit": lambda asked: asked.transactions[asked.said["transaction"]].commit(),
    "roll-back": lambda asked: asked.transactions[asked.said["transaction"]].roll_back(),
    "hide": lambda asked: asked.org.objects.hide(asked.said["object"]),
    "show": lambda asked: asked.org.objects.show(asked.said["object"]),
    "hide-field": lambda asked: asked.org.objects.hide_field(asked.said["object"], asked.said["field"]),
    "show-field": lambda asked: asked.org.objects.show_field(asked.said["object"], asked.said["field"]),
    "remove-field": lambda asked: asked.org.objects.remove_field(asked.said["object"], asked.said["field"]),
    "add-field": lambda asked: {"name": asked.org.objects.add_field(asked.said["object"], str(asked.said["field"])).name},
    "revoke": lambda asked: asked.salesforce.sessions.revoke(asked.said["user"]),
    "approve": lambda asked: asked.salesforce.sessions.approve(asked.said["user"]),
    "end-sessions": lambda asked: asked.salesforce.sessions.end_all(),
    "page-rows": _page_rows,
    "forget-locators": lambda asked: asked.salesforce.queries.forget_locators(),
    "forget-calls": lambda asked: asked.salesforce.ledger.clear(),
    "usage": _usage,
}
"""What can be told to it, by the last part of the address."""


def add_control(salesforce: PretendSalesforce) -> None:
    """Serve ``/pretend/…``, too. Before it is started."""
    transactions: dict[int, Transaction] = {}

    async def command(request: web.Request) -> web.Response:
        name, text = request.match_info["command"], await request.text()
        try:
            answer = COMMANDS[name](Asked(salesforce, transactions, json.loads(text) if text else {}))
        except KeyError as error:
            return web.json_response({"error": f"there is no {error.args[0]}"}, status=404)
        except (ValueError, TypeError, Refused) as error:
            reason = error.body[0]["message"] if isinstance(error, Refused) else str(error)
            return web.json_response({"error": reason}, status=400)
        return web.json_response(answer or {})

    async def records(request: web.Request) -> web.Response:
        organization_id, name = request.query.get("organization"), request.query.get("object", "Account")
        org = salesforce.orgs[organization_id] if organization_id else salesforce.org
        rows = org.rows(name) if request.query.get("deleted") == "true" else org.records(name)
        fields = [one for one in org.objects[name].fields.values() if one.type != "address"]
        return web.json_response({"records": [{field.name: value_of(row, field) for field in fields} for row in rows]})

    async def calls(_: web.Request) -> web.Response:
        counts = dict(salesforce.ledger.counts())
        return web.json_response({"calls": salesforce.ledger.written(), "counts": counts, "rows": salesforce.ledger.rows()})

    router = salesforce.application.router
    router.add_get("/pretend/records", records)
    router.add_get("/pretend/ledger", calls)
    router.add_post("/pretend/{command}", command)
