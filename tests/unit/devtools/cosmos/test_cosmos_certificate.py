"""The certificate of a stand-in that speaks TLS."""

from pathlib import Path

import pytest
from cryptography import x509

from devtools.emulators.cosmos.certificate import FILE_NAME, server_context


def test_it_is_for_localhost_and_loopback(tmp_path: Path) -> None:
    server_context(tmp_path)

    certificate = x509.load_pem_x509_certificate((tmp_path / FILE_NAME).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\n"])
def test_what_a_kill_left_half_written_is_made_again(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)

    server_context(tmp_path)

    certificate = x509.load_pem_x509_certificate((tmp_path / FILE_NAME).read_bytes())
    assert certificate.subject == certificate.issuer
