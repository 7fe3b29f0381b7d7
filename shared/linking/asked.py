"""What a call says in its body: a JSON object with known keys alone, and short."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, ConfigDict, StringConstraints, ValidationError

from shared.contracts.message import Wire, parse_object
from shared.errors import BadRequest, ContractViolation

MOST_BYTES: Final = 16 * 1024
LONGEST_REASON: Final = 1_000
MOST_CHARACTERS: Final = 40
"""Of a key nobody knows, when it is named."""

Reason = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON)] | None, AfterValidator(lambda said: said or None)
]


class Asked(Wire):
    """The body of a call."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From the bytes of the call; none at all say nothing.

        Raises:
            BadRequest: it is no such object; naming every fault.
        """
        if len(body) > MOST_BYTES:
            raise BadRequest(f"the body has more than {MOST_BYTES} bytes")
        try:
            return cls.model_validate(parse_object(body) if body.strip() else {})
        except ContractViolation as error:
            raise BadRequest(str(error)) from None
        except ValidationError as error:
            faults = [_told(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors(include_input=False, include_url=False)]
            raise BadRequest("; ".join(faults[:5])) from None


class Said(Asked):
    """Why somebody decides."""

    reason: Reason = None


def _told(place: tuple[int | str, ...], kind: str, text: str) -> str:
    key = str(place[0])[:MOST_CHARACTERS] if place else "the body"
    if kind == "extra_forbidden":
        return f"{key}: there is no such key here"
    return f"{key} is missing" if kind == "missing" else f"{key}: {text}"
