"""A client's bytes, cut into protocol headers and frames. OASIS AMQP 1.0, part 2, section 2.3.

Nothing is looked at before it is there as a whole, so bytes that come one by one cost no more than those that come at once.
"""

from collections.abc import Iterator

from devtools.emulators.servicebus.performatives import AMQP_FRAME, SASL_FRAME
from devtools.emulators.servicebus.refusals import RefusedError

MAX_FRAME_BYTES = 1_048_576
HEADER_BYTES = 8

Piece = tuple[int | None, int, bytes]
"""(frame type, channel, body); a protocol header has no type and is its own body."""


class FrameReader:
    """`awaits_header` says what comes next; whoever reads sets it when the protocol says so."""

    def __init__(self) -> None:
        self.awaits_header = True
        self._input = bytearray()
        self._wanted_bytes = HEADER_BYTES

    def pieces(self, data: bytes) -> Iterator[Piece]:
        """What became whole with these bytes. Raises RefusedError (amqp:connection:framing-error) for a frame that cannot be one."""
        if self._input:
            self._input += data
            if len(self._input) < self._wanted_bytes:
                return
            data = bytes(self._input)
            self._input.clear()
        at = 0
        try:
            while len(data) - at >= HEADER_BYTES:
                if self.awaits_header:
                    self.awaits_header = False
                    at += HEADER_BYTES
                    yield None, 0, data[at - HEADER_BYTES : at]
                    continue
                size, offset = _measured(data, at)
                if len(data) - at < size:
                    self._wanted_bytes = size
                    return
                start, at = at, at + size
                if size > offset:  # an empty frame only says that the client is alive
                    yield data[start + 5], int.from_bytes(data[start + 6 : start + 8], "big"), data[start + offset : at]
            self._wanted_bytes = HEADER_BYTES
        finally:
            self._input += data[at:]


def _measured(data: bytes, at: int) -> tuple[int, int]:
    """(size, where the body starts) of the frame at `at`, in bytes."""
    size, offset = int.from_bytes(data[at : at + 4], "big"), data[at + 4] * 4
    if size > MAX_FRAME_BYTES or not HEADER_BYTES <= offset <= size or data[at + 5] not in (AMQP_FRAME, SASL_FRAME):
        raise RefusedError("amqp:connection:framing-error", 400, f"A frame of {size} bytes, type {data[at + 5]}, body at {offset}.")
    return size, offset


def stranger(header: bytes) -> str | None:
    """What a client speaks whose protocol header nobody here understands, for the log."""
    if header[0] == 0x16:
        return "TLS: add UseDevelopmentEmulator=true to the connection string"
    if header.split(b" ")[0] in (b"GET", b"PUT", b"POST", b"HEAD", b"DELETE", b"OPTIONS", b"CONNECT"):
        return "HTTP: this is AMQP; there is neither an administration API nor AMQP over WebSocket here"
    return "not AMQP 1.0"
