"""What goes wrong, where and how often: the one format of fault plans, which every stand-in obeys.

A plan is JSON::

    {
      "name": "a busy store and lost answers",
      "seed": 7,
      "faults": [
        {"at": "cosmos", "kind": "refuse", "status": 429, "operation": "upsert", "target": "shards", "share": 0.2},
        {"at": "service-bus", "kind": "drop", "applied": true, "operation": "complete", "calls": 3, "after": 2}
      ]
    }

Every fault of a plan has to happen at least once in the run it was written for: one that never did proves nothing (see ``report``).
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

Text = Annotated[str, StringConstraints(min_length=1)]


class Kind(StrEnum):
    """What can go wrong. Not every stand-in can do all of it: one that cannot refuses the plan when it starts."""

    DROP = "drop"
    """The connection ends instead of an answer; with ``applied`` the call was carried out, and only its answer is lost."""
    DELAY = "delay"
    """The right answer, ``seconds`` later."""
    REFUSE = "refuse"
    """An error: ``status`` as HTTP has it, whatever the stand-in's protocol makes of it, with ``retry_after_seconds`` where it is given."""
    TIMEOUT = "timeout"
    """No answer, and the connection stays open; with ``applied`` the call was carried out."""
    LOCK_LOST = "lock-lost"
    """The lock of a message, or a lease, is gone before its time."""
    DUPLICATE = "duplicate"
    """The same thing happens twice."""
    REORDER = "reorder"
    """What comes in an order comes in another."""
    STALE_ETAG = "stale-etag"
    """A conditional write finds that somebody else was quicker."""
    DISK_FULL = "disk-full"
    """What has to be stored cannot be stored."""
    CLOCK_MOVED = "clock-moved"
    """The stand-in's clock jumps by ``seconds``, forwards or, where they are negative, backwards, and goes on from there."""
    MALFORMED = "malformed"
    """An answer that is not what was asked for; ``variant`` says what it is instead."""


NEED_SECONDS: Final = frozenset({Kind.DELAY, Kind.CLOCK_MOVED})
NEED_STATUS: Final = frozenset({Kind.REFUSE})
MAY_BE_APPLIED: Final = frozenset({Kind.DROP, Kind.TIMEOUT, Kind.REFUSE})


class PlanInvalid(Exception):
    """The plan cannot be used; the text says why."""


class Fault(BaseModel):
    """One thing that goes wrong.

    Attributes:
        at: the stand-in: ``service-bus``, ``cosmos``, ``blob``, ``issuer``, ``host``, ``azure-openai``, ``salesforce`` …
        operation: which calls, by the stand-in's own names for them; ``*`` stands for anything, as in file names.
        target: what they are about: a queue, a container, a function …; as a pattern, too.
        calls: how many of these calls meet it at most.
        share: the chance of each of these calls to meet it, from 0 to 1; always, where only ``calls`` is given.
        after: how many of these calls go well before.
        variant: which of several forms, where the stand-in knows several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    at: Text
    kind: Kind
    operation: Text = "*"
    target: Text = "*"
    calls: Annotated[int, Field(gt=0)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    after: Annotated[int, Field(ge=0)] = 0
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    substatus: int | None = None
    retry_after_seconds: Annotated[float, Field(ge=0)] | None = None
    seconds: float | None = None
    applied: bool = False
    variant: Text | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> "Fault":
        if self.calls is None and self.share is None:
            raise ValueError("say how often: calls, share or both")
        if (self.seconds is not None) != (self.kind in NEED_SECONDS):
            raise ValueError(f"seconds go with {' and '.join(sorted(NEED_SECONDS))}, and those need them")
        if (self.status is not None) != (self.kind in NEED_STATUS):
            raise ValueError("a status goes with refuse, and refuse needs one")
        if self.kind is Kind.DELAY and (self.seconds or 0) < 0:
            raise ValueError("a delay is not negative")
        if self.applied and self.kind not in MAY_BE_APPLIED:
            raise ValueError(f"applied goes with {', '.join(sorted(MAY_BE_APPLIED))} alone")
        return self

    @property
    def summary(self) -> str:
        """For people: what and where."""
        status = f" {self.status}" if self.status is not None else ""
        variant = f" ({self.variant})" if self.variant is not None else ""
        return f"{self.at}: {self.kind}{status}{variant} on {self.operation} {self.target}"


class Plan(BaseModel):
    """Several faults and the seed that decides which calls meet them: the same calls meet the same ones again."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    name: Text
    seed: int = 0
    faults: tuple[Fault, ...]

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The plan of a file.

        Raises:
            PlanInvalid: it cannot be read, or is none.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise PlanInvalid(f"the fault plan {path} cannot be read: {error.strerror}") from error
        except ValidationError as error:
            raise PlanInvalid(f"the fault plan {path.name} is none: {_said(error)}") from error

    def write(self, path: Path) -> None:
        """Store it as a file."""
        path.write_text(self.model_dump_json(by_alias=True, exclude_defaults=True, indent=2) + "\n", encoding="utf-8")


def _said(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(str(part) for part in one['loc']) or 'it'}: {one['msg']}" for one in error.errors())
