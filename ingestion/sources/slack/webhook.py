"""Slack's Events API: the push half of Slack.

The caller is known by the signature on the raw body, and its account by what the signed body says: nothing of it is believed before. The
answer is 200 for all that Slack may rightly send, whatever is in it (see ``hearing``), and for workspaces that nobody has connected.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from ingestion.sources.slack.envelope import Envelope, handle_of, read
from ingestion.sources.slack.hearing import Hearing
from ingestion.sources.slack.rows import STREAMS
from ingestion.sources.slack.signature import apps_that_signed
from ingestion.sources.source import Caller, Heard, Lost, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection

LAST_RETRY: Final = 3
"""Five minutes after the second, which was a minute after the first, which was at once."""
AWAY: Final = ("http_", "connection_", "ssl_")
"""How the reasons begin for which Slack could not hand a call over to us."""


@dataclass(frozen=True)
class SlackWebhook:
    """Receives events."""

    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)
    """Signing secrets by app; two of one app while one of them is replaced."""
    limit_bytes: int
    now: Callable[[], datetime] = field(repr=False)
    source: str = "slack"
    content_types: frozenset[str] = frozenset({"application/json"})
    acknowledged: WebhookResponse = field(default=WebhookResponse(200))
    unknown: WebhookResponse = field(default=WebhookResponse(200))
    """An app may be installed where nobody is connected, or not any more: Slack must not stop the events of all others for it."""

    _last: deque[tuple[bytes, Envelope]] = field(default_factory=lambda: deque(maxlen=1), repr=False, compare=False)
    """The call that was verified last: it is heard next, and need not be parsed again."""

    @cached_property
    def _keys(self) -> Mapping[str, tuple[bytes, ...]]:
        return {app: tuple(secret.encode() for secret in secrets) for app, secrets in self.secrets.items()}

    def verify(self, request: WebhookRequest) -> Caller:
        """The account that installed the app, by the body that one of the app's secrets has signed; a challenge is answered.

        Raises:
            SignatureMismatch: when nobody has signed it, or another app than the one it names.
            ContractViolation: when it is signed and not what Slack sends.
        """
        envelope = read(request.body, apps_that_signed(request, self._keys, self.now()))
        self._last.append((request.body, envelope))
        if envelope.challenge is not None:
            return Caller((), answer=WebhookResponse(200, envelope.challenge))
        return Caller(envelope.handles, tuple(handle_of(envelope.app, one) for one in envelope.others))

    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        """What the event says. A call comes under an ``event_id``, which is the same when it is tried again.

        Raises:
            ContractViolation: when the body is not what Slack sends.
        """
        last = self._last[0] if self._last else None
        envelope = last[1] if last is not None and last[0] is request.body else read(request.body, frozenset(self.secrets))
        correlation_id = envelope.event_id or hashlib.sha256(request.body).hexdigest()[:32]
        heard = Hearing(envelope, connection, received_at, correlation_id).heard()
        if not _were_away(request.headers):
            return heard
        lost = (*heard.lost, *(Lost(stream, "events-lost") for stream in STREAMS))
        return replace(heard, lost=tuple(dict.fromkeys(lost)))


def _were_away(headers: Mapping[str, str]) -> bool:
    """The last of three retries: for a minute at least nothing reached us, and what was tried for the last time meanwhile is lost.

    The event itself is taken like any other: that it was tried before does not mean that it came.
    """
    return headers.get("x-slack-retry-num", "") == str(LAST_RETRY) and headers.get("x-slack-retry-reason", "").startswith(AWAY)
