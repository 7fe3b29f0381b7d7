"""The identity of whoever uses the tools of a run."""

import time
from typing import Any, Final

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from typing_extensions import override

from devtools.issuer.addresses import OPERATOR_ID
from devtools.issuer.identities import identity_token
from devtools.local.secured import Secured

TOKEN_SECONDS: Final = 3600


class Operator(AsyncTokenCredential):
    """Whoever can read the run's folder: there is no sign-in."""

    def __init__(self, secured: Secured) -> None:
        self._folder = secured.issuer_folder

    @override
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        made = identity_token(self._folder, client_id=OPERATOR_ID, resource=scopes[0].removesuffix("/.default"), seconds=TOKEN_SECONDS)
        return AccessToken(made, int(time.time()) + TOKEN_SECONDS)

    @override
    async def close(self) -> None:
        """Nothing is open."""

    @override
    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""
