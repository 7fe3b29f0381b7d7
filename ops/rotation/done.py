"""What rotating came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Done:
    """For whoever typed it. Nothing in here is secret, but the address of a webhook whose key was made now."""

    says: str
    steps: tuple[str, ...] = ()
    """What is left to do, in this order."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    is_well: bool = True
    """Whether what was tried works."""
    is_stored: bool = False
