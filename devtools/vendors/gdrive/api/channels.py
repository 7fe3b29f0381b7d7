"""``changes.watch`` and ``channels.stop``: somebody is told that a log has something new, and nothing of what it is.

First comes ``sync``, then ``change``: once for any number of changes that came together. What is not accepted is told again, twice. Lacks:
``files.watch``; TLS is not asked for, since everything is on loopback.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout

from devtools.vendors.gdrive.api import refusals

LIFETIME: Final = timedelta(hours=1)
LONGEST: Final = timedelta(days=7)
_ACCEPTED: Final = frozenset({102, 200, 201, 202, 204})
_TRIES: Final = 3


@dataclass(slots=True)
class Channel:
    """``log`` is whose changes it tells of: an email, or the id of a shared drive."""

    id: str
    log: str
    address: str
    token: str | None
    resource_id: str
    expires_at: datetime
    resource_uri: str
    number: int = 0
    waiting: str | None = None
    """What it is to be told next: ``sync`` or ``change``."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notification, and what was answered; None: nothing was."""

    channel_id: str
    state: str
    number: int
    status: int | None


class Channels:
    """``told``: every notification, in order."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.told: list[Told] = []
        self.by_id: dict[str, Channel] = {}
        self._now = now
        self._rng = Random("channels")
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self, log: str, said: Mapping[str, Any], uri: str) -> Channel:
        """Raises Refused: 400, something is missing, wrong or there already."""
        channel_id, address = str(said.get("id", "")), str(said.get("address", ""))
        if not channel_id or said.get("type") not in {"web_hook", "webhook"} or not address.startswith(("https://", "http://127.0.0.1")):
            raise refusals.refused(400, "required" if not channel_id else "invalid", "The channel is not complete.", "resource")
        if channel_id in self.by_id:
            raise refusals.refused(400, "channelIdNotUnique", f"Channel id {channel_id} not unique")
        now = self._now()
        asked = said.get("expiration")
        expires_at = now + LIFETIME if asked is None else min(datetime.fromtimestamp(int(asked) / 1000, UTC), now + LONGEST)
        token = str(said["token"]) if said.get("token") is not None else None
        resource_id = "".join(self._rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=27))
        channel = self.by_id[channel_id] = Channel(channel_id, log, address, token, resource_id, expires_at, uri)
        self._tell(channel, "sync")
        return channel

    def stop(self, channel_id: str, resource_id: str) -> None:
        """Raises Refused: 404, there is no such channel."""
        channel = self.by_id.get(channel_id)
        if channel is None or channel.resource_id != resource_id:
            raise refusals.refused(404, "notFound", f"Channel '{channel_id}' not found for project")
        del self.by_id[channel_id]

    def heard(self, logs: set[str]) -> None:
        """These logs have something new."""
        for channel in self.by_id.values():
            if channel.log in logs:
                self._tell(channel, channel.waiting or "change")

    async def idle(self) -> None:
        """Until everybody has been told."""
        await self._idle.wait()

    async def run(self) -> None:
        """Tell them, for ever."""
        async with ClientSession(timeout=ClientTimeout(total=10)) as http:
            while True:
                await self._wake.wait()
                self._wake.clear()
                waiting = [channel for channel in self.by_id.values() if channel.waiting]
                for channel in waiting:
                    await self._notify(http, channel)
                if not any(channel.waiting for channel in self.by_id.values()):
                    self._idle.set()
                else:
                    self._wake.set()

    def _tell(self, channel: Channel, state: str) -> None:
        if channel.expires_at <= self._now():
            return
        channel.waiting = state
        self._idle.clear()
        self._wake.set()

    async def _notify(self, http: ClientSession, channel: Channel) -> None:
        state, channel.waiting = channel.waiting or "change", None
        channel.number += 1 if state == "sync" else self._rng.randint(1, 40)
        headers = {
            "X-Goog-Channel-ID": channel.id,
            "X-Goog-Channel-Expiration": format_datetime(channel.expires_at.replace(microsecond=0), usegmt=True),
            "X-Goog-Resource-ID": channel.resource_id,
            "X-Goog-Resource-URI": channel.resource_uri,
            "X-Goog-Resource-State": state,
            "X-Goog-Message-Number": str(channel.number),
            "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        }
        headers |= {"X-Goog-Channel-Token": channel.token} if channel.token is not None else {}
        for _ in range(_TRIES):
            try:
                async with http.post(channel.address, headers=headers) as answer:
                    status: int | None = answer.status
            except (ClientError, TimeoutError):
                status = None
            self.told.append(Told(channel.id, state, channel.number, status))
            if status in _ACCEPTED or (status is not None and status < 500):
                return


def described(channel: Channel) -> dict[str, Any]:
    """As the API writes it."""
    said = {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": channel.resource_uri,
        "expiration": str(int(channel.expires_at.timestamp() * 1000)),
    }
    return said | ({"token": channel.token} if channel.token is not None else {})
