"""The certificate of a stand-in that speaks TLS."""

from pathlib import Path

import pytest
from cryptography import x509

from devtools.certificate import FILE_NAME, certificate_in, public_certificate, server_context


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


def test_it_is_kept_as_long_as_it_is_for_every_address_that_is_asked_for(tmp_path: Path) -> None:
    first = certificate_in(tmp_path).read_bytes()
    second = certificate_in(tmp_path).read_bytes()
    third = certificate_in(tmp_path, addresses=["127.1.0.100"]).read_bytes()
    fourth = certificate_in(tmp_path).read_bytes()

    assert first == second
    assert third == fourth != first


def test_those_who_trust_it_are_given_no_key(tmp_path: Path) -> None:
    both = certificate_in(tmp_path).read_bytes()

    public = public_certificate(tmp_path).read_bytes()

    assert both.endswith(public)
    assert b"PRIVATE KEY" in both
    assert b"PRIVATE KEY" not in public
