"""What the workers of one connection share: the access token, how much of the daily allowance is used, and a pause the vendor asked for.

One item, written only over what was read. The token is in it only enciphered, with a key made from the connection's own secret: who can
read the store and not the secret can do nothing with it. So one worker logs in, and all the others use what it got.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ingestion.account_memory import SharedMemory
from shared.connections.connection import Connection
from shared.contracts.message import Instant, Wire
from shared.errors import RateLimited
from shared.streams.state import Cursor, StreamStates

GAUGE_KEPT: Final = timedelta(minutes=15)
"""So long a gauge is believed. Past it a look at the vendor's own is worth its one call."""
GAUGE_STEP: Final = 0.01
"""A gauge that moved by less of the allowance is not worth a write."""
GAUGE_TOLD: Final = timedelta(minutes=1)
GAUGE_SHOWN: Final = timedelta(hours=24)
"""The allowance is that of the last 24 hours: what was used before is used no more."""


@dataclass(frozen=True)
class Token:
    """A session at the vendor's."""

    value: str
    instance_url: str


class AccountMemory(Wire):
    """The shared item's content."""

    token: str | None = None
    """Enciphered: the session and its address."""
    login_until: Instant | None = None
    """Somebody is logging in, and is believed to be alive until then."""
    used_count: int | None = None
    allowed_count: int | None = None
    gauged_at: Instant | None = None

    def is_used_up(self, share: float) -> bool:
        """Whether so much of the allowance is used."""
        return self.used_count is not None and self.allowed_count is not None and self.used_count >= share * self.allowed_count


def share_used(cursor: Cursor, at: datetime) -> float | None:
    """How much of the organization's daily allowance was used (0 to 1) when Salesforce said so last. None: it never did, or long ago."""
    memory = AccountMemory.model_validate(cursor)
    if not memory.allowed_count or memory.used_count is None or memory.gauged_at is None or at - memory.gauged_at >= GAUGE_SHOWN:
        return None
    return min(1.0, memory.used_count / memory.allowed_count)


class TokenCipher:
    """Enciphers tokens with a key made from a secret."""

    def __init__(self, secret: str, connection_id: str) -> None:
        key = HKDF(algorithm=SHA256(), length=32, salt=None, info=connection_id.encode()).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def sealed(self, token: Token, *, at: datetime) -> str:
        """The token as it is stored."""
        plain = json.dumps([token.value, token.instance_url]).encode()
        return self._fernet.encrypt_at_time(plain, int(at.timestamp())).decode()

    def opened(self, sealed: str | None) -> Token | None:
        """The stored token; None when there is none, or it was sealed with a secret that was replaced since."""
        try:
            value, instance_url = json.loads(self._fernet.decrypt((sealed or "").encode()))
        except (InvalidToken, ValueError):
            return None
        return Token(value, instance_url)


class Account(SharedMemory[AccountMemory]):
    """One connection's shared memory, as one worker sees it."""

    def __init__(self, connection: Connection, states: StreamStates, now: Callable[[], datetime]) -> None:
        super().__init__(AccountMemory, connection, states, now)
        self._told_at: datetime | None = None

    async def gauge(self, used_count: int, allowed_count: int) -> None:
        """Take note of the vendor's gauge. The others are told when it moved enough, or after a while."""
        now = self._now()
        moved = abs(used_count - (self.memory.used_count or 0)) >= GAUGE_STEP * allowed_count
        is_due = self._told_at is None or now - self._told_at >= GAUGE_TOLD
        gauged = {"used_count": used_count, "allowed_count": allowed_count, "gauged_at": now}
        if moved or is_due:
            self._told_at = now
            await self.change(lambda memory: memory.model_copy(update=gauged))
        else:
            self.memory = self.memory.model_copy(update=gauged)

    async def used_up(self) -> None:
        """Take note that the vendor refuses any more for today: so the others need not find out."""
        allowed = self.memory.allowed_count or 1
        gauged = {"used_count": allowed, "allowed_count": allowed, "gauged_at": self._now()}
        await self.change(lambda memory: memory.model_copy(update=gauged))

    def check_allowance(self, share: float) -> bool:
        """Whether the gauge is worth a fresh look.

        Raises:
            RateLimited: too much of the allowance is used up. When the gauge is old, nobody knows: it is to be looked at.
        """
        memory, now = self.memory, self._now()
        if not memory.is_used_up(share):
            return False
        if memory.gauged_at is None or now - memory.gauged_at >= GAUGE_KEPT:
            return True
        wait = GAUGE_KEPT - (now - memory.gauged_at)
        text = f"{memory.used_count} of {memory.allowed_count} calls a day are used, and the share is {share:.0%}"
        raise RateLimited(text, retry_after_seconds=wait.total_seconds())
