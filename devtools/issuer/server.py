"""A token issuer on loopback: the two documents by which anybody can check its tokens, and the tokens of the app's own identity.

Honest about what it lacks: everything by which a person would sign in (authorization, token, userinfo and revocation endpoints), TLS, and
the withdrawal of a key, which is deleting its file. Its ``Date`` header is the machine's, also where a fault plan moved its clock. The
documents are made anew for each call, so a rotation by another process shows.

`running_issuer` is for tests; `python -m devtools.issuer` runs it alone.
"""

import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.issuer import signing_keys
from devtools.issuer.addresses import CLIENT_ID, HOST, IDENTITY_HEADER, IDENTITY_PATH, JWKS_PATH, OPERATOR_ID, identity_endpoint, issuer_url
from devtools.issuer.clock import move_clock
from devtools.issuer.faults import ABILITIES, AT, CONFIGURATION, KEYS, POSSIBLE, instead_of_answer
from devtools.issuer.managed_identity import ManagedIdentity
from devtools.issuer.tokens import token, wall_clock

CONFIGURATION_PATH: Final = "/.well-known/openid-configuration"
SHUTDOWN_SECONDS: Final = 1.0


class Issuer:
    """A running issuer."""

    def __init__(self, folder: Path, *, port: int, now: Callable[[], datetime], faults: Injector) -> None:
        self.folder = folder
        self.url = issuer_url(port)
        self.jwks_url = f"{self.url}{JWKS_PATH}"
        self.identity_endpoint = identity_endpoint(port)
        self.faults = faults
        self.jwks_calls = 0
        """How often its keys were asked for."""
        self._now = now
        move_clock(folder, faults.moved_seconds)

    def token(
        self, *, audience: str, tenant_id: str, email: str | None = None, admin: bool = False, seconds: int = 3600, **claims: object
    ) -> str:
        """A token of this issuer."""
        return token(
            self.folder,
            issuer=self.url,
            audience=audience,
            tenant_id=tenant_id,
            email=email,
            admin=admin,
            seconds=seconds,
            now=self._now,
            **claims,
        )

    def rotate(self) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        signing_keys.rotate(self.folder)

    async def configuration(self, request: web.Request) -> web.Response:
        """OpenID Connect Discovery, as far as checking needs it."""
        document = {
            "issuer": self.url,
            "jwks_uri": self.jwks_url,
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [signing_keys.ALGORITHM],
        }
        return await self._answer(request, CONFIGURATION, document)

    async def jwks(self, request: web.Request) -> web.Response:
        """The public keys."""
        self.jwks_calls += 1
        return await self._answer(request, KEYS, signing_keys.jwks_of(self.folder))

    async def _answer(self, request: web.Request, operation: str, document: dict[str, Any]) -> web.Response:
        if self.faults.strike(operation, kinds={Kind.CLOCK_MOVED}):
            move_clock(self.folder, self.faults.moved_seconds)
        fault = self.faults.strike(operation, kinds=POSSIBLE[operation])
        wrong = await instead_of_answer(request, fault) if fault else None
        return wrong or web.json_response(document)


@asynccontextmanager
async def running_issuer(
    folder: Path,
    *,
    port: int = 0,
    now: Callable[[], datetime] = wall_clock,
    faults: Injector | None = None,
    identity_header: str = IDENTITY_HEADER,
) -> AsyncIterator[Issuer]:
    """An issuer that listens while the block runs. `port` 0 takes a free one. `identity_header` is what the app shows to get tokens.

    Raises OSError when the port is taken.
    """
    signing_keys.keys_in(folder)  # the first pair takes a moment: not while somebody waits for an answer
    listener = _listener(port)
    try:
        issuer = Issuer(folder, port=listener.getsockname()[1], now=now, faults=faults or Injector(AT, ABILITIES))
        app = web.Application()
        app.add_routes([web.get(CONFIGURATION_PATH, issuer.configuration), web.get(JWKS_PATH, issuer.jwks)])
        app.add_routes([web.get(IDENTITY_PATH, ManagedIdentity(folder, [CLIENT_ID, OPERATOR_ID], identity_header, now=now).answer)])
        runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, access_log=None, handler_cancellation=True)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            yield issuer
        finally:
            await runner.cleanup()
    finally:
        listener.close()


def _listener(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two processes share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener
