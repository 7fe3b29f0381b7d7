"""Which link a client asks for, and whether it gets it.

Order of refusals: what the stand-in does not have, then the missing claim, then the missing entity. Entities are never made
from an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from devtools.emulators.servicebus.broker import MANAGEMENT, Broker, entity_path, root_queue
from devtools.emulators.servicebus.calls import Call, operation_of
from devtools.emulators.servicebus.claims import SUBSCRIPTIONS, Grants, answer_claim, claimed_path, refuse_claim
from devtools.emulators.servicebus.intake import Intake, take_into
from devtools.emulators.servicebus.links import Link, Replies, Session
from devtools.emulators.servicebus.management import answer_request, refuse_request
from devtools.emulators.servicebus.outlet import Outlet
from devtools.emulators.servicebus.performatives import COORDINATOR, Fields, fields_of
from devtools.emulators.servicebus.refusals import RefusedError, not_allowed, not_implemented
from devtools.emulators.servicebus.requests import Request, parse_request
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
    """Opens the links of one session; `grants` is what the connection has shown tokens for."""

    def __init__(self, broker: Broker, session: Session, grants: Grants) -> None:
        self._broker = broker
        self._session = session
        self._grants = grants
        self._replies: dict[str, Replies] = {}  # by the node's address: request and reply link find each other so

    def open(self, request: LinkRequest) -> Link:
        """The link, not yet known to the client. Raises RefusedError."""
        if request.asks_for_transactions:
            raise not_implemented("Transactions")
        if SUBSCRIPTIONS in request.address:
            raise not_implemented("Topics and subscriptions")
        if request.address == CLAIMS:
            return self._node(request, self._answer_claim, refuse_claim)
        self._grants.check(root_queue(request.address), request.address, now_ms=self._broker.now_ms())
        queue = self._broker.queue(request.address)
        operations = self._broker.operations
        if request.address.endswith(MANAGEMENT):
            return self._node(request, lambda raw: answer_request(raw, queue=queue, operations=operations), refuse_request)
        if request.asks_for_session:
            raise not_allowed(f"'{queue.name}' has no sessions: this local Service Bus does not have them.")
        if request.client_receives:
            deletes = request.send_settle_mode == _SETTLED
            return Outlet(self._session, request.handle, queue, deletes=deletes, operations=operations, mishaps=self._broker.mishaps)
        if queue.dead_letters is None:
            raise not_allowed(f"Messages cannot be sent to '{queue.name}'.")
        mishaps = self._broker.mishaps
        return Intake(self._session, request.handle, take_into(queue, operations), mishaps=mishaps, target=queue.name)

    def opened(self, link: Link, request: LinkRequest) -> None:
        """Our attach was sent: what must come after it."""
        if isinstance(link, Intake):
            link.open(request.initial_delivery_count)

    def closed(self, link: Link) -> None:
        self._replies = {address: replies for address, replies in self._replies.items() if replies is not link}

    def _answer_claim(self, raw: bytes) -> bytes:
        return answer_claim(raw, broker=self._broker, grants=self._grants)

    def _node(self, request: LinkRequest, answer: Callable[[bytes], bytes], refuse: Callable[[Request, RefusedError], bytes]) -> Link:
        address, mishaps = request.address, self._broker.mishaps
        if request.client_receives:
            self._replies[address] = Replies(self._session, request.handle)
            return self._replies[address]

        def take(payload: bytes, _: int) -> None:
            if address not in self._replies:
                raise not_allowed(f"There is no link to send the answers of '{address}' on.")
            replies = self._replies[address]
            if not mishaps.armed:
                replies.send(answer(payload))
                return
            asked = parse_request(payload)
            operation = "claim" if address == CLAIMS else operation_of(asked)
            target = self._broker.target(claimed_path(asked) if address == CLAIMS else address)
            mishaps.meet(operation, target, Call(lambda: answer(payload), partial(refuse, asked), replies.send, self._session.cut))

        return Intake(self._session, request.handle, take)
