"""The app's check of bearer tokens, over the local issuer's key set."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import httpx2

from devtools.issuer.server import Issuer
from shared.access.keys import JwksKeys
from shared.access.tokens import TokenCheck
from shared.http.client import answer_of, object_of

AUDIENCE: Final = "api://shardline"


def check_of(issuer: Issuer, client: httpx2.AsyncClient, now: Callable[[], datetime], *, answer_seconds: float = 30.0) -> TokenCheck:
    """One that asks for the keys over HTTP, as the app does."""

    async def published() -> Mapping[str, Any]:
        request = client.build_request("GET", issuer.jwks_url)
        response = await answer_of(client, request, what="the issuer's keys", answer_seconds=answer_seconds)
        return object_of(response, what="the issuer's keys")

    return TokenCheck(issuer=issuer.url, audience=AUDIENCE, keys=JwksKeys(published, now=now), now=now)
