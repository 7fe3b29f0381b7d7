"""One client connection: SASL, frames, sessions. OASIS AMQP 1.0, part 2, sections 2.2 to 2.4.

A client that breaks the protocol is told why, in its close frame and in the log, and loses its connection; no one else notices.
"""

import asyncio
import logging
from typing import cast

from typing_extensions import override

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.performatives import (
    AMQP_HEADER,
    BEGIN,
    CLOSE,
    END,
    OPEN,
    SASL_HEADER,
    SASL_INIT,
    SASL_MECHANISMS,
    SASL_OUTCOME,
    Fields,
    error,
    frame,
    read_performative,
)
from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.session import Session
from devtools.emulators.servicebus.values import Array, CodecError, Symbol, UByte, UInt, UShort

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 1_048_576
_SMALLEST_FRAME_BYTES = 512  # AMQP 1.0 part 2, section 2.4.1: every peer must take frames of this size
_MECHANISMS = ("MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL")
_HEADER_BYTES = 8


class Connection(asyncio.Protocol):
    """From accept to close. What it sends leaves at the end of the loop's turn, after the journal (Broker.flush_soon)."""

    def __init__(self, broker: Broker) -> None:
        self.peer_frame_bytes = _SMALLEST_FRAME_BYTES
        self.granted: set[str] = set()
        self._broker = broker
        self._transport: asyncio.Transport | None = None
        self._input = bytearray()
        self._output: list[bytes] = []
        self._sessions: dict[int, Session] = {}
        self._awaits_header = True
        self._paused = False
        self._ending = False
        self._keep_alive: asyncio.TimerHandle | None = None

    # --- called by the loop

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._broker.connections.add(self)

    @override
    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        self._input += data
        try:
            self._consume()
        except RefusedError as refusal:
            self._fail(refusal)
        except CodecError as problem:
            self._fail(RefusedError("amqp:decode-error", 400, str(problem)))
        except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as problem:
            # Fields of the wrong type are found where they are used. They end this connection only.
            log.exception("a frame could not be handled")
            self._fail(RefusedError("amqp:internal-error", 500, f"A frame could not be handled: {problem!r}"))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._ending = True
        self._broker.connections.discard(self)
        if self._keep_alive:
            self._keep_alive.cancel()
        self._close_sessions()

    @override
    def pause_writing(self) -> None:
        self._paused = True

    @override
    def resume_writing(self) -> None:
        self._paused = False  # the broker's next tick hands out what has waited

    # --- for the sessions and the broker

    def send(self, data: bytes) -> None:
        self._output.append(data)
        self._broker.flush_soon(self)

    def writable(self) -> bool:
        return not self._paused and not self._ending

    def write_out(self) -> None:
        output, self._output = self._output, []
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(b"".join(output))
        if self._ending:
            self._transport.close()

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    # --- inside

    def _consume(self) -> None:
        data, at = bytes(self._input), 0
        while not self._ending and len(data) - at >= _HEADER_BYTES:
            if self._awaits_header:
                self._header(data[at : at + _HEADER_BYTES])
                at += _HEADER_BYTES
                continue
            size, offset = int.from_bytes(data[at : at + 4], "big"), data[at + 4] * 4
            if size > MAX_FRAME_BYTES or not _HEADER_BYTES <= offset <= size:
                raise RefusedError("amqp:connection:framing-error", 400, f"A frame of {size} bytes, body at {offset}.")
            if len(data) - at < size:
                break
            if size > offset:  # an empty frame only says that the client is alive
                self._frame(int.from_bytes(data[at + 6 : at + 8], "big"), data[at + offset : at + size])
            at += size
        del self._input[:at]

    def _header(self, header: bytes) -> None:
        self._awaits_header = False
        if header == SASL_HEADER:
            mechanisms = Array(Symbol(name) for name in _MECHANISMS)
            self.send(SASL_HEADER + frame(0, SASL_MECHANISMS, sasl_server_mechanisms=mechanisms))
        elif header == AMQP_HEADER:
            self.send(AMQP_HEADER)
        else:
            hint = "TLS: add UseDevelopmentEmulator=true to the connection string" if header[0] == 0x16 else "not AMQP 1.0"
            log.warning("a client does not speak plain AMQP 1.0", extra={"hint": hint})
            self.send(AMQP_HEADER)
            self._ending = True

    def _frame(self, channel: int, body: bytes) -> None:
        code, fields, payload = read_performative(body)
        if code == SASL_INIT:
            self._authenticate(fields)
        elif code == OPEN:
            self._open(fields)
        elif code == BEGIN:
            self._sessions[channel] = Session(self._broker, self, channel, fields)
        elif code == END:
            self._end(channel)
        elif code == CLOSE:
            self.send(frame(0, CLOSE))
            self._stop()
        elif session := self._sessions.get(channel):  # clients detach links of a session they have ended: ignored
            session.handle(code, fields, payload)

    def _authenticate(self, fields: Fields) -> None:
        known = fields["mechanism"] in _MECHANISMS
        self.send(frame(0, SASL_OUTCOME, code=UByte(0 if known else 1)))
        self._awaits_header = True
        self._ending = not known

    def _open(self, fields: Fields) -> None:
        self.peer_frame_bytes = max(_SMALLEST_FRAME_BYTES, min(fields["max_frame_size"] or MAX_FRAME_BYTES, MAX_FRAME_BYTES))
        limits: Fields = {"max_frame_size": UInt(MAX_FRAME_BYTES), "channel_max": UShort(255)}
        self.send(frame(0, OPEN, container_id="local-service-bus", **limits, properties={}))
        if fields["idle_time_out"]:
            self._stay_alive(fields["idle_time_out"] / 2000)

    def _stay_alive(self, seconds: float) -> None:
        """The client closes a connection that is silent for its idle-time-out: an empty frame at half of it."""
        self.send(b"\x00\x00\x00\x08\x02\x00\x00\x00")
        self._keep_alive = asyncio.get_running_loop().call_later(seconds, self._stay_alive, seconds)

    def _end(self, channel: int) -> None:
        if session := self._sessions.pop(channel, None):
            session.close()
            self.send(frame(channel, END))

    def _fail(self, refusal: RefusedError) -> None:
        log.warning("connection refused", extra={"condition": refusal.condition, "reason": refusal.text})
        self.send(frame(0, CLOSE, error=error(refusal)))
        self._stop()

    def _stop(self) -> None:
        self._ending = True
        self._close_sessions()

    def _close_sessions(self) -> None:
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
