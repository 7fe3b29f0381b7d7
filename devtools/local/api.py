"""The API of a run, asked as whoever a token names."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp

from devtools.local.patience import PAUSE_SECONDS
from devtools.local.run import Run

ANSWER_SECONDS: Final = 30.0
SHOWN_CHARACTERS: Final = 100
NOT_NOW: Final = frozenset({429, 500, 502, 503, 504})
"""What may pass: a fault plan hits whoever asks, too."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: dict[str, Any]

    @property
    def refusal(self) -> str:
        """What is wrong, for people."""
        return f"answered {self.status}: {self.body.get('error')}"


class Api(Protocol):
    """The API, as one caller has it."""

    async def get(self, path: str, **asked: str) -> Answer:
        """What is there. ``path`` is what follows ``/api/v1/``."""

    async def post(self, path: str, **said: Any) -> Answer:
        """What comes of saying so."""


@dataclass(frozen=True)
class RunningApi:
    """That of a run. ``bearer`` is the caller's token. What may pass is asked again for so long, and at least once: so let it be what does
    no harm when it is asked twice."""

    run: Run
    bearer: str
    patience_seconds: float = 0.0

    async def get(self, path: str, **asked: str) -> Answer:
        """As ``Api``.

        Raises:
            ClientError, TimeoutError: the app does not answer at all.
        """
        return await self._patiently("GET", path, {"params": asked})

    async def post(self, path: str, **said: Any) -> Answer:
        """As ``Api``.

        Raises:
            ClientError, TimeoutError: the app does not answer at all.
        """
        return await self._patiently("POST", path, {"json": said})

    async def _patiently(self, method: str, path: str, sent: Mapping[str, Any]) -> Answer:
        give_up_at = time.monotonic() + self.patience_seconds
        while True:
            try:
                answer = await self._answer(method, path, sent)
            except (aiohttp.ClientError, TimeoutError):
                if time.monotonic() >= give_up_at:
                    raise
            else:
                if answer.status not in NOT_NOW or time.monotonic() >= give_up_at:
                    return answer
            await asyncio.sleep(PAUSE_SECONDS)

    async def _answer(self, method: str, path: str, sent: Mapping[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {self.bearer}"}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.request(method, f"{self.run.host}/api/v1/{path}", headers=headers, **sent) as answer,
        ):
            text = await answer.text()
            try:
                body = json.loads(text)
            except ValueError:
                body = {"error": text[:SHOWN_CHARACTERS]}
            return Answer(answer.status, body if isinstance(body, dict) else {"error": "not an object"})
