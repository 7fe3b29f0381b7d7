"""Where the token issuer is found."""

from typing import Final

HOST: Final = "127.0.0.1"
JWKS_PATH: Final = "/.well-known/jwks.json"


def issuer_url(port: int) -> str:
    """What tokens of the issuer on this port say in ``iss``."""
    return f"http://{HOST}:{port}"
