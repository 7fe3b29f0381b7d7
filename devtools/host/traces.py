"""W3C trace context of an invocation.

The real host starts an activity of its own for every invocation: the trace id is the caller's (an HTTP request's ``traceparent``, a
message's ``Diagnostic-Id`` or ``traceparent`` property) or fresh, and the span id is always the host's.
"""

import re
import secrets
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")


@dataclass(frozen=True)
class Trace:
    parent: str
    state: str = ""


def new_trace(caller: str | None = None, state: str | None = None) -> Trace:
    """The trace of one invocation; a malformed ``caller`` counts as none."""
    found = _TRACEPARENT.fullmatch(caller or "")
    if not found or not int(found["trace"], 16) or not int(found["span"], 16):
        return Trace(f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    return Trace(f"00-{found['trace']}-{secrets.token_hex(8)}-{found['flags']}", state or "")
