"""Whose a message is: what its body says, else what its properties say, else nobody's that can be named.

A handler reads the tenant from the body, so the body has the first word. A rejected message holds another one, which has the first word in
its place: what could not be read was parked under the tenant ``unknown``. Of a body that is no JSON, the properties come first, for we have
written them, and what stands in pieces may be a vendor's record; then the tenant is read where it stands whole and no other one beside it.
"""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from shared.contracts.claim import Claim
from shared.contracts.message import parse_object
from shared.contracts.rejected import UNKNOWN_TENANT, Rejected
from shared.errors import ContractViolation, PermanentError
from shared.messaging.envelope import TENANT_ID, TYPE

Redeem = Callable[[Claim], Awaitable[bytes]]
"""Fetches a body that was put aside; raises ClaimLost where it is gone."""

SAID_IN: Final = re.compile(rb'"tenantId"\s*:\s*("(?:[^"\\]|\\.)*")')


async def whose(body: bytes, properties: Mapping[str, Any], *, redeem: Redeem) -> str | None:
    """The tenant's id; None where nobody can say.

    Raises:
        TransientError: a body that was put aside cannot be fetched now.
    """
    said = said_by(body, properties)
    if said is not None:
        return said
    try:
        claim = Claim.found_in(parse_object(body))
        return None if claim is None else said_by(await redeem(claim), {})
    except PermanentError:  # no claim, or one whose blob is gone: there is nothing more to be read
        return None


def said_by(body: bytes, properties: Mapping[str, Any]) -> str | None:
    """The same without fetching anything."""
    try:
        read = parse_object(body)
    except ContractViolation:
        return named(properties.get(TENANT_ID)) or _said_in_pieces(body)
    if read.get(TYPE) == Rejected.TYPE and "claim" not in read:
        said = said_by(_held_by(read), _object(read.get("properties")))
        if said is not None:
            return said
    return named(read.get("tenantId")) or named(_object(read.get("claim")).get("tenantId")) or named(properties.get(TENANT_ID))


def mentions(body: bytes, tenant_id: str) -> bool:
    """Whether a message that nobody can read has a tenant's id in it, in quotes: then a person has to look."""
    try:
        held = _held_by(parse_object(body))
    except ContractViolation:
        held = b""
    quoted = {json.dumps(tenant_id, ensure_ascii=is_ascii).encode() for is_ascii in (True, False)}
    return any(text in one.replace(rb"\"", b'"') for text in quoted for one in (body, held))


def named(said: object) -> str | None:
    """A tenant's id, if it is one and stands for somebody."""
    return said if isinstance(said, str) and said not in {"", UNKNOWN_TENANT} else None


def _held_by(rejected: Mapping[str, Any]) -> bytes:
    """The body of the message that was parked."""
    text = str(rejected.get("body", ""))
    if not rejected.get("bodyIsBase64"):
        return text.encode(errors="replace")
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return b""


def _said_in_pieces(body: bytes) -> str | None:
    found: set[str] = set()
    for text in SAID_IN.findall(body):
        try:
            found |= {said} if (said := named(json.loads(text))) is not None else set()
        except ValueError:  # what is cut off or no text names nobody
            continue
    return found.pop() if len(found) == 1 else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
