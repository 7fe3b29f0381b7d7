"""What every kind of field has in common: where its value is in a vendor's record, and how single values are read."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

Scalar = str | int | float | bool | None


class Kind(BaseModel):
    """How one canonical field is read."""

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


def text_of(value: Any) -> str:
    """A single value as text.

    Raises:
        ValueError: when it is several.
    """
    if isinstance(value, dict | list):
        raise ValueError("not a single value")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def flag_of(value: Any) -> bool:
    """True or false, of JSON or of XML.

    Raises:
        KeyError, ValueError: when it is neither.
    """
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}[text_of(value).strip().lower()]
