"""Access tokens: of a service account for each person, or by a person's consent; kept until they end, and renewed with the key of now."""

import asyncio
import json
from collections.abc import Iterable

import pytest
from typing_extensions import override

from devtools.fakes.polled_drive import ADA, BOB, CLIENT, DOMAIN, ROBOT, TENANT_ID, key_file
from devtools.vendors.gdrive.api.sessions import METADATA, READ
from ingestion.sources.source import Reading
from shared.connections.connection import connection_id
from shared.errors import ConfigurationError, DependencyUnavailable, StreamUnreadable
from tests.integration.gdrive.worlds import ADAS, BOBS, HOUR, Workspace

SECRET = f"gdrive-{TENANT_ID}-{DOMAIN}"
PERSONAL = connection_id("gdrive", ADA)


async def readings(world: Workspace, streams: Iterable[str]) -> list[Reading]:
    """What the frame would ask for next."""
    connection = await world.connection()
    return [Reading(connection, stream, "changes", await world.cursor(stream), "a run") for stream in streams]


async def test_everybody_has_a_token_of_their_own_and_keeps_it(world: Workspace) -> None:
    world.google.ledger.clear()
    for _ in range(3):
        await world.read(ADAS)
        await world.read(BOBS)
    assert world.google.ledger.count("token") == 0
    assert world.google.ledger.by_user("changes") == {ADA: 3, BOB: 3}


async def test_the_tasks_of_one_worker_share_a_token(world: Workspace) -> None:
    poller = world.new_poller(world.http)
    await asyncio.gather(*(poller.page(one) for one in await readings(world, [ADAS] * 5)))
    assert world.counts()["token"] == 1


async def test_a_token_is_renewed_before_it_ends(world: Workspace) -> None:
    world.clock.advance(seconds=HOUR - 60)
    await world.read(ADAS)
    assert world.google.ledger.statuses() == {200: 2}
    assert world.counts()["token"] == 1


async def test_a_token_that_is_refused_is_replaced_once(world: Workspace) -> None:
    world.google.sessions.end_all()
    file = world.drive.create_file("a.txt", by=ADA)
    assert (await world.read(ADAS)).files.keys() == {file.id}
    assert world.counts() == {"changes": 2, "token": 1}


async def test_tokens_that_are_refused_again_at_once_are_for_a_person(world: Workspace) -> None:
    world.fails("refuse", "changes", status=401, variant="auth-error", calls=2)
    with pytest.raises(ConfigurationError, match="accepts no access token"):
        await world.read(ADAS)


# Keys


async def test_a_new_key_in_the_secret_is_used_at_the_next_token(world: Workspace) -> None:
    world.use_key(1)
    await world.read(ADAS)
    assert world.counts() == {"changes": 1}  # the token of the old key is good to its end
    world.clock.advance(seconds=HOUR)
    await world.read(ADAS)
    assert world.google.ledger.statuses() == {200: 2}


async def test_a_key_that_is_replaced_while_we_log_in_is_read_again(world: Workspace) -> None:
    world.use_key(1)
    values, seen = world.pipeline.secrets.values, []

    class Late(dict[str, str]):
        """The old key at the first look, and the new one from then on."""

        @override
        def __getitem__(self, name: str) -> str:
            seen.append(name)
            return key_file(0) if len(seen) == 1 else values[name]

    world.pipeline.secrets.values = Late(values)
    await world.read(ADAS, poller=world.new_poller(world.http))
    assert len(seen) == 2
    assert world.google.ledger.count("token") == 2


async def test_a_key_that_was_deleted_asks_for_a_new_one(world: Workspace) -> None:
    world.google.sessions.accounts[ROBOT].keys = {}
    with pytest.raises(ConfigurationError, match="add a new key of the service account"):
        await world.read(ADAS, poller=world.new_poller(world.http))
    assert world.counts() == {"token": 1}


async def test_a_bare_key_without_its_file_is_good_too(world: Workspace) -> None:
    world.pipeline.secrets.values[SECRET] = json.loads(key_file(0))["private_key"]
    assert (await world.read(ADAS, poller=world.new_poller(world.http))).gaps == []


@pytest.mark.parametrize(
    ("secret", "advice"),
    [
        ("no key", "neither the key file of a service account nor a private RSA key"),
        ("{}", "neither the key file"),
        ('{"private_key": "no key", "client_email": "reader@project.iam.gserviceaccount.com"}', "neither the key file"),
        ('{"client_email": "another@project.iam.gserviceaccount.com"}', "of another service account"),
    ],
)
async def test_a_secret_that_holds_no_key_of_this_account_says_so(world: Workspace, secret: str, advice: str) -> None:
    world.pipeline.secrets.values[SECRET] = secret
    with pytest.raises(ConfigurationError, match=advice):
        await world.read(ADAS, poller=world.new_poller(world.http))


# Delegation


async def test_an_account_that_nobody_delegated_to_says_where_to_do_it(world: Workspace) -> None:
    world.google.sessions.accounts[ROBOT].scopes = ()
    with pytest.raises(ConfigurationError, match="Admin console under API controls, domain-wide delegation"):
        await world.read(ADAS, poller=world.new_poller(world.http))


async def test_a_scope_that_was_not_delegated_says_so(world: Workspace) -> None:
    world.google.sessions.accounts[ROBOT].scopes = (METADATA,)
    with pytest.raises(ConfigurationError, match="unauthorized_client"):
        await world.read(ADAS, poller=world.new_poller(world.http))


@pytest.mark.parametrize("what", ["suspended", "deleted", "unknown"])
async def test_somebody_who_cannot_be_acted_as_is_one_stream_that_cannot_be_read_and_no_pause_of_the_others(
    world: Workspace, what: str
) -> None:
    match what:
        case "suspended":
            world.drive.suspend(BOB)
        case "deleted":
            world.drive.delete_user(BOB)
        case _:
            del world.drive.people.users[BOB]
    poller = world.new_poller(world.http)
    with pytest.raises(StreamUnreadable, match="take it out of the connection's users"):
        await world.read(BOBS, poller=poller)
    assert (await world.read(ADAS, poller=poller)).gaps == []
    assert (await world.read("drives", poller=poller)).pages[-1].streams == ("drives", ADAS, BOBS)


async def test_when_nobody_can_be_acted_as_the_drives_say_so(world: Workspace) -> None:
    world.drive.suspend(ADA)
    world.drive.suspend(BOB)
    with pytest.raises(StreamUnreadable):
        await world.read("drives", poller=world.new_poller(world.http))


async def test_the_token_service_out_of_order_is_for_later(world: Workspace) -> None:
    world.fails("refuse", "token", status=503)
    with pytest.raises(DependencyUnavailable):
        await world.read(ADAS, poller=world.new_poller(world.http))


# A person's consent


async def test_the_drive_of_one_person_is_read_by_their_consent() -> None:
    async with Workspace() as world:
        await world.connect(ADA, (ADA,))
        file = world.drive.create_file("a.txt", by=ADA)
        for stream in ("drives", ADAS):
            await world.read(stream, connection_id=PERSONAL)
        assert (await world.read(ADAS, "backfill", connection_id=PERSONAL)).files[file.id].is_home
        assert world.google.ledger.by_user("files-list") == {ADA: 1}


async def test_a_consent_that_was_taken_back_says_to_connect_again() -> None:
    async with Workspace() as world:
        await world.connect(ADA, (ADA,))
        world.google.sessions.revoke(ADA)
        with pytest.raises(ConfigurationError, match="connect the account again"):
            await world.read("drives", connection_id=PERSONAL)


async def test_a_clients_secret_that_was_renewed_says_to_renew_ours() -> None:
    async with Workspace() as world:
        await world.connect(ADA, (ADA,))
        name = f"gdrive-{TENANT_ID}-{ADA}"
        held = json.loads(world.pipeline.secrets.values[name])
        world.pipeline.secrets.values[name] = json.dumps({**held, "client_secret": "old"})
        with pytest.raises(ConfigurationError, match="renew the secret"):
            await world.read("drives", connection_id=PERSONAL)
        world.pipeline.secrets.values[name] = "no secrets"
        with pytest.raises(ConfigurationError, match="client_secret and refresh_token as JSON"):
            await world.read("drives", connection_id=PERSONAL)


async def test_a_consent_of_somebody_else_is_not_taken_for_the_persons() -> None:
    async with Workspace() as world:
        await world.connect(ADA, (ADA,))
        name = f"gdrive-{TENANT_ID}-{ADA}"
        theirs = world.google.sessions.consent(BOB, client_id=CLIENT.client_id, scopes=(READ,))
        world.pipeline.secrets.values[name] = json.dumps({"client_secret": CLIENT.client_secret, "refresh_token": theirs})
        await world.read("drives", connection_id=PERSONAL)
        with pytest.raises(ConfigurationError, match="another person's Drive"):
            await world.read(ADAS, connection_id=PERSONAL)
        assert world.google.ledger.count("files-list", "changes") == 0


async def test_a_check_looks_at_every_stream_and_says_what_cannot_be_read(world: Workspace) -> None:
    drive = world.drive.create_drive("Sales", by=ADA)
    await world.read("drives")
    world.drive.suspend(BOB)
    checks = {one.stream: one for one in await world.poller.check(await world.connection())}
    assert {stream: one.is_readable for stream, one in checks.items()} == {
        "drives": True,
        ADAS: True,
        BOBS: False,
        f"drive:{drive.id}": True,
    }
    assert "take it out of the connection's users" in checks[BOBS].detail
