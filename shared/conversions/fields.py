"""How one canonical field is read from a vendor's record: a closed set of kinds, each serialisable.

A value may come as JSON (``100000.0``, ``true``) or as text from XML (``"100000.0"``, ``"true"``): both read alike. An absent or null value
reads as None. An unreadable one is a ``ValueError``; the engine adds which field it was and never the value.
"""

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import override

from shared.access.acl import without_capitals
from shared.access.grants import granted, members, written
from shared.contracts.message import timestamp
from shared.conversions.identifiers import salesforce_id
from shared.conversions.kind import Kind, Scalar, flag_of, text_of
from shared.conversions.lists import Identifiers, Roster, Teams

FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": str.strip,
    "salesforce": salesforce_id,
    "address": lambda address: without_capitals(address.strip()),
}


class Text(Kind):
    """Text as it is; empty text is nothing."""

    kind: Literal["text"] = "text"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return text_of(value) or None


class FirstText(Kind):
    """The first of several texts that is there and not empty."""

    kind: Literal["first text"] = "first text"
    others: tuple[str, ...]

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (self.field, *self.others)

    @override
    def found_in(self, record: Mapping[str, Any]) -> Any:
        return next((found for name in self.reads if (found := Kind(field=name).found_in(record)) not in (None, "")), None)

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return text_of(value)


class Number(Kind):
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


class WholeNumber(Kind):
    """A number without a fraction. ``4.0`` is one."""

    kind: Literal["whole number"] = "whole number"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        number = Number(field=self.field).read(value)
        if not isinstance(number, int):
            raise ValueError("not a whole number")
        return number


class Flag(Kind):
    """True or false."""

    kind: Literal["flag"] = "flag"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return flag_of(value)


class NotFlag(Kind):
    """The opposite of what the vendor says."""

    kind: Literal["opposite flag"] = "opposite flag"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return not flag_of(value)


class AnyFlag(Kind):
    """Whether this flag or one of others is true."""

    kind: Literal["any flag"] = "any flag"
    others: tuple[str, ...]

    @property
    @override
    def reads(self) -> tuple[str, ...]:
        return (self.field, *self.others)

    @override
    def found_in(self, record: Mapping[str, Any]) -> Any:
        return [flag for name in self.reads if (flag := Kind(field=name).found_in(record)) is not None] or None

    def read(self, value: Any) -> Scalar:
        """The canonical value of those that are present."""
        flags = [flag_of(flag) for flag in value]  # each has to be one
        return any(flags)


class Day(Kind):
    """A date without a time, ``YYYY-MM-DD``."""

    kind: Literal["day"] = "day"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return date.fromisoformat(text_of(value).strip()).isoformat()


class Moment(Kind):
    """A date with a time and a zone; Salesforce writes ``Z`` in SOAP and ``+0000`` in REST."""

    kind: Literal["moment"] = "moment"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        moment = datetime.fromisoformat(text_of(value).strip())
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone")
        return timestamp(moment)


class EpochSeconds(Kind):
    """A date with a time, as seconds since 1970."""

    kind: Literal["moment in seconds"] = "moment in seconds"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        seconds = Number(field=self.field).read(value)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            raise ValueError("not a moment")
        try:
            return timestamp(datetime.fromtimestamp(seconds, UTC))
        except OSError as error:  # beyond what the platform counts
            raise ValueError("not a moment") from error


class Choice(Kind):
    """One of a vendor's labels, by a table. A label the table does not know stays as the vendor writes it, readable."""

    kind: Literal["choice"] = "choice"
    labels: Mapping[str, str]

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        label = text_of(value).strip()
        return self.labels.get(label, label) or None


class Identifier(Kind):
    """An id of another record of the same vendor."""

    kind: Literal["identifier"] = "identifier"
    form: Literal["plain", "salesforce"] = "plain"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return FORMS[self.form](text_of(value)) or None


class IdentifierWhen(Kind):
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
        return text_of(value).strip() or None


class Permissions(Kind):
    """Who may do what with a file, as Google Drive lists it: JSON, in one order, with the principal each stands for."""

    kind: Literal["permissions"] = "permissions"
    source: str

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return written(granted(value, source=self.source))


class Members(Kind):
    """Who is in a group, as Google's directory lists it: JSON, a list of principals."""

    kind: Literal["members"] = "members"
    source: str

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return json.dumps(members(value))


class Email(Kind):
    """An address, in the one form people are recognised by: without capitals."""

    kind: Literal["email"] = "email"

    def read(self, value: Any) -> Scalar:
        """The canonical value of a present one."""
        return without_capitals(text_of(value).strip()) or None


FieldKind = Annotated[
    Text
    | FirstText
    | Number
    | WholeNumber
    | Flag
    | NotFlag
    | AnyFlag
    | Day
    | Moment
    | EpochSeconds
    | Choice
    | Identifier
    | IdentifierWhen
    | Permissions
    | Members
    | Email
    | Identifiers
    | Teams
    | Roster,
    Field(discriminator="kind"),
]
