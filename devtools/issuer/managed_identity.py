"""What App Service offers an app that has a managed identity: an address on this machine that gives it tokens.

Version 2019-08-01 of the protocol, as ``azure-identity`` speaks it (Azure documentation, "How to use managed identities for App Service
and Azure Functions", REST endpoint reference). Plain HTTP on loopback is what App Service has, too. Lacks: system-assigned identities (who
names none is refused, as on an app that has user-assigned ones alone), identities named by ``principal_id`` or ``mi_res_id``, older
versions, and the check that a resource is registered: whatever is an absolute ``https`` address gets a token.
"""

import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from devtools.issuer.clock import moved_seconds
from devtools.issuer.identities import SECONDS, identity_token
from devtools.issuer.tokens import wall_clock

API_VERSION: Final = "2019-08-01"
HEADER: Final = "X-IDENTITY-HEADER"


@dataclass(frozen=True)
class ManagedIdentity:
    """The identities of one app, by their client ids, and the header by which the app is known.

    Attributes:
        folder: of the issuer's signing keys.
        seconds: how long a token is good.
    """

    folder: Path
    client_ids: Collection[str]
    header: str
    seconds: int = SECONDS
    now: Callable[[], datetime] = wall_clock

    async def answer(self, request: web.Request) -> web.Response:
        """A token, or why there is none."""
        asked = request.query
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode(), self.header.encode()):
            return _refused(401, "The header X-IDENTITY-HEADER is not this app's.")
        if asked.get("api-version") != API_VERSION:
            return _refused(400, f"The api-version must be {API_VERSION}.")
        resource = urlsplit(asked.get("resource", ""))
        if (resource.scheme, bool(resource.hostname)) != ("https", True):
            return _refused(400, "The resource must be the address of a service.")
        client_id = asked.get("client_id", "")
        if client_id.lower() not in {one.lower() for one in self.client_ids}:
            return _refused(400, "No user assigned identity with this client id is assigned to this app.")
        made = identity_token(self.folder, client_id=client_id, resource=asked["resource"], seconds=self.seconds, now=self.now)
        document = {
            "access_token": made,
            "expires_on": str(int(self.now().timestamp() + moved_seconds(self.folder)) + self.seconds),
            "resource": asked["resource"],
            "token_type": "Bearer",
            "client_id": client_id,
        }
        return web.json_response(document)


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"statusCode": status, "message": message}, status=status)
