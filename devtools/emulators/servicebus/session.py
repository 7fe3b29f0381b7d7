"""One AMQP session: opens and closes links, numbers deliveries, respects the windows. OASIS AMQP 1.0, part 2, section 2.5."""

import logging
from collections import deque
from typing import Any, Protocol

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.calls import Call
from devtools.emulators.servicebus.claims import Grants
from devtools.emulators.servicebus.limits import HANDLE_MAX, Limits, too_many_handles
from devtools.emulators.servicebus.links import Link
from devtools.emulators.servicebus.management import MAX_MESSAGE_BYTES
from devtools.emulators.servicebus.opening import CLAIMS, LinkRequest, Openings
from devtools.emulators.servicebus.outlet import Outlet
from devtools.emulators.servicebus.performatives import (
    ATTACH,
    BEGIN,
    DETACH,
    DISPOSITION,
    FLOW,
    TRANSFER,
    Fields,
    delivery_frame,
    error,
    frame,
    settled_frame,
)
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.values import Described, UInt, ULong, UShort

log = logging.getLogger(__name__)

INCOMING_WINDOW = 5000
"""Transfers a client may send before it hears from us again."""
MAX_WAITING_BYTES = 8 * MAX_MESSAGE_BYTES
_SERIAL = 0xFFFFFFFF
_FRAME_ROOM_BYTES = 128  # more than a transfer performative takes


class Connection(Protocol):
    """The connection a session lives on, as the session sees it."""

    peer_frame_bytes: int
    grants: Grants
    limits: Limits

    def send(self, frame: bytes) -> None: ...
    def writable(self) -> bool: ...
    def cut(self) -> None: ...
    def link_count(self) -> int: ...


class SessionEndedError(Exception):
    """The client did what ends its session; its connection and its other sessions live on."""

    def __init__(self, refusal: RefusedError) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class Session:
    """Made from a begin; `handle` gets every later frame of its channel except the end."""

    def __init__(self, broker: Broker, connection: Connection, channel: int, begin: Fields) -> None:
        self._broker = broker
        self._connection = connection
        self._channel = channel
        self._links: dict[int, Link] = {}
        self._openings = Openings(broker, self, connection.grants)
        self._next_incoming_id = begin["next_outgoing_id"] or 0
        self._incoming_left = INCOMING_WINDOW
        self._next_outgoing_id = 0
        self._outgoing_left = begin["incoming_window"] or 0
        self._next_delivery_id = 0
        self._waiting: deque[bytes] = deque()  # transfers the client's window has no room for
        self._waiting_bytes = 0
        windows = {"incoming_window": UInt(INCOMING_WINDOW), "outgoing_window": UInt(INCOMING_WINDOW)}
        self.send(BEGIN, remote_channel=UShort(channel), next_outgoing_id=UInt(0), **windows, handle_max=UInt(HANDLE_MAX), properties={})

    @property
    def link_count(self) -> int:
        return len(self._links)

    # --- for the connection

    def handle(self, code: int, fields: Fields, payload: bytes) -> None:
        if code == ATTACH:
            self._attach(fields)
        elif code == FLOW:
            self._flow(fields)
        elif code == TRANSFER:
            self._transfer(fields, payload)
        elif code == DISPOSITION and fields["role"]:
            self._disposition(fields)
        elif code == DETACH:
            self._detach(fields)

    def close(self) -> None:
        for link in self._links.values():
            link.close()
        self._links.clear()

    # --- for the links

    def send(self, code: int, /, **fields: Any) -> None:
        self._connection.send(frame(self._channel, code, **fields))

    def send_settled(self, delivery_id: int, state: Described) -> None:
        self._connection.send(settled_frame(self._channel, delivery_id, state))

    def send_flow(self, *, handle: int, delivery_count: int, credit: int, drain: bool) -> None:
        link = {"handle": UInt(handle), "delivery_count": UInt(delivery_count), "link_credit": UInt(credit), "drain": drain}
        self.send(FLOW, **self._windows(), **link, available=UInt(0), echo=False, properties={})

    def send_message(self, handle: int, tag: bytes | None, message: bytes, *, settled: bool) -> int:
        """One delivery, in as many transfers as the client's frames need; its delivery id."""
        delivery_id = self._next_delivery_id
        self._next_delivery_id = (delivery_id + 1) & _SERIAL
        room = self._connection.peer_frame_bytes - _FRAME_ROOM_BYTES
        for start in range(0, len(message), room):
            part, more = message[start : start + room], start + room < len(message)
            transfer = delivery_frame(self._channel, handle, delivery_id, tag, part, settled=settled, more=more)
            self._waiting.append(transfer)
            self._waiting_bytes += len(transfer)
        self._send_waiting()
        if self._waiting_bytes > MAX_WAITING_BYTES:
            raise SessionEndedError(RefusedError("amqp:session:window-violation", 400, "The client asks, but has no room for the answers."))
        return delivery_id

    def can_send(self) -> bool:
        return not self._waiting and self._outgoing_left > 0 and self._connection.writable()

    def cut(self) -> None:
        """End the connection, as a fault plan says."""
        self._connection.cut()

    # --- inside

    def _windows(self) -> Fields:
        return {
            "next_incoming_id": UInt(self._next_incoming_id),
            "incoming_window": UInt(self._incoming_left),
            "next_outgoing_id": UInt(self._next_outgoing_id),
            "outgoing_window": UInt(INCOMING_WINDOW),
        }

    def _send_waiting(self) -> None:
        while self._waiting and self._outgoing_left > 0:
            transfer = self._waiting.popleft()
            self._connection.send(transfer)
            self._waiting_bytes -= len(transfer)
            self._outgoing_left -= 1
            self._next_outgoing_id = (self._next_outgoing_id + 1) & _SERIAL

    def _attach(self, fields: Fields) -> None:
        request = LinkRequest.read(fields)
        if request.handle in self._links:
            raise SessionEndedError(RefusedError("amqp:session:handle-in-use", 400, f"Handle {request.handle} is in use."))
        if request.handle > HANDLE_MAX:
            raise SessionEndedError(too_many_handles(HANDLE_MAX))
        if self._connection.link_count() >= self._connection.limits.links:
            raise SessionEndedError(too_many_handles(self._connection.limits.links))
        if request.address == CLAIMS:  # what can go wrong there is the claim
            self._answer_attach(request, self._open(request))
            return
        call = Call(lambda: self._open(request), lambda refusal: refusal, lambda it: self._answer_attach(request, it), self.cut)
        self._broker.mishaps.meet("open", self._broker.target(request.address), call)

    def _open(self, request: LinkRequest) -> Link | RefusedError:
        try:
            link = self._openings.open(request)
        except RefusedError as refusal:
            return refusal
        self._links[request.handle] = link
        return link

    def _answer_attach(self, request: LinkRequest, link: Link | RefusedError) -> None:
        if isinstance(link, RefusedError):
            log.warning("link refused", extra={"address": request.address, "condition": link.condition, "reason": link.text})
            self._refuse(request, link)
        elif self._links.get(request.handle) is link:  # else the client did not wait
            self.send(ATTACH, **request.echo(), max_message_size=ULong(MAX_MESSAGE_BYTES), properties={})
            self._openings.opened(link, request)

    def _refuse(self, request: LinkRequest, refusal: RefusedError) -> None:
        """An attach without the terminus that would be ours, then the detach with the reason: clients read the reason only so."""
        self.send(ATTACH, **request.echo(refused=True), properties={})
        self.send(DETACH, handle=UInt(request.handle), closed=True, error=error(refusal))

    def _flow(self, fields: Fields) -> None:
        next_incoming_id = fields["next_incoming_id"] or 0
        self._outgoing_left = (next_incoming_id + (fields["incoming_window"] or 0) - self._next_outgoing_id) & _SERIAL
        self._send_waiting()
        if fields["handle"] is None:
            if fields["echo"]:
                self.send(FLOW, **self._windows())
        elif link := self._links.get(fields["handle"]):
            link.flow(fields)

    def _transfer(self, fields: Fields, payload: bytes) -> None:
        self._next_incoming_id = (self._next_incoming_id + 1) & _SERIAL
        self._incoming_left -= 1
        if self._incoming_left < INCOMING_WINDOW // 2:
            self._incoming_left = INCOMING_WINDOW
            self.send(FLOW, **self._windows())
        if link := self._links.get(fields["handle"]):
            link.transfer(fields, payload)

    def _disposition(self, fields: Fields) -> None:
        first = fields["first"]
        last = first if fields["last"] is None else fields["last"]
        for link in list(self._links.values()):
            if isinstance(link, Outlet):
                link.settle(first, last, settled=bool(fields["settled"]), state=fields["state"])

    def _detach(self, fields: Fields) -> None:
        link = self._links.pop(fields["handle"], None)
        if link is None:
            return  # the answer to our refusal
        link.close()
        self._openings.closed(link)
        self.send(DETACH, handle=UInt(fields["handle"]), closed=True)
