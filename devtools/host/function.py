"""What the host knows of one loaded function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal


@dataclass(frozen=True)
class HttpTrigger:
    """``route`` without the prefix; no ``methods`` means every method."""

    route: str
    methods: frozenset[str]
    kind: ClassVar[str] = "http"


@dataclass(frozen=True)
class QueueTrigger:
    """``queue`` may still hold ``%SETTING%``; ``connection`` is the name of a setting, never a connection string."""

    queue: str
    connection: str
    kind: ClassVar[str] = "service bus"


@dataclass(frozen=True)
class TimerTrigger:
    """``schedule`` is an NCRONTAB expression and may still be ``%SETTING%``."""

    schedule: str
    kind: ClassVar[str] = "timer"


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True)
class Signature:
    """What the worker found out about a function's parameters.

    Attributes:
        converters: parameter name to the binding type whose converter fills it; ``generic`` hands over the raw str or bytes.
        outputs: names of the ``Out`` parameters.
        returns: the binding type of ``$return``, or empty when the function must return nothing.
        needs_context: it has a parameter named exactly ``context``.
    """

    converters: dict[str, str]
    outputs: tuple[str, ...]
    returns: str
    needs_context: bool


@dataclass(frozen=True)
class HostedFunction:
    name: str
    call: Callable[..., Any]
    is_async: bool
    signature: Signature
    trigger_parameter: str
    trigger: Trigger


@dataclass(frozen=True)
class FunctionState:
    """A function as this host runs it.

    Attributes:
        address: what the table prints: methods and path, queue, or schedule, with settings filled in.
        state: ``running``; ``by hand`` (timers); ``disabled`` by a setting (still runs through the admin route); or ``error``.
        error: why it does not run; empty unless ``state`` is ``error``.
        connection_string: of a running queue function's broker; never printed.
    """

    function: HostedFunction
    address: str
    state: Literal["running", "by hand", "disabled", "error"]
    error: str = ""
    connection_string: str = ""
