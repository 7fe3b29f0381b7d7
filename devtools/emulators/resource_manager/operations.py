"""Changes that take a while: begun, asked after, ended. Time is counted in requests, so that nothing has to be waited for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from devtools.emulators.resource_manager.refusals import RefusedError

RUNNING: Final = "Dequeued"
"""What Cosmos DB says of one that has been begun."""


@dataclass
class Operation:
    """One of them."""

    id: str
    account: str
    left: int
    """Requests until it ends."""
    end: Callable[[], None]
    """What it does; may raise RefusedError."""
    status: str = RUNNING
    error: RefusedError | None = None

    @property
    def document(self) -> dict[str, Any]:
        """What its address answers."""
        return {"status": self.status, **(self.error.document if self.error is not None else {})}

    @property
    def has_ended(self) -> bool:
        return self.status != RUNNING


@dataclass
class Operations:
    """All of them."""

    by_id: dict[str, Operation] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    def begin(self, account: str, lasts: int, end: Callable[[], None]) -> Operation:
        """Begin one.

        Raises:
            RefusedError: 412, while another one has the account.
        """
        if any(one.account == account and not one.has_ended for one in self.by_id.values()):
            message = (
                f"There is another user operation in progress which requires an exclusive lock on [{account}]. Please retry after sometime."
            )
            raise RefusedError(412, "PreconditionFailed", message)
        begun = Operation(f"operation-{next(self._numbers)}", account, lasts, end)
        self.by_id[begun.id] = begun
        return begun

    def go_on(self) -> None:
        """A request has come: each that runs is one nearer to its end."""
        for one in self.by_id.values():
            if one.has_ended:
                continue
            one.left -= 1
            if one.left > 0:
                continue
            try:
                one.end()
                one.status = "Succeeded"
            except RefusedError as error:
                one.status, one.error = "Failed", error
