"""The pretend vendors of a run, told what happens there: what is sent and what is polled are one organization, and files move."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from devtools.vendors.salesforce.records import PretendOrg, Record

OF_A_USER: Final = ("Username", "FirstName", "LastName", "Name", "Email", "Title", "Department", "IsActive", "ManagerId")
THE_VENDORS: Final = ("Id", "SystemModstamp")
"""Fields that nobody may edit."""


class ControlRefused(Exception):
    """A pretend vendor does not do what it was told. The text says why."""


class VendorControl:
    """A pretend vendor, told what happens there: ``/pretend/…`` of its address."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.close()

    async def tell(self, command: str, **said: Any) -> dict[str, Any]:
        """Carry out a command, such as ``edit`` with an ``id`` and ``fields``; what it says to that.

        Raises:
            ControlRefused: it is not carried out.
        """
        async with self._http.post(f"{self._url}/pretend/{command}", json=said) as answer:
            body: dict[str, Any] = await answer.json()
            if answer.status != 200:
                raise ControlRefused(f"{command}: {body.get('error', answer.status)}")
            return body

    async def look(self, what: str, **asked: str) -> dict[str, Any]:
        """What it shows to those who look, such as ``ledger``: what was asked of it."""
        async with self._http.get(f"{self._url}/pretend/{what}", params=asked) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def ledger(self) -> dict[str, Any]:
        """What was asked of it."""
        return await self.look("ledger")


class Control(VendorControl):
    """The pretend Salesforce of a run, told what happens in its organization."""

    async def records(self, object_name: str, *, with_deleted: bool = False) -> list[dict[str, Any]]:
        """An object's records, by field."""
        found: list[dict[str, Any]] = (await self.look("records", object=object_name, deleted=str(with_deleted).lower()))["records"]
        return found

    async def adopt_users(self, org: PretendOrg) -> list[Record]:
        """Let an organization in this process have the users of that one: they own what it invents from now on."""
        users = sorted(await self.records("User"), key=lambda user: (user["CreatedDate"], user["ManagerId"] is not None, user["Id"]))
        made = [org.create("User", Id=user["Id"], **{name: user[name] for name in OF_A_USER}) for user in users]
        org.user_ids = tuple(user.id for user in made)
        return made

    async def mirror(self, records: Sequence[Record]) -> None:
        """Let it have these records of an organization in this process, with the same ids and moments: both are one organization.

        Raises:
            ControlRefused: it does not take one.
        """
        for record in records:
            fields = _plain(record.fields)
            at = record.system_modstamp.isoformat()
            try:
                await self.tell("create", object=record.object_name, at=at, fields=fields)
            except ControlRefused as error:
                if "DUPLICATE_VALUE" not in str(error):
                    raise
                changes = {name: value for name, value in fields.items() if name not in THE_VENDORS}
                await self.tell("edit", id=record.id, at=at, fields=changes)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _json(value) for name, value in fields.items()}


def _json(value: Any) -> Any:
    match value:
        case date() | datetime():
            return value.isoformat()
        case Decimal():
            return float(value)
        case _:
            return value
