"""What the host knows of one loaded function."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from devtools.host.identities import Connection
from devtools.host.retries import RetryPolicy


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
    connection: Connection
    kind: ClassVar[str] = "service bus"


@dataclass(frozen=True)
class TimerTrigger:
    """``schedule`` is an NCRONTAB expression and may still be ``%SETTING%``."""

    schedule: str
    is_run_on_startup: bool = False
    is_monitored: bool = True
    kind: ClassVar[str] = "timer"


@dataclass(frozen=True)
class ChangesTrigger:
    """A Cosmos DB change feed. Names may still hold ``%SETTING%``; the connections are names of settings.

    The intervals' defaults are the change feed processor's (Azure documentation, "Azure Cosmos DB trigger: configuration").

    Attributes:
        start: ``now``, ``beginning``, or a moment in ISO 8601, from which a range without a lease is read.
        prefix: of the leases' ids. **Functions that share container, lease container and prefix share the changes**: each sees a part.
    """

    connection: Connection
    database: str
    container: str
    lease_connection: Connection
    lease_database: str
    lease_container: str = "leases"
    prefix: str = ""
    creates_lease_container: bool = False
    start: str = "now"
    most: int = 100
    poll_seconds: float = 5.0
    acquire_seconds: float = 13.0
    expire_seconds: float = 60.0
    renew_seconds: float = 17.0
    kind: ClassVar[str] = "change feed"


Trigger = HttpTrigger | QueueTrigger | TimerTrigger | ChangesTrigger


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
    retry: RetryPolicy | None = None


@dataclass(frozen=True)
class FunctionState:
    """A function as this host runs it.

    Attributes:
        trigger: with settings filled in, whole routes, and **connection strings** or identities where a function has names of settings;
            only what is in error has it as the function has.
        state: ``running``; ``disabled`` by a setting (still runs through the admin route); or ``error``.
        error: why it does not run; empty unless ``state`` is ``error``.
    """

    function: HostedFunction
    trigger: Trigger = field(repr=False)
    state: Literal["running", "disabled", "error"]
    error: str = ""

    @property
    def address(self) -> str:
        """What the table prints: methods and path, queue, schedule, or container."""
        match self.trigger:
            case HttpTrigger(route, methods):
                return f"{','.join(sorted(methods)) or 'any'} /{route}"
            case QueueTrigger(queue):
                return queue
            case TimerTrigger(schedule):
                return schedule
            case ChangesTrigger():
                return f"{self.trigger.database}/{self.trigger.container}"
