"""``connections add gdrive``: what is stored, what is tested, what is refused, and that no secret is shown."""

import json
from pathlib import Path

import pytest

from ingestion.asking import COMPARED_AGAIN_AFTER
from ingestion.sources.gdrive.tokens import DIRECTORY_SCOPE, DRIVE_SCOPE
from ops.adding import wanted_of
from ops.options import parsed
from shared.errors import ConfigurationError, DependencyUnavailable
from shared.streams.defaults import streams_of
from tests.unit.ops.drive_desk import ACME, ADA, BEN, CLIENT, KEY, PEM, SECRET_NAME, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_workspace_is_stored_due_at_once_and_its_key_kept_under_a_name(desk: Desk) -> None:
    said = await desk.add(users=(ADA.upper(), BEN, ADA), domain="Acme.Example")

    assert said.code == 0, said.errors
    connection = await desk.stored()
    assert (connection.id, connection.account, connection.users) == (ACME, "acme.example", (ADA, BEN))
    assert (connection.streams, streams_of(connection)) == ((), ("drives", f"user:{ADA}", f"user:{BEN}"))
    assert (connection.poll_seconds, connection.next_due_at) == (600, desk.deployment.clock())
    assert connection.credential is not None
    assert (connection.credential.kind, connection.credential.base_url) == ("service-account", "https://oauth2.googleapis.com")
    assert connection.credential.client_id == KEY["client_email"]
    [(name, secret)] = desk.deployment.vault.kept.items()
    assert name == connection.credential.secret_name
    assert name.startswith(SECRET_NAME)
    assert (json.loads(secret), "\n" in secret) == (KEY, False)


async def test_two_domains_that_look_alike_have_secrets_of_their_own(desk: Desk) -> None:
    for domain in ("a-b.example.com", "a.b.example.com"):
        await desk.add(domain=domain)

    assert len(desk.deployment.vault.kept) == 2
    assert all(name.replace("-", "").isalnum() for name in desk.deployment.vault.kept)


async def test_no_secret_is_ever_printed(desk: Desk) -> None:
    for extra in ([], ["--json"], ["--dry-run"]):
        for said in (await desk.add(*extra), await desk.personal(*extra)):
            assert said.code == 0
            for secret in ("PRIVATE KEY", PEM.splitlines()[1], "s3cret", "t0ken"):
                assert secret not in said.out + said.errors


async def test_it_logs_in_at_once_with_the_secret_at_hand_wherever_it_is_kept(desk: Desk) -> None:
    desk.deployment.vault.takes = False

    said = await desk.add("--json")

    assert [one.id for one in desk.drive.asked] == [ACME]
    assert list(map(json.loads, desk.drive.known.values())) == [KEY]
    assert [check["stream"] for check in said.document["checks"]] == ["drives", f"user:{ADA}"]
    [name] = desk.drive.known
    assert said.document["next"] == [
        f"put the text of the key file into the setting of {name}: it is stored nowhere yet",
        f"the next poll starts the first back-fill: python -m ops completeness {ACME} --watch",
    ]


async def test_where_logging_in_fails_it_says_whom_to_delegate_what_and_ends_with_1(desk: Desk) -> None:
    desk.drive.error = ConfigurationError("Google does not let the service account act as people of the domain")

    said = await desk.add("--groups")

    assert said.code == 1
    assert "logging in failed: Google does not let the service account act" in said.out
    assert f"client ID {KEY['client_id']}, scopes {DRIVE_SCOPE},{DIRECTORY_SCOPE}" in said.out
    assert "python -m ops connections test gdrive:acme.example" in said.out
    assert (await desk.stored()).status == "active", "it is stored: whoever delegates has nothing to do here again"


async def test_an_outage_is_no_reason_not_to_store_it(desk: Desk) -> None:
    desk.drive.error = DependencyUnavailable("no answer")

    assert (await desk.add("--json")).document["failure"] == "no answer"
    assert (await desk.stored()).id == ACME


async def test_without_a_test_it_says_what_is_to_be_done_first(desk: Desk) -> None:
    said = await desk.add("--no-test", "--json")

    assert (said.code, desk.drive.asked) == (0, [])
    assert said.document["next"][1].startswith("admin.google.com → Security")
    assert "checks" not in said.document


async def test_a_dry_run_stores_nothing_asks_nobody_and_shows_what_to_delegate(desk: Desk) -> None:
    said = await desk.add("--dry-run", "--json")

    assert (said.document["stored"], said.document["clientId"], said.document["scopes"]) == (False, KEY["client_id"], [DRIVE_SCOPE])
    assert (said.document["keyId"], said.document["users"]) == ("0123abcd", [ADA])
    assert await desk.deployment.connections.of_tenant("acme") == []
    assert (desk.deployment.vault.kept, desk.drive.asked) == ({}, [])


async def test_a_new_key_alone_changes_nothing_else(desk: Desk) -> None:
    await desk.add("--groups", users=(ADA, BEN))
    name = (await desk.stored()).credential
    rotated = {**KEY, "private_key_id": "4567"}

    said = await desk.add(users=(), key=rotated)

    connection = await desk.stored()
    assert said.code == 0
    assert (connection.users, connection.credential) == ((ADA, BEN), name)
    assert connection.streams == ("drives", f"user:{ADA}", f"user:{BEN}", "groups")
    assert [json.loads(secret)["private_key_id"] for secret in desk.deployment.vault.kept.values()] == ["4567"]


async def test_who_comes_and_goes_is_read_or_taken_off_and_found_drives_stay(desk: Desk) -> None:
    await desk.add()
    found = await desk.stored()
    await desk.deployment.connections.replace(found.model_copy(update={"streams": (*streams_of(found), "drive:0ABC")}))

    said = await desk.add(users=(BEN,), key=None)

    connection = await desk.stored()
    assert said.code == 0, said.errors
    assert (connection.users, connection.streams) == ((BEN,), ("drives", f"user:{BEN}", "drive:0ABC"))
    assert desk.compared() == [(f"user:{ADA}", "0:00:00"), (f"user:{ADA}", str(COMPARED_AGAIN_AFTER))]


async def test_groups_are_read_where_that_is_said_and_no_more_where_that_is_said(desk: Desk) -> None:
    await desk.add("--groups")
    assert streams_of(await desk.stored()) == ("drives", f"user:{ADA}", "groups")

    await desk.add("--groups-as", "Root@acme.example")
    credential = (await desk.stored()).credential
    assert credential is not None
    assert (credential.subject, streams_of(await desk.stored())[-1]) == ("root@acme.example", "groups")

    await desk.add("--no-groups")
    assert streams_of(await desk.stored()) == ("drives", f"user:{ADA}")


async def test_the_addresses_may_be_in_a_file(desk: Desk) -> None:
    file = desk.file(f"# the sales team\n{ADA}\n\n  {BEN}  \n", "users")

    await desk.add("--users-file", file, users=())

    assert (await desk.stored()).users == (ADA, BEN)


@pytest.mark.parametrize("client", ["s3cret\n", CLIENT])
@pytest.mark.parametrize("token", ["1//t0ken\n", {"refresh_token": "1//t0ken", "type": "authorized_user"}])
async def test_one_persons_drive_is_read_with_a_token_of_theirs(desk: Desk, client: object, token: object) -> None:
    more = ("--client-id", "app.example") if isinstance(client, str) else ()

    said = await desk.personal(*more, client=client, token=token)

    assert said.code == 0, said.errors
    connection = await desk.stored()
    assert (connection.id, connection.users) == (f"gdrive:{ADA}", (ADA,))
    assert connection.credential is not None
    assert (connection.credential.kind, connection.credential.client_id) == ("refresh-token", "app.example")
    [secret] = desk.deployment.vault.kept.values()
    assert json.loads(secret) == {"client_secret": "s3cret", "refresh_token": "1//t0ken"}


async def test_a_persons_connection_is_stored_anew_by_the_address_alone(desk: Desk) -> None:
    await desk.personal()
    before = await desk.stored()

    said = await desk.deployment.run("connections", "add", "gdrive", "--tenant", "acme", "--user", ADA)

    assert (said.code, (await desk.stored()).credential) == (0, before.credential)


async def test_another_tenants_workspace_cannot_be_added(desk: Desk) -> None:
    await desk.add()

    said = await desk.deployment.run(*[word if word != "acme" else "globex" for word in desk.words()])

    assert (said.code, said.errors) == (1, f"{ACME} is connected by another tenant")


async def test_somebody_at_a_terminal_is_asked_for_everything(desk: Desk) -> None:
    typed = {
        "the tenant's id": "acme",
        "the file of the service account's key": desk.file(KEY, "key.json"),
        "the Workspace's primary domain": "acme.example",
        "whom it is read as": f"{ADA}, {BEN}",
        "read its groups": "yes",
    }

    def ask(question: str) -> str:
        return next(answer for beginning, answer in typed.items() if question.startswith(beginning))

    wanted = await wanted_of(parsed(["connections", "add", "gdrive"]), desk.deployment.ports, ask=ask)

    assert (wanted.connection.id, wanted.connection.users) == (ACME, (ADA, BEN))
    assert streams_of(wanted.connection)[-1] == "groups"


async def test_somebody_at_a_terminal_without_a_key_is_asked_for_a_persons_token(desk: Desk) -> None:
    typed = {
        "the tenant's id": "acme",
        "the file of the service account's key": "",
        "the file of the OAuth client's secret": desk.file({"web": {"client_id": "c", "client_secret": "s"}}, "client"),
        "the person's address": ADA,
        "the file of the refresh token": desk.file("t", "token"),
        "read its groups": "",
    }

    def ask(question: str) -> str:
        return next(answer for beginning, answer in typed.items() if question.startswith(beginning))

    wanted = await wanted_of(parsed(["connections", "add", "gdrive"]), desk.deployment.ports, ask=ask)

    assert (wanted.connection.id, streams_of(wanted.connection)) == (f"gdrive:{ADA}", ("drives", f"user:{ADA}"))


async def test_a_file_that_is_no_key_is_asked_for_once_more(desk: Desk) -> None:
    files = iter([str(desk.folder / "none"), desk.file("no json", "wrong"), desk.file(KEY, "key.json")])
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return next(files) if "key" in question else ""

    said = ["connections", "add", "gdrive", "--tenant", "acme", "--domain", "acme.example", "--user", ADA]
    wanted = await wanted_of(parsed(said), desk.deployment.ports, ask=ask)

    assert wanted.connection.id == ACME
    assert ["cannot be read" in asked[1], "not a service account's key" in asked[2]] == [True, True]
