"""A certificate for loopback that nobody has vouched for: what stand-ins speak TLS with, and what a client may choose to trust.

Token credentials are sent over TLS only (azure-core refuses anything else before it calls), hence TLS where identities are to be tried. The
certificate is made at the first start and kept, so that whoever chose to trust it can go on doing so: by ``SSL_CERT_FILE``, which OpenSSL
itself reads, or by ``trusting``. ``azure-cosmos`` does not ask whom it trusts on loopback.
"""

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FILE_NAME: Final = "localhost.pem"
"""The key and the certificate."""
PUBLIC_NAME: Final = "localhost.crt"
"""The certificate alone."""
NAME: Final = "localhost"
ADDRESS: Final = "127.0.0.1"
DAYS: Final = 365


def server_context(folder: Path | None) -> ssl.SSLContext:
    """What a server on loopback speaks TLS with. The key and the certificate are in ``folder`` or, without one, forgotten at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as forgotten:
        context.load_cert_chain(certificate_in(Path(forgotten) if folder is None else folder))
    return context


def trusting(certificate: Path) -> ssl.SSLContext:
    """What a client that trusts this certificate, and no other, speaks TLS with."""
    return ssl.create_default_context(cafile=certificate)


def public_certificate(folder: Path) -> Path:
    """The file of the certificate that is in ``folder``, without its key: for those who are to trust it."""
    return folder / PUBLIC_NAME


def certificate_in(folder: Path, *, addresses: Collection[str] = (ADDRESS,)) -> Path:
    """The file of the key and the certificate in ``folder``, made where there is none, or none for all these IP addresses."""
    path, public = folder / FILE_NAME, folder / PUBLIC_NAME
    certificate = _kept(path)
    if certificate is None or not set(addresses) <= _addresses(certificate):
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        key, certificate = _made(dt.datetime.now(dt.UTC), sorted({ADDRESS, *addresses}))
        path.write_bytes(key + certificate.public_bytes(serialization.Encoding.PEM))
    shown = certificate.public_bytes(serialization.Encoding.PEM)
    if not public.exists() or public.read_bytes() != shown:
        public.write_bytes(shown)
    return path


def _kept(path: Path) -> x509.Certificate | None:
    """The one that is there, unless it ends within a day."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return certificate if certificate.not_valid_after_utc > dt.datetime.now(dt.UTC) + dt.timedelta(days=1) else None


def _addresses(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def _made(now: dt.datetime, addresses: Collection[str]) -> tuple[bytes, x509.Certificate]:
    """A key in PEM, and a certificate it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    known_by = [x509.DNSName(NAME), *(x509.IPAddress(ipaddress.IPv4Address(address)) for address in addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(known_by), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate
