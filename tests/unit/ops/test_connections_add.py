"""``connections add``: what is stored, what is refused, and that no secret is shown."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from ingestion.sources.salesforce.webhook import key_handle
from ops.adding import wanted_of
from ops.options import parsed
from ops.refusals import Misused
from tests.unit.ops.deployment import ACME, Deployment

KEY: RSAPrivateKey = generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
WEBHOOK_KEY = "w" * 40


def words(**said: str) -> list[str]:
    """A whole command line; what is said replaces options, and nothing leaves one out."""
    options = {
        "tenant": "acme",
        "organization": "00D000000000001EAA",
        "base-url": "https://acme.my.salesforce.com",
        "client-id": "consumer-key",
        "user": "sync@acme.example",
        **{name.replace("_", "-"): value for name, value in said.items()},
    }
    return ["connections", "add", "salesforce", *[word for name, value in options.items() if value for word in (f"--{name}", value)]]


@pytest.fixture
def pem(tmp_path: Path) -> str:
    file = tmp_path / "key.pem"
    file.write_bytes(PEM)
    return str(file)


async def test_a_connection_is_stored_due_at_once_and_its_secret_kept_under_a_name(pem: str) -> None:
    deployment = Deployment()

    said = await deployment.run(*words(private_key_file=pem), "--stream", "Account", "--stream", "Task", "--action", "04k000000000001AAA")

    assert said.code == 0
    [connection] = await deployment.connections.of_tenant("acme")
    assert (connection.id, connection.account, connection.streams) == (ACME, "00D000000000001EAA", ("Account", "Task"))
    assert (connection.status, connection.next_due_at, connection.action_ids) == ("active", deployment.clock(), ("04k000000000001AAA",))
    assert connection.credential is not None
    assert connection.credential.model_dump() == {
        "kind": "jwt-bearer",
        "base_url": "https://acme.my.salesforce.com",
        "client_id": "consumer-key",
        "subject": "sync@acme.example",
        "audience": None,
        "secret_name": "salesforce-00D000000000001EAA",
    }
    assert deployment.vault.kept == {"salesforce-00D000000000001EAA": PEM.decode()}


async def test_the_secret_is_never_printed(pem: str) -> None:
    for extra in ([], ["--json"], ["--dry-run"]):
        said = await Deployment().run(*words(private_key_file=pem), *extra)

        assert "PRIVATE KEY" not in said.out + said.errors
        assert PEM.decode().splitlines()[1] not in said.out + said.errors


async def test_it_says_what_is_to_be_done_next(pem: str) -> None:
    deployment = Deployment()
    deployment.vault.takes = False

    said = await deployment.run(*words(private_key_file=pem, webhook_key=WEBHOOK_KEY), "--json")

    assert said.document["next"] == [
        "put the secret into the setting of salesforce-00D000000000001EAA: it is stored nowhere yet",
        f"python -m ops connections test {ACME}",
        "let the organization's outbound messages call the webhook's address (docs/sources/salesforce.md)",
        f"the next poll starts the first back-fill: python -m ops completeness {ACME} --watch",
    ]


async def test_a_consumer_secret_logs_in_as_the_app_itself(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    deployment = Deployment()

    said = await deployment.run(*words(client_secret_file=str(tmp_path / "secret"), user=""))

    [connection] = await deployment.connections.of_tenant("acme")
    assert connection.credential is not None
    assert (connection.credential.kind, connection.credential.subject) == ("client-credentials", None)
    assert list(deployment.vault.kept.values()) == ["s3cret"]
    assert "s3cret" not in said.out


async def test_a_generated_key_is_shown_once_in_the_webhooks_address_and_stored_as_a_hash(pem: str) -> None:
    deployment = Deployment()

    said = await deployment.run(*words(private_key_file=pem, webhook_key="generate", app_url="https://app.example/"), "--json")

    address = said.document["webhookAddress"]
    key = address.removeprefix("https://app.example/api/webhooks/salesforce/")
    assert len(key) >= 32
    found = await deployment.connections.find(key_handle(key))
    assert found is not None
    assert found.id == ACME
    assert said.out.count(key) == 1


async def test_a_key_that_was_given_is_not_repeated(pem: str) -> None:
    deployment = Deployment()

    said = await deployment.run(*words(private_key_file=pem, webhook_key=WEBHOOK_KEY))

    assert await deployment.connections.find(key_handle(WEBHOOK_KEY)) is not None
    assert WEBHOOK_KEY not in said.out


async def test_a_vendor_that_only_calls_us_needs_no_credential() -> None:
    deployment = Deployment()

    said = await deployment.run(*words(base_url="", client_id="", user="", webhook_key=WEBHOOK_KEY), "--webhook-only")

    [connection] = await deployment.connections.of_tenant("acme")
    assert (said.code, connection.credential, connection.next_due_at) == (0, None, None)


async def test_a_dry_run_stores_nothing_and_shows_no_key(pem: str) -> None:
    deployment = Deployment()

    said = await deployment.run(*words(private_key_file=pem, webhook_key="generate"), "--dry-run", "--json")

    assert (said.document["stored"], said.document["webhookAddress"]) == (False, None)
    assert await deployment.connections.of_tenant("acme") == []
    assert deployment.vault.kept == {}


async def test_added_again_it_keeps_what_is_not_said_anew(pem: str) -> None:
    deployment = Deployment()
    await deployment.run(*words(private_key_file=pem), "--stream", "Account")
    deployment.clock.advance(seconds=60)

    said = await deployment.run(*words(client_id="rotated", base_url="", user=""))

    [connection] = await deployment.connections.of_tenant("acme")
    assert said.code == 0
    assert connection.credential is not None
    assert (connection.credential.client_id, connection.credential.base_url) == ("rotated", "https://acme.my.salesforce.com")
    assert (connection.streams, connection.next_due_at) == (("Account",), deployment.clock())
    assert connection.created_at < deployment.clock()


async def test_added_again_what_an_operator_has_paused_stays_paused(pem: str) -> None:
    deployment = Deployment()
    await deployment.run(*words(private_key_file=pem))
    await deployment.run("connections", "pause", ACME, "--reason", "their holidays")

    said = await deployment.run(*words(client_id="rotated"), "--json")

    [connection] = await deployment.connections.of_tenant("acme")
    assert (connection.status, connection.next_due_at) == ("paused", None)
    assert said.document["next"][0] == f"it is paused by operator: python -m ops connections resume {ACME}"


async def test_another_tenants_organization_cannot_be_added(pem: str) -> None:
    deployment = Deployment()
    await deployment.run(*words(private_key_file=pem))

    said = await deployment.run(*words(tenant="globex", private_key_file=pem))

    assert (said.code, said.errors) == (1, f"{ACME} is connected by another tenant")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"organization": "001000000000001AAA"}, "--organization: an organization's id begins with 00D"),
        (
            {"organization": "00D000000000001EAB"},
            "an organization's id is expected: not a Salesforce id: its check letters",
        ),
        ({"tenant": "unknown"}, "--tenant: this word is reserved"),
        ({"base_url": "http://acme.my.salesforce.com"}, "--base-url: not an https address"),
        ({"base_url": "https://user:word@acme.example"}, "--base-url: not an https address"),
        ({"base_url": "acme.my.salesforce.com"}, "--base-url: not an address such as"),
        ({"webhook_key": "short"}, "--webhook-key: a key has 32 to 256 letters"),
        ({"webhook_key": "/" * 40}, "--webhook-key: a key has 32 to 256 letters"),
        ({"action": "00D000000000001EAA"}, "--action: an outbound message's id begins with 04k"),
        ({"tenant": "", "organization": ""}, "missing: --organization, --tenant"),
        ({"user": "", "client_id": ""}, "missing: --client-id, --user"),
    ],
)
async def test_what_cannot_be_is_said_of_the_option(changed: dict[str, str], text: str, pem: str) -> None:
    deployment = Deployment()

    said = await deployment.run(*words(private_key_file=pem, **changed))

    assert (said.code, text in said.errors) == (2, True), said.errors
    assert await deployment.connections.of_tenant("acme") == []
    assert deployment.vault.kept == {}


async def test_the_short_form_of_an_id_is_made_whole(pem: str) -> None:
    deployment = Deployment()

    await deployment.run(*words(organization="00D000000000001", private_key_file=pem))

    assert [one.id for one in await deployment.connections.of_tenant("acme")] == [ACME]


async def test_what_is_no_key_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    curve = generate_curve_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    files = {"text": b"no key", "curve": curve, "locked": locked, "not-text": b"\xff\xfe"}
    deployment = Deployment()

    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        said = await deployment.run(*words(private_key_file=str(tmp_path / name)))
        assert said.code == 2, name
        assert said.errors.startswith(str(tmp_path / name)), name
    assert (await deployment.run(*words(private_key_file=str(tmp_path / "none")))).code == 2
    assert await deployment.connections.of_tenant("acme") == []


async def test_somebody_at_a_terminal_is_asked_for_what_is_missing_and_once_more_for_what_is_wrong(pem: str) -> None:
    deployment = Deployment()
    typed = ["nonsense", "00D000000000001EAA", "acme", "https://acme.my.salesforce.com", "consumer-key", pem, "sync@acme.example"]
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return typed[len(asked) - 1]

    wanted = await wanted_of(parsed(["connections", "add", "salesforce"]), deployment.ports, ask=ask)

    assert wanted.connection.id == ACME
    assert wanted.connection.credential is not None
    assert wanted.connection.credential.subject == "sync@acme.example"
    assert asked[:2] == [
        "the organization's id (00D…)",
        "an organization's id is expected: not a Salesforce id; the organization's id (00D…)",
    ]


async def test_whoever_only_ever_answers_wrongly_is_asked_three_times() -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return ""

    with pytest.raises(Misused, match="--organization: no usable answer"):
        await wanted_of(parsed(["connections", "add", "salesforce"]), Deployment().ports, ask=ask)
    assert len(asked) == 3


def test_a_key_and_a_secret_are_not_both_given() -> None:
    with pytest.raises(SystemExit) as ended:
        parsed([*words(), "--private-key-file", "a", "--client-secret-file", "b"])
    assert ended.value.code == 2
