"""``connections add gdrive``: what cannot be is said, of which option or file, before anything is stored."""

from pathlib import Path
from typing import Any

import pytest

from ops.adding import wanted_of
from ops.google_key import MOST_OF_AN_ERROR, check_address, check_addresses, check_domain
from ops.options import parsed
from ops.refusals import Misused
from tests.unit.ops.drive_desk import ADA, BEN, CURVE, KEY, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"users": ()}, "missing: --user or --users-file"),
        ({"users": ("ada",)}, "'ada' is not an address such as"),
        ({"domain": "acme"}, "--domain: not a domain such as acme.example"),
        ({"key": None}, "missing: --key-file"),
        ({"key": "no json"}, "not a service account's key as the Cloud console gives it"),
        ({"key": {"type": "authorized_user"}}, "not a service account's key as the Cloud console gives it"),
        ({"key": {**KEY, "client_id": ""}}, "without client_id"),
        ({"key": {**KEY, "client_id": "reader@x"}}, "client_id is no number"),
        ({"key": {**KEY, "private_key": "no key"}}, "no private key can be read in it"),
        ({"key": {**KEY, "private_key": CURVE}}, "not an RSA key"),
    ],
)
async def test_what_cannot_be_is_said_before_anything_is_stored(desk: Desk, changed: dict[str, Any], text: str) -> None:
    said = await desk.add(**changed)

    assert (said.code, text in said.errors) == (2, True), said.errors
    assert await desk.deployment.connections.of_tenant("acme") == []
    assert desk.deployment.vault.kept == {}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--user", ADA, "--groups-as", "root"], "--groups-as: 'root' is not an address"),
        (["--user", ADA], "missing: --client-secret-file, --refresh-token-file"),
        (["--user", ADA, "--client-secret-file", "{client}"], "missing: --client-id, --refresh-token-file"),
        (["--user", ADA, "--client-secret-file", "{empty}", "--refresh-token-file", "{client}"], "without client_secret"),
        (
            ["--user", ADA, "--client-id", "c", "--client-secret-file", "{client}", "--refresh-token-file", "{empty}"],
            "without refresh_token",
        ),
        (["--user", ADA, "--client-id", "c", "--client-secret-file", "{lines}", "--refresh-token-file", "{client}"], "is one line"),
        (["--user", ADA, "--client-id", "c", "--client-secret-file", "{none}", "--refresh-token-file", "{client}"], "cannot be read"),
        (["--user", ADA, "--user", BEN, "--client-secret-file", "{client}"], "is not an address"),
        ([], "missing: --domain"),
    ],
)
async def test_what_is_wrong_with_a_persons_is_said(desk: Desk, words: list[str], text: str) -> None:
    files = {name: desk.file(content, name) for name, content in (("client", "s3cret"), ("lines", "a\nb"), ("empty", {}))}
    said = await desk.deployment.run(
        *("connections", "add", "gdrive", "--tenant", "acme"), *(word.format(**files, none=str(desk.folder / "none")) for word in words)
    )

    assert (said.code, text in said.errors) == (2, True), said.errors
    assert desk.deployment.vault.kept == {}


def test_addresses_and_domains_are_without_capitals_and_nothing_else_is_taken() -> None:
    assert check_domain(" Acme.Example ") == "acme.example"
    assert check_address(" Ada.B+x@Acme.Example ") == "ada.b+x@acme.example"
    assert check_addresses(f"{ADA}, {BEN};{ADA}\n") == f"{ADA} {BEN}"
    for wrong in ("", "ada", "@acme.example", "ada@", "ada@acme", "a b@acme.example", "ada@acme.example:1", "user:ada@acme.example"):
        with pytest.raises(ValueError, match="address"):
            check_address(wrong)
    for wrong in ("", "acme", "-acme.example", "acme.example/", "https://acme.example", "acme..example"):
        with pytest.raises(ValueError, match="domain"):
            check_domain(wrong)
    with pytest.raises(ValueError, match="is not an address") as raised:
        check_address("x" * 1000)
    assert len(str(raised.value)) < 2 * MOST_OF_AN_ERROR


def test_a_key_and_a_client_secret_are_not_both_given(desk: Desk) -> None:
    with pytest.raises(SystemExit):
        parsed(desk.words("--client-secret-file", "a"))


async def test_a_token_without_the_clients_secret_is_half_a_secret(desk: Desk) -> None:
    await desk.personal()

    with pytest.raises(Misused, match="goes with --client-secret-file"):
        await wanted_of(
            parsed(["connections", "add", "gdrive", "--tenant", "acme", "--user", ADA, "--refresh-token-file", "t"]),
            desk.deployment.ports,
            ask=None,
        )
