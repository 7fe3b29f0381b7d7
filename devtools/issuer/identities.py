"""Tokens of managed identities, as Microsoft Entra ID makes them for an app (version 1.0 of their form).

Only what a service looks at: Azure documentation, "Access token claims reference". Who they are for (``oid``) is derived from the client
id, so that a stand-in can be told whom to let in without asking.
"""

import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from devtools.issuer.tokens import token, wall_clock

DIRECTORY: Final = "d1ec7027-0000-4000-8000-000000000000"
"""The id of the one directory (Entra calls it a tenant; it has nothing to do with ours)."""
TRUSTED_ISSUER: Final = f"https://sts.windows.net/{DIRECTORY}/"
"""What these tokens say in ``iss``; Azurite insists on how it begins."""
SECONDS: Final = 24 * 3600
"""How long the tokens of managed identities are good in Azure."""


def principal_of(client_id: str) -> str:
    """The object id of the identity with this client id."""
    return str(uuid.uuid5(uuid.UUID(DIRECTORY), client_id.lower()))


def identity_token(
    folder: Path,
    *,
    client_id: str,
    resource: str,
    seconds: int = SECONDS,
    now: Callable[[], datetime] = wall_clock,
    **claims: object,
) -> str:
    """A token of this identity for ``resource``, signed with the newest key of the issuer's folder.

    ``claims`` replace what it says, ``None`` leaves a claim out: that is how a test makes a wrong token.
    """
    said: dict[str, Any] = {
        "sub": principal_of(client_id),
        "oid": principal_of(client_id),
        "appid": client_id,
        "appidacr": "2",
        "idp": TRUSTED_ISSUER,
        "idtyp": "app",
        "ver": "1.0",
        **claims,
    }
    return token(folder, issuer=TRUSTED_ISSUER, audience=resource, tenant_id=DIRECTORY, seconds=seconds, now=now, **said)
