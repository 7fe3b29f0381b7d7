"""Which link a client asks for, and whether it gets it.

Order of refusals: what the stand-in does not have, then the missing claim, then the missing entity. Entities are never made
from an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devtools.emulators.servicebus.broker import MANAGEMENT, Broker, entity_path, root_queue
from devtools.emulators.servicebus.claims import answer_claim
from devtools.emulators.servicebus.links import Intake, Link, Outlet, Replies, Session, take_into
from devtools.emulators.servicebus.management import answer_request
from devtools.emulators.servicebus.performatives import COORDINATOR, Fields, fields_of
from devtools.emulators.servicebus.refusals import not_allowed, not_implemented, unauthorized
from devtools.emulators.servicebus.values import Described, UInt

CLAIMS = "$cbs"
SESSION_FILTER = "com.microsoft:session-filter"
_SETTLED = 1  # sender settle mode: the message is gone when it is sent


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """An attach, read. `address` is the entity path, lower case."""

    name: str
    handle: int
    client_receives: bool
    send_settle_mode: Any
    receive_settle_mode: Any
    source: Any
    target: Any
    initial_delivery_count: int

    @staticmethod
    def read(fields: Fields) -> "LinkRequest":
        return LinkRequest(
            name=fields["name"],
            handle=fields["handle"],
            client_receives=bool(fields["role"]),
            send_settle_mode=fields["snd_settle_mode"],
            receive_settle_mode=fields["rcv_settle_mode"],
            source=fields["source"],
            target=fields["target"],
            initial_delivery_count=fields["initial_delivery_count"] or 0,
        )

    @property
    def address(self) -> str:
        return entity_path(str(fields_of(self.source if self.client_receives else self.target, 1)[0] or ""))

    @property
    def asks_for_session(self) -> bool:
        filters = fields_of(self.source, 8)[7]
        return self.client_receives and isinstance(filters, dict) and SESSION_FILTER in filters

    @property
    def asks_for_transactions(self) -> bool:
        return isinstance(self.target, Described) and self.target.descriptor == COORDINATOR

    def echo(self, *, refused: bool = False) -> Fields:
        """The fields of our own attach that mirror the client's; refused: without the terminus that would be ours."""
        return {
            "name": self.name,
            "handle": UInt(self.handle),
            "role": not self.client_receives,
            "snd_settle_mode": self.send_settle_mode,
            "rcv_settle_mode": self.receive_settle_mode,
            "source": None if refused and self.client_receives else self.source,
            "target": None if refused and not self.client_receives else self.target,
            "initial_delivery_count": UInt(0) if self.client_receives else None,
        }


class Openings:
    """Opens the links of one session; `granted` is the connection's set of queues a token was shown for."""

    def __init__(self, broker: Broker, session: Session, granted: set[str]) -> None:
        self._broker = broker
        self._session = session
        self._granted = granted
        self._replies: dict[str, Replies] = {}  # by the node's address: request and reply link find each other so

    def open(self, request: LinkRequest) -> Link:
        """The link, not yet known to the client. Raises RefusedError."""
        if request.asks_for_transactions:
            raise not_implemented("Transactions")
        if request.address == CLAIMS:
            return self._node(request, self._answer_claim)
        if root_queue(request.address) not in self._granted:
            raise unauthorized(f"No token was shown for '{request.address}' on this connection.")
        queue = self._broker.queue(request.address)
        operations = self._broker.operations
        if request.address.endswith(MANAGEMENT):
            return self._node(request, lambda raw: answer_request(raw, queue=queue, operations=operations))
        if request.asks_for_session:
            raise not_allowed(f"'{queue.name}' has no sessions: this local Service Bus does not have them.")
        if request.client_receives:
            return Outlet(self._session, request.handle, queue, deletes=request.send_settle_mode == _SETTLED, operations=operations)
        if queue.dead_letters is None:
            raise not_allowed(f"Messages cannot be sent to '{queue.name}'.")
        return Intake(self._session, request.handle, take_into(queue, operations))

    def opened(self, link: Link, request: LinkRequest) -> None:
        """Our attach was sent: what must come after it."""
        if isinstance(link, Intake):
            link.open(request.initial_delivery_count)

    def closed(self, link: Link) -> None:
        self._replies = {address: replies for address, replies in self._replies.items() if replies is not link}

    def _answer_claim(self, raw: bytes) -> bytes:
        return answer_claim(raw, broker=self._broker, grant=self._granted.add)

    def _node(self, request: LinkRequest, answer: Callable[[bytes], bytes]) -> Link:
        address = request.address
        if request.client_receives:
            self._replies[address] = Replies(self._session, request.handle)
            return self._replies[address]

        def take(payload: bytes, _: int) -> None:
            if address not in self._replies:
                raise not_allowed(f"There is no link to send the answers of '{address}' on.")
            self._replies[address].send(answer(payload))

        return Intake(self._session, request.handle, take)
