"""What is learned about one SELECT while its expressions are parsed."""

from dataclasses import dataclass, field
from typing import Literal

from devtools.emulators.cosmos.sql.lexer import Token
from devtools.emulators.cosmos.sql.syntax import Aggregate, Distance


@dataclass(slots=True)
class Frame:
    """One SELECT. A subquery has a frame of its own."""

    clause: Literal["select", "aggregate", "other"] = "select"
    aggregates: list[Aggregate] = field(default_factory=list)
    distances: list[Distance] = field(default_factory=list)
    names: list[Token] = field(default_factory=list)
    bare: Token | None = None
    """A name in the SELECT list outside of any aggregate, where it has no single value."""

    @property
    def bindings(self) -> int:
        """Grows with everything that has a value only once there is an item."""
        return len(self.names) + len(self.aggregates)

    def use(self, name: Token) -> None:
        """Note that an alias was read."""
        self.names.append(name)
        if self.clause == "select":
            self.bare = self.bare or name
