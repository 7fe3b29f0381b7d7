"""How a canonical field is derived from others, where the record does not say it itself: a closed set, each serialisable."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.access.attendance import Attendance
from shared.conversions.kind import Scalar


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


class Fallback(BaseModel):
    """Another canonical field's value, only while the record's own is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["fallback"] = "fallback"
    by: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """None: whatever happens to that field, a value that is known stays."""
        return ()

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        value: Scalar = data.get(self.by)
        return value

    def stands(self, name: str, data: Mapping[str, Any]) -> bool:
        """Whether that value is all there is in the field ``name``."""
        return data.get(name) is not None and data.get(name) == data.get(self.by)


class EitherOf(BaseModel):
    """One word or the other, by a canonical flag; nothing while it is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["either of"] = "either of"
    flag: str
    true: str
    false: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical field it follows."""
        return (self.flag,)

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        flag = data.get(self.flag)
        return None if flag is None else self.true if flag else self.false


class FirstTrue(BaseModel):
    """The word of the first canonical flag that is true, or one for none; nothing while none of them is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["first true"] = "first true"
    flags: tuple[tuple[str, str], ...]
    """A flag and its word, in order."""
    none: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical fields it follows."""
        return tuple(flag for flag, _ in self.flags)

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        if all(data.get(flag) is None for flag in self.inputs):
            return None
        return next((word for flag, word in self.flags if data.get(flag)), self.none)


class MemberCount(BaseModel):
    """How many there are in a roster; nothing while it is not known of everybody whether they are in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["member count"] = "member count"
    of: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The canonical field it follows."""
        return (self.of,)

    def derive(self, data: Mapping[str, Any]) -> Scalar:
        """The value, from the canonical fields known so far."""
        attendance = Attendance.of(data.get(self.of))
        return len(attendance.members) if attendance.is_whole else None


Derivation = Annotated[
    Joined | DealStatus | Constant | Address | Fallback | EitherOf | FirstTrue | MemberCount,
    Field(discriminator="kind"),
]
