"""The broker's end of a client's links, as the session sees them, and the one without a queue: Replies.

The others are in `intake` (the client sends) and `outlet` (it receives from a queue).
"""

import uuid
from typing import Any, Protocol

from devtools.emulators.servicebus.performatives import Fields
from devtools.emulators.servicebus.refusals import not_implemented
from devtools.emulators.servicebus.values import Described


class Session(Protocol):
    """The session a link lives in, as the link sees it."""

    def send(self, code: int, /, **fields: Any) -> None: ...
    def send_settled(self, delivery_id: int, state: Described) -> None: ...
    def send_flow(self, *, handle: int, delivery_count: int, credit: int, drain: bool) -> None: ...
    def send_message(self, handle: int, tag: bytes | None, message: bytes, *, settled: bool) -> int: ...
    def can_send(self) -> bool: ...
    def cut(self) -> None: ...


class Link(Protocol):
    """What the session asks of any link."""

    def transfer(self, fields: Fields, payload: bytes) -> None: ...
    def flow(self, fields: Fields) -> None: ...
    def close(self) -> None: ...


class Replies:
    """A link on which the client gets answers. Clients grant 10,000 credits once and never again, so credit is not counted."""

    def __init__(self, session: Session, handle: int) -> None:
        self._session = session
        self._handle = handle
        self._is_open = True

    def send(self, message: bytes) -> None:
        """One answer; one that comes too late is nobody's."""
        if self._is_open:
            self._session.send_message(self._handle, uuid.uuid4().bytes, message, settled=True)

    def flow(self, fields: Fields) -> None: ...

    def transfer(self, fields: Fields, payload: bytes) -> None:
        raise not_implemented("A transfer on a link that receives")

    def close(self) -> None:
        self._is_open = False
