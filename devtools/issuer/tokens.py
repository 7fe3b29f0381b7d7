"""Tokens of the local issuer: for whoever can read its folder, there is no sign-in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import jwt

from devtools.issuer.clock import moved_seconds
from devtools.issuer.signing_keys import ALGORITHM, keys_in

ADMIN_ROLE: Final = "Shardline.Admin"


def wall_clock() -> datetime:
    return datetime.now(UTC)


def token(
    folder: Path,
    *,
    issuer: str,
    audience: str,
    tenant_id: str,
    email: str | None = None,
    admin: bool = False,
    seconds: int = 3600,
    now: Callable[[], datetime] = wall_clock,
    **claims: object,
) -> str:
    """A token for a person, or without an e-mail address for somebody of the tenant; good for ``seconds``.

    ``claims`` come last and replace what is above, ``None`` leaves a claim out: that is how a test makes a wrong token.
    """
    began = int((now() + timedelta(seconds=moved_seconds(folder))).timestamp())
    said: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": email or "nobody",
        "tid": tenant_id,
        "iat": began,
        "nbf": began,
        "exp": began + seconds,
    }
    if email is not None:
        said |= {"email": email, "email_verified": True}
    if admin:
        said["roles"] = [ADMIN_ROLE]
    said |= claims
    key = keys_in(folder)[-1]
    stated = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(stated, key.private, ALGORITHM, headers={"kid": key.kid})
