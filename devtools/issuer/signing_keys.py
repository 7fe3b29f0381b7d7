"""The issuer's key pairs, one file each in a folder that only its owner may read.

The newest signs, all of them are published: tokens of before a rotation stay good. A file appears whole or not at all, so the issuer and
``devtools token`` may come upon an empty folder at the same time.
"""

import base64
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import RSAAlgorithm

ALGORITHM: Final = "RS256"
BITS: Final = 2048
EXPONENT: Final = 65537


@dataclass(frozen=True)
class SigningKey:
    """One key pair."""

    private: RSAPrivateKey

    @cached_property
    def jwk(self) -> dict[str, Any]:
        """What is published."""
        public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        required = {name: public[name] for name in ("e", "kty", "n")}
        thumbprint = hashlib.sha256(json.dumps(required, separators=(",", ":"), sort_keys=True).encode()).digest()  # RFC 7638
        kid = base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
        return {**required, "kid": kid, "use": "sig", "alg": ALGORITHM}

    @property
    def kid(self) -> str:
        """Its name, derived from the key itself."""
        return str(self.jwk["kid"])


def keys_in(folder: Path) -> list[SigningKey]:
    """The keys of the folder, oldest first. The first use makes one."""
    if not _files(folder):
        _add(folder, number=1)
    return [_key_of(path.read_bytes()) for path in _files(folder)]


def rotate(folder: Path) -> SigningKey:
    """Sign with a new key from now on."""
    number = len(keys_in(folder)) + 1
    while not _add(folder, number=number):  # somebody else rotated at this moment
        number += 1
    return keys_in(folder)[-1]


def jwks_of(folder: Path) -> dict[str, Any]:
    """The JSON Web Key Set."""
    return {"keys": [key.jwk for key in keys_in(folder)]}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("signing-key-*.pem"))


def _add(folder: Path, *, number: int) -> bool:
    """Whether the number was still free."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = generate_private_key(EXPONENT, BITS).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole = folder / f"unfinished-{secrets.token_hex(8)}"
    with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    try:
        os.link(whole, folder / f"signing-key-{number:04}.pem")  # unlike a rename, it fails when the name is taken
    except FileExistsError:
        return False
    finally:
        whole.unlink()
    return True


@lru_cache(maxsize=16)  # reading one takes some 50 ms: the library checks its primes
def _key_of(pem: bytes) -> SigningKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("a signing key is not an RSA key")
    return SigningKey(key)
