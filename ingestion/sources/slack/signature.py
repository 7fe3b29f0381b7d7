"""Slack's signature of a call: ``v0`` of "Verifying requests from Slack".

``X-Slack-Signature`` is ``v0=`` and the hexadecimal HMAC-SHA256, with the app's signing secret, of ``v0:``, the text of
``X-Slack-Request-Timestamp``, ``:`` and the raw body.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from ingestion.sources.source import WebhookRequest
from shared.errors import SignatureMismatch

TOLERANCE: Final = timedelta(seconds=300)
"""How far a call's moment may be from ours: an older one could be somebody else's recording."""

_SECONDS: Final = re.compile(r"[0-9]{1,12}")
"""ASCII alone: ``int`` would read the digits of every script, a sign and spaces, too."""


def apps_that_signed(request: WebhookRequest, secrets: Mapping[str, Sequence[bytes]], at: datetime) -> frozenset[str]:
    """The apps one of whose secrets signed the call: one app, unless two of them have the same secret.

    Every secret is tried, each in constant time, so that how long it takes tells nothing of which one it is near to.

    Raises:
        SignatureMismatch: when it is none of them, or the call is not of now; whatever the headers hold, nothing else.
    """
    moment = request.headers.get("x-slack-request-timestamp", "")
    if not _SECONDS.fullmatch(moment) or abs(at.timestamp() - int(moment)) > TOLERANCE.total_seconds():
        raise SignatureMismatch("the call says no moment that is near to now")
    # What no honest signature holds becomes a question mark, which no honest signature holds either.
    shown = request.headers.get("x-slack-signature", "").encode("ascii", "replace")
    signed = b"v0:%b:%b" % (moment.encode(), request.body)
    apps = [app for app, known in secrets.items() for secret in known if hmac.compare_digest(shown, _signature(secret, signed))]
    if not apps:
        raise SignatureMismatch("no app of ours has signed the call")
    return frozenset(apps)


def _signature(secret: bytes, signed: bytes) -> bytes:
    return b"v0=" + hmac.digest(secret, signed, "sha256").hex().encode()
