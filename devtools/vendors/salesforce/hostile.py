"""Bodies no honest Salesforce sends: document types, entities, broken XML. Each is otherwise a complete message.

They are made from a rendered message, so a receiver that survives them has been shown everything else right. A receiver must refuse
all of them before anything is queued, and log nothing of them.
"""

import re

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


def with_document_type(body: bytes) -> bytes:
    """A harmless DTD: refused all the same, since nobody honest sends one."""
    return _with_document_type(body, "<!DOCTYPE Envelope>")


def with_entity_bomb(body: bytes, *, levels: int = 9, copies: int = 10) -> bytes:
    """The billion laughs: the first field's text becomes an entity that expands to ``copies ** levels`` words."""
    entities = ['<!ENTITY e0 "lol">', *(f'<!ENTITY e{level} "{f"&e{level - 1};" * copies}">' for level in range(1, levels + 1))]
    return _with_document_type(_with_first_field(body, f"&e{levels};"), f"<!DOCTYPE Envelope [{''.join(entities)}]>")


def with_quadratic_bomb(body: bytes, *, characters: int = 50_000, copies: int = 1_000) -> bytes:
    """One long entity used many times: no nesting, so a limit on depth does not see it."""
    entity = f'<!ENTITY long "{"x" * characters}">'
    return _with_document_type(_with_first_field(body, "&long;" * copies), f"<!DOCTYPE Envelope [{entity}]>")


def with_external_entity(body: bytes, system_id: str = "file:///etc/hostname") -> bytes:
    """A field whose text would be fetched from ``system_id``, a file or an address inside the network."""
    return _with_document_type(_with_first_field(body, "&outside;"), f'<!DOCTYPE Envelope [<!ENTITY outside SYSTEM "{system_id}">]>')


def with_external_document_type(body: bytes, system_id: str) -> bytes:
    return _with_document_type(body, f'<!DOCTYPE Envelope SYSTEM "{system_id}">')


def truncated(body: bytes) -> bytes:
    """Cut in the middle: a prefix that parses well until it ends."""
    return body[: len(body) // 2]


def _with_document_type(body: bytes, document_type: str) -> bytes:
    if not body.startswith(_DECLARATION):
        raise ValueError("not a rendered message")
    return _DECLARATION + b"\n" + document_type.encode() + body.removeprefix(_DECLARATION)


def _with_first_field(body: bytes, text: str) -> bytes:
    """Replaces the text of the first field after the record's Id."""
    changed, count = re.subn(rb"(</[^<>]*:Id>\s*<[^<>/]+>)[^<]*", lambda match: match[1] + text.encode(), body, count=1)
    if not count:
        raise ValueError("the message carries no field besides Id")
    return changed
