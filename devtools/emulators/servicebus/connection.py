"""One client connection: SASL, open, sessions, close. OASIS AMQP 1.0, part 2, sections 2.2 to 2.4.

A client that breaks the protocol, or says nothing, or does not read, is told why, in its close frame and in the log, and loses its
connection; no one else notices.
"""

import asyncio
import logging
from typing import Literal, cast

from typing_extensions import override

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.calls import Call
from devtools.emulators.servicebus.claims import Grants
from devtools.emulators.servicebus.frames import MAX_FRAME_BYTES, FrameReader, Piece, stranger
from devtools.emulators.servicebus.limits import CHANNEL_MAX, Admissions
from devtools.emulators.servicebus.mishaps import suffer
from devtools.emulators.servicebus.performatives import (
    AMQP_FRAME,
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
from devtools.emulators.servicebus.refusals import RefusedError, forced, not_allowed
from devtools.emulators.servicebus.session import Session, SessionEndedError
from devtools.emulators.servicebus.values import Array, CodecError, Symbol, UByte, UInt, UShort

log = logging.getLogger(__name__)

_SMALLEST_FRAME_BYTES = 512  # AMQP 1.0 part 2, section 2.4.1: every peer must take frames of this size
_MECHANISMS = ("MSSBCBS", "ANONYMOUS", "PLAIN", "EXTERNAL")
_PENDING_BYTES = 4 * 1_048_576
"""More than this of one turn waits: a receiver gets no more messages before that has left."""
_GOODBYE_SECONDS = 2.0
"""For a client to read why it was refused, and to hang up itself: what it writes to a closed socket would destroy what it has not read."""
_Stage = Literal["connected", "securing", "opening", "open", "ending"]


class Connection(asyncio.Protocol):
    """From accept to close. What it sends leaves at the end of the loop's turn, after the journal (Broker.flush_soon)."""

    def __init__(self, broker: Broker, admissions: Admissions) -> None:
        self.peer_frame_bytes = _SMALLEST_FRAME_BYTES
        self.grants = Grants()
        self.limits = admissions.limits
        self._broker = broker
        self._admissions = admissions
        self._stage: _Stage = "connected"
        self._is_admitted = False
        self._is_refused = False
        self._is_cut = False
        self._held: bytearray | None = None  # what the client said while a fault keeps it waiting
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader()
        self._output: list[bytes] = []
        self._output_bytes = 0
        self._sessions: dict[int, Session] = {}
        self._paused = False
        self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._keep_alive: asyncio.TimerHandle | None = None

    # --- called by the loop

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._broker.connections.add(self)
        self._watch = asyncio.get_running_loop().call_later(self.limits.opening_seconds, self._never_opened)
        if fault := self._broker.mishaps.at_delivery("connect"):
            self._held = bytearray()
            suffer(fault, Call(lambda: None, lambda _: None, lambda _: self._let_in(), self.cut))

    @override
    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        if self._stage == "ending":
            return
        if self._held is not None:
            self._held += data
            return
        try:
            for piece in self._reader.pieces(data):
                self._take(piece)
                if self._is_ending():
                    break
        except RefusedError as refusal:
            self._fail(refusal)
        except CodecError as problem:
            self._fail(RefusedError("amqp:decode-error", 400, str(problem)))
        except Exception as problem:  # a client can put anything into any field, and it is found where it is used: this connection ends
            log.exception("a frame could not be handled")
            self._fail(RefusedError("amqp:internal-error", 500, f"A frame could not be handled: {problem!r:.300}"))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._broker.connections.discard(self)
        self._stop()

    @override
    def pause_writing(self) -> None:
        self._paused = True

    @override
    def resume_writing(self) -> None:
        self._paused = False  # the broker's next tick hands out what has waited

    # --- for the sessions and the broker

    def send(self, data: bytes) -> None:
        self._output.append(data)
        self._output_bytes += len(data)
        self._broker.flush_soon(self)
        if self._transport and self._output_bytes + self._transport.get_write_buffer_size() > self.limits.unread_bytes:
            self._never_reads()

    def link_count(self) -> int:
        return sum(session.link_count for session in self._sessions.values())

    def writable(self) -> bool:
        return not self._paused and self._stage == "open" and self._output_bytes < _PENDING_BYTES

    def write_out(self) -> None:
        if self._is_cut:
            self.abort()
        output, self._output, self._output_bytes = self._output, [], 0
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(b"".join(output))
        if self._stage == "ending":
            asyncio.get_running_loop().call_later(_GOODBYE_SECONDS, self._transport.abort)
            if not self._is_refused:
                self._transport.close()  # once all is written

    def cut(self) -> None:
        """End without another word, once the journal holds what was carried out: a fault plan says so."""
        self._is_cut, self._stage = True, "ending"
        self._broker.flush_soon(self)

    def abort(self) -> None:
        if self._transport:
            self._transport.abort()

    # --- inside

    def _take(self, piece: Piece) -> None:
        kind, channel, body = piece
        if kind is None:
            self._header(body)
            return
        code, fields, payload = read_performative(body)
        if (code == SASL_INIT, kind == AMQP_FRAME) != ((True, False) if self._stage == "securing" else (False, True)):
            raise not_allowed(f"A frame of type {kind} with performative 0x{code:02x} has no place here.")
        if code == SASL_INIT:
            self._authenticate(fields)
        elif code == CLOSE:
            self.send(frame(0, CLOSE))
            self._stop()
        elif (code == OPEN) != (self._stage == "opening"):
            raise not_allowed("A connection begins with one open, and has one only.")
        elif code == OPEN:
            self._open(fields)
        elif code == BEGIN:
            self._begin(channel, fields)
        elif code == END:
            self._end(channel)
        elif session := self._sessions.get(channel):  # clients detach links of a session they have ended: ignored
            try:
                session.handle(code, fields, payload)
            except SessionEndedError as ended:
                log.warning("session ended", extra={"condition": ended.refusal.condition, "reason": ended.refusal.text})
                self._end(channel, ended.refusal)

    def _header(self, header: bytes) -> None:
        if header == SASL_HEADER and self._stage == "connected":
            mechanisms = Array(Symbol(name) for name in _MECHANISMS)
            self._stage = "securing"
            self.send(SASL_HEADER + frame(0, SASL_MECHANISMS, sasl_server_mechanisms=mechanisms))
        elif header == AMQP_HEADER:
            self._stage = "opening"
            self.send(AMQP_HEADER)
        else:
            log.warning("a client does not speak plain AMQP 1.0", extra={"hint": stranger(header)})
            self.send(AMQP_HEADER)
            self._stop()

    def _authenticate(self, fields: Fields) -> None:
        known = fields["mechanism"] in _MECHANISMS
        self.send(frame(0, SASL_OUTCOME, code=UByte(0 if known else 1)))
        self._reader.awaits_header = True
        if not known:
            log.warning(
                "connection refused", extra={"reason": f"SASL mechanism {fields['mechanism']!r:.40}: only {', '.join(_MECHANISMS)}"}
            )
            self._stop()

    def _open(self, fields: Fields) -> None:
        self.peer_frame_bytes = max(_SMALLEST_FRAME_BYTES, min(fields["max_frame_size"] or MAX_FRAME_BYTES, MAX_FRAME_BYTES))
        self._admissions.enter()
        self._is_admitted = True
        self._say_open()
        if self._watch:
            self._watch.cancel()
        self._watch_silence()
        if fields["idle_time_out"]:
            self._stay_alive(max(0.01, fields["idle_time_out"] / 2000))

    def _say_open(self) -> None:
        self._stage = "open"
        idle_ms = UInt(int(self.limits.idle_seconds * 1000))
        limits: Fields = {"max_frame_size": UInt(MAX_FRAME_BYTES), "channel_max": UShort(CHANNEL_MAX), "idle_time_out": idle_ms}
        self.send(frame(0, OPEN, container_id="local-service-bus", **limits, properties={}))

    def _begin(self, channel: int, fields: Fields) -> None:
        if channel > CHANNEL_MAX or channel in self._sessions:
            raise not_allowed(f"Channel {channel} is in use, or above {CHANNEL_MAX}.")
        self._sessions[channel] = Session(self._broker, self, channel, fields)

    def _end(self, channel: int, refusal: RefusedError | None = None) -> None:
        if session := self._sessions.pop(channel, None):
            session.close()
            self.send(frame(channel, END, error=error(refusal) if refusal else None))

    # --- silence

    def _watch_silence(self) -> None:
        """Close the connection once nothing was heard for too long; empty frames count."""
        loop = asyncio.get_running_loop()
        left_seconds = self._heard_at + self.limits.idle_seconds - loop.time()
        if left_seconds > 0:
            self._watch = loop.call_later(left_seconds, self._watch_silence)
        elif not self._is_ending():
            self._fail(forced(f"The connection was inactive for more than the allowed {self.limits.idle_seconds * 1000:.0f} milliseconds."))

    def _stay_alive(self, seconds: float) -> None:
        """The client closes a connection that is silent for its idle-time-out: an empty frame at half of it."""
        self.send(b"\x00\x00\x00\x08\x02\x00\x00\x00")
        if not self._is_ending():
            self._keep_alive = asyncio.get_running_loop().call_later(seconds, self._stay_alive, seconds)

    def _never_opened(self) -> None:
        self._fail(forced(f"The client has not opened the connection within {self.limits.opening_seconds:g} seconds."))

    def _never_reads(self) -> None:
        log.warning("connection cut", extra={"reason": f"{self.limits.unread_bytes} bytes wait for a client that does not read"})
        self._stop()
        self.abort()

    def _let_in(self) -> None:
        held, self._held = self._held or b"", None
        self.data_received(bytes(held))

    # --- the end

    def _is_ending(self) -> bool:
        return self._stage == "ending"

    def _fail(self, refusal: RefusedError) -> None:
        log.warning("connection refused", extra={"condition": refusal.condition, "reason": refusal.text})
        if self._stage == "opening":  # a close is only understood after an open
            self._say_open()
        if self._stage == "open":
            self.send(frame(0, CLOSE, error=error(refusal)))
            self._is_refused = True
        self._stop()
        self._broker.flush_soon(self)

    def _stop(self) -> None:
        self._stage = "ending"
        if self._is_admitted:
            self._is_admitted = False
            self._admissions.leave()
        for timer in (self._watch, self._keep_alive):
            if timer:
                timer.cancel()
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()
