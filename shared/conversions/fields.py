"""How one canonical field is read from a vendor's record: a closed set of kinds, each serialisable.

A value may come as JSON (``100000.0``, ``true``) or as text from XML (``"100000.0"``, ``"true"``): both read alike. An absent or null value
reads as None. An unreadable one is a ``ValueError``; the engine adds which field it was and never the value.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from shared.access.acl import without_capitals
from shared.access.grants import granted, members, written
from shared.contracts.message import timestamp
from shared.conversions.identifiers import salesforce_id

Scalar = str | int | float | bool | None

FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str.strip,
    "salesforce": salesforce_id,
    "address": lambda address: without_capitals(address.strip()),
}


class _Kind(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    """The vendor's name of the field. With dots it is one of a record that this one refers to: ``Owner.Name``, and stands in the payload in
    an object of that name, which is null or missing where nothing is referred to. A number is a place in a list: ``parents.0``."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Every field of the vendor's it looks at."""
        return (self.field,)

    def found_in(self, record: Mapping[str, Any]) -> Any:
        """The vendor's value; None when there is none.

        Raises:
            ValueError: what should be another record is none.
        """
        found: Any = record
        for name in self.field.split("."):
            if found is None:
                return None
            if isinstance(found, list) and name.isdecimal():
                found = found[int(name)] if int(name) < len(found) else None
            elif isinstance(found, Mapping):
                found = found.get(name)
            else:
                raise ValueError("not a record")
        return found


class Text(_Kind):
    """Text as it is; empty text is nothing."""

    kind: Literal["text"] = "text"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return _text(value) or None


class Number(_Kind):
    """A finite number."""

    kind: Literal["number"] = "number"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        if isinstance(value, bool):
            raise ValueError("not a number")
        if isinstance(value, str) and "_" in value:  # Python's own notation
            raise ValueError("not a number")
        number = float(value)
        if not math.isfinite(number):
            raise ValueError("not a finite number")
        return int(number) if number.is_integer() else number


class WholeNumber(_Kind):
    """A number without a fraction. ``4.0`` is one."""

    kind: Literal["whole number"] = "whole number"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        number = Number(field=self.field).read(value)
        if not isinstance(number, int):
            raise ValueError("not a whole number")
        return number


class Flag(_Kind):
    """True or false."""

    kind: Literal["flag"] = "flag"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        if isinstance(value, bool):
            return value
        return {"true": True, "false": False, "1": True, "0": False}[_text(value).strip().lower()]


class Day(_Kind):
    """A date without a time, ``YYYY-MM-DD``."""

    kind: Literal["day"] = "day"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return date.fromisoformat(_text(value).strip()).isoformat()


class Moment(_Kind):
    """A date with a time and a zone; Salesforce writes ``Z`` in SOAP and ``+0000`` in REST."""

    kind: Literal["moment"] = "moment"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        moment = datetime.fromisoformat(_text(value).strip())
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        return timestamp(moment)


class Choice(_Kind):
    """One of a vendor's labels, by a table. A label the table does not know stays as the vendor writes it, readable."""

    kind: Literal["choice"] = "choice"
    labels: Mapping[str, str]

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        label = _text(value).strip()
        return self.labels.get(label, label) or None


class Identifier(_Kind):
    """An id of another record of the same vendor."""

    kind: Literal["identifier"] = "identifier"
    form: Literal["plain", "salesforce"] = "plain"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return FORMS[self.form](_text(value)) or None


class IdentifierWhen(_Kind):
    """An id of another record, where another field of this one says what it is the id of."""

    kind: Literal["identifier when"] = "identifier when"
    says: str
    """The field that says it, as ``field``."""
    values: tuple[str, ...]
    is_not: bool = False
    """Where it says anything else."""

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (self.field, self.says)

    @override
    def found_in(self, record: Mapping[str, Any]) -> Any:
        is_one = Text(field=self.says).found_in(record) in self.values
        return super().found_in(record) if is_one is not self.is_not else None

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return _text(value).strip() or None


class Permissions(_Kind):
    """Who may do what with a file, as Google Drive lists it: JSON, in one order, with the principal each stands for."""

    kind: Literal["permissions"] = "permissions"
    source: str

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return written(granted(value, source=self.source))


class Members(_Kind):
    """Who is in a group, as Google's directory lists it: JSON, a list of principals."""

    kind: Literal["members"] = "members"
    source: str

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return json.dumps(members(value))


class Email(_Kind):
    """An address, in the one form people are recognised by: without capitals."""

    kind: Literal["email"] = "email"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return without_capitals(_text(value).strip()) or None


FieldKind = Annotated[
    Text | Number | WholeNumber | Flag | Day | Moment | Choice | Identifier | IdentifierWhen | Permissions | Members | Email,
    Field(discriminator="kind"),
]


class Joined(BaseModel):
    """Canonical fields written one after the other, with a space between, where the vendor gave no value itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["joined"] = "joined"
    parts: tuple[str, ...]
    needs: tuple[str, ...]
    """Without these nothing is written: a first name alone must not replace a whole one."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical fields it follows."""
        return self.parts

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        if not all(data.get(part) for part in self.needs):
            return None
        return " ".join(str(data[part]) for part in self.parts if data.get(part))


class DealStatus(BaseModel):
    """``open``, ``won`` or ``lost``, from two canonical flags; nothing while they are not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["deal status"] = "deal status"
    closed: str
    won: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical fields it follows."""
        return (self.closed, self.won)

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        match data.get(self.closed), data.get(self.won):
            case (False, _):
                return "open"
            case (True, True):
                return "won"
            case (True, False):
                return "lost"
            case _:
                return None


class Constant(BaseModel):
    """The same for every record, such as the store a file is in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["constant"] = "constant"
    value: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """None."""
        return ()

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value."""
        return self.value


class Address(BaseModel):
    """A web address that ends with a canonical field, where the vendor's own is good for some hours only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["address"] = "address"
    begins: str
    ends: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical field it follows."""
        return (self.ends,)

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        return f"{self.begins}{data[self.ends]}" if data.get(self.ends) else None


Derivation = Annotated[Joined | DealStatus | Constant | Address, Field(discriminator="kind")]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError("not a single value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
