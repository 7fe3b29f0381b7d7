"""Request and response messages of the two nodes that answer: `$cbs` and `<queue>/$management`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from devtools.emulators.servicebus.decoding import decode
from devtools.emulators.servicebus.encoding import described, encode
from devtools.emulators.servicebus.message import APPLICATION_PROPERTIES, PROPERTIES
from devtools.emulators.servicebus.refusals import malformed
from devtools.emulators.servicebus.values import CodecError, Described

_VALUE = 0x77


@dataclass(frozen=True, slots=True)
class Request:
    """`message_id` keeps its AMQP type: the response is matched by it, type included."""

    message_id: Any
    properties: Mapping[str, Any]
    body: Any

    @property
    def operation(self) -> str:
        return str(self.properties.get("operation"))


def parse_request(raw: bytes) -> Request:
    """Raises RefusedError (amqp:decode-error) for anything that is not a request."""
    try:
        sections = _sections(raw)
    except CodecError as error:
        raise malformed(f"The request cannot be read: {error}") from error
    head, properties = sections.get(PROPERTIES), sections.get(APPLICATION_PROPERTIES)
    if not isinstance(head, list) or not head or not isinstance(properties, dict):
        raise malformed("The request has no message id or no application properties.")
    return Request(head[0], properties, sections.get(_VALUE))


def _sections(raw: bytes) -> dict[int, Any]:
    sections: dict[int, Any] = {}
    at = 0
    while at < len(raw):
        section, at = decode(raw, at)
        if not isinstance(section, Described):
            raise CodecError("a request is made of message sections")
        sections[section.descriptor] = section.value
    return sections


def response(request: Request, properties: Mapping[str, Any], body: Any) -> bytes:
    """The wire form of the answer to `request`. AMQP 1.0 part 3, section 3.2.4: the correlation id is the sixth property."""
    head = [None, None, None, None, None, request.message_id]
    sections = ((PROPERTIES, head), (APPLICATION_PROPERTIES, dict(properties)), (_VALUE, body))
    return b"".join(described(code, encode(value)) for code, value in sections)
