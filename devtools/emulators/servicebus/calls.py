"""What a client asks for, by the names the broker counts and fault plans use, and a call that can be answered later or never."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.requests import Request
from devtools.emulators.servicebus.values import Described

Answer = TypeVar("Answer")

_OUTCOMES: Final[Mapping[int, str]] = {0x24: "complete", 0x25: "dead-letter", 0x26: "release", 0x27: "abandon"}
_WORDS: Final[Mapping[object, str]] = {"completed": "complete", "suspended": "dead-letter", "abandoned": "abandon"}
_REQUESTS: Final[Mapping[str, str]] = {"schedule-message": "schedule", "cancel-scheduled-message": "cancel", "peek-message": "peek"}


@dataclass(frozen=True, slots=True)
class Call(Generic[Answer]):
    """One thing a client asked for. `cut` ends its connection once the journal holds what was carried out."""

    carry_out: Callable[[], Answer]
    refuse: Callable[[RefusedError], Answer]
    answer: Callable[[Answer], None]
    cut: Callable[[], None]


def settlement_of(state: Any) -> str | None:
    """The operation a delivery state asks for; None: nothing that is carried out."""
    return _OUTCOMES.get(state.descriptor) if isinstance(state, Described) else None


def operation_of(request: Request) -> str:
    """The operation a management request asks for; its own name, where the broker counts none."""
    name = request.operation.removeprefix("com.microsoft:")
    if name == "update-disposition" and isinstance(request.body, dict):
        return _WORDS.get(request.body.get("disposition-status"), name)
    return _REQUESTS.get(name, name)
