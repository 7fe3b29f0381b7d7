"""What every message is: frozen, self-describing, with an id derived from what it says.

On the wire a message is camelCase JSON with ``type`` and ``version``. Readers are lenient (unknown fields are ignored, the two
may be missing and then mean version 1), writers are exact. Within a version only optional fields may be added; anything else is the
next version and one more entry in ``UPCASTS``.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, NoReturn, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from shared.contracts.canonical import digest
from shared.errors import ContractViolation


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds and ``Z``: as text it sorts as the moments do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or last hours there are, with an offset that leads out of them
        raise ValueError("a moment outside the calendar") from None


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    PlainSerializer(timestamp, return_type=str, when_used="json"),
]
"""A moment with its zone, kept in UTC."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=512)]

Upcast = Callable[[dict[str, Any]], dict[str, Any]]


class Wire(BaseModel):
    """Anything that travels or is stored as camelCase JSON."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True, extra="ignore", allow_inf_nan=False)


class Message(Wire):
    """One kind of message. A subclass names its queue and says what makes two of its messages the same."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    QUEUE: ClassVar[str]
    UPCASTS: ClassVar[Mapping[int, Upcast]] = {}
    """From version n to n + 1, for every version that may still be on a queue."""

    tenant_id: Identifier
    correlation_id: str | None = None

    @property
    def goes_to(self) -> str:
        """Where it goes: its kind's queue, unless it says otherwise."""
        return self.QUEUE

    def identity(self) -> tuple[str, ...]:
        """The connection or shard the message is about, then the parts of architecture 6, "identity"."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """32 hexadecimal characters: the same for the same thing said twice, different across tenants."""
        return digest(self.tenant_id, self.TYPE, *self.identity())

    def encode(self) -> bytes:
        """The body on the wire."""
        return json.dumps(
            {"type": self.TYPE, "version": self.VERSION, **self.model_dump(mode="json", by_alias=True)},
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        ).encode()

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Read a body of this or an earlier version.

        Raises:
            ContractViolation: when no version fits. Its text names fields, never values.
        """
        return cls.from_object(parse_object(body))

    @classmethod
    def from_object(cls, read: dict[str, Any]) -> Self:
        """The same, from parsed JSON."""
        if read.get("type", cls.TYPE) != cls.TYPE:
            raise ContractViolation(f"expected a {cls.TYPE}, and the message says it is something else")
        version = read.get("version", 1)
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ContractViolation(f"{cls.TYPE}: version is not a positive whole number")
        if version > cls.VERSION:
            raise ContractViolation(f"{cls.TYPE}: version {version} is newer than this deployment's {cls.VERSION}")
        try:
            for step in range(version, cls.VERSION):
                read = cls.UPCASTS[step](read)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise ContractViolation(f"{cls.TYPE}: not a readable message of version {version}") from None
        try:
            return cls.model_validate(read)
        except ValidationError as error:
            faults = [f"{_field(fault['loc'])}: {fault['type']}" for fault in error.errors(include_input=False, include_url=False)]
            raise ContractViolation(f"{cls.TYPE}: {'; '.join(dict.fromkeys(faults))}") from None


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object from bytes.

    Raises:
        ContractViolation: for anything else: no JSON, not UTF-8, nested too deeply, NaN, half of a surrogate pair, not an object.
    """
    try:
        read = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()  # refuses halves of surrogate pairs, and 1e999
    except (ValueError, RecursionError):
        raise ContractViolation("the body is not JSON") from None
    if not isinstance(read, dict):
        raise ContractViolation("the body is not a JSON object")
    return read


def _field(location: tuple[int | str, ...]) -> str:
    """The field of a message, or of the nth item of a field. What lies deeper may be named by the sender, and is not repeated."""
    depth = 3 if len(location) > 1 and isinstance(location[1], int) else 1
    return ".".join(map(str, location[:depth])) or "message"


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)
