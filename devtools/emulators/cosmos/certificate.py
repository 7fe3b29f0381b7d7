"""A certificate for localhost that nobody has vouched for: enough for a client that does not ask, as `azure-cosmos` does not on loopback.

Token credentials are sent over TLS only (azure-core refuses anything else before it calls), hence TLS where identities are to be tried. The
certificate is made at the first start and kept with the data, so that whoever chose to trust it can go on doing so.
"""

import datetime as dt
import ipaddress
import ssl
import tempfile
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FILE_NAME: Final = "localhost.pem"
NAME: Final = "localhost"
ADDRESS: Final = ipaddress.IPv4Address("127.0.0.1")
DAYS: Final = 365


def server_context(folder: Path | None) -> ssl.SSLContext:
    """What a server on loopback speaks TLS with. The key and the certificate are in `folder` or, without one, forgotten at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as forgotten:
        context.load_cert_chain(_kept(Path(forgotten) if folder is None else folder))
    return context


def _kept(folder: Path) -> Path:
    path = folder / FILE_NAME
    if not path.exists() or _is_over(path):
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_made(dt.datetime.now(dt.UTC)))
    return path


def _is_over(path: Path) -> bool:
    """Whether the certificate ends within a day, or is none."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError:
        return True
    return certificate.not_valid_after_utc < dt.datetime.now(dt.UTC) + dt.timedelta(days=1)


def _made(now: dt.datetime) -> bytes:
    """A key and a certificate it signed itself, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ADDRESS)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private + certificate.public_bytes(serialization.Encoding.PEM)
