"""The unmodified azure-servicebus client against the local Service Bus as a namespace that takes identities alone, over TLS."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.servicebus import ServiceBusClient as SynchronousClient
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusError

from devtools.certificate import certificate_in, server_context
from devtools.emulators.identities import Identities
from devtools.emulators.servicebus.__main__ import TLS_PORT, main
from devtools.emulators.servicebus.server import running_broker
from devtools.emulators.servicebus.shared_access import KEY, KEY_NAME
from devtools.issuer.addresses import CLIENT_ID
from devtools.issuer.identities import principal_of
from devtools.issuer.signing_keys import rotate
from devtools.local.child import Child
from tests.integration.servicebus.identities import HOUR_SECONDS, Identity, Place, SynchronousIdentity, own_address
from tests.integration.servicebus.links import CONFIG, bodies, send

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def host() -> str:
    return own_address()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, host: str) -> Path:
    """With a certificate and a signing key, which take a moment to make."""
    made = tmp_path_factory.mktemp("identities")
    certificate_in(made, addresses=[host])
    return made


@pytest.fixture
async def place(folder: Path, host: str) -> AsyncIterator[Place]:
    known = Identities(folder / "issuer", {principal_of(CLIENT_ID)})
    async with running_broker(CONFIG, host=host, port=TLS_PORT, identities=known, tls=server_context(folder)) as broker:
        yield Place(broker, folder, host)


async def test_an_identity_sends_schedules_peeks_renews_receives_and_completes_over_tls(place: Place) -> None:
    identity = place.identity()
    later = datetime.now(UTC) + timedelta(hours=1)
    async with (
        place.client(identity) as client,
        client.get_queue_sender("orders") as sender,
        client.get_queue_receiver("orders") as receiver,
    ):
        await sender.send_messages([ServiceBusMessage("one"), ServiceBusMessage("two")])
        [number] = await sender.schedule_messages([ServiceBusMessage("later")], later)
        peeked = [str(message) for message in await receiver.peek_messages(10)]
        received = await receiver.receive_messages(max_message_count=2, max_wait_time=5)
        renewed = await receiver.renew_message_lock(received[0])
        for message in received:
            await receiver.complete_message(message)
        await sender.cancel_scheduled_messages(number)

    assert sorted(peeked) == ["later", "one", "two"]
    assert [str(message) for message in received] == ["one", "two"]
    assert renewed > datetime.now(UTC)
    assert bodies(place.broker, "orders") == []
    assert set(identity.scopes) == {"https://servicebus.azure.net//.default"}


async def test_the_synchronous_client_works_as_well(place: Place) -> None:
    def send_and_receive() -> list[str]:
        identity = SynchronousIdentity(place.identity())
        with SynchronousClient(place.host, identity, **place.trusted) as client:
            with client.get_queue_sender("orders") as sender:
                sender.send_messages(ServiceBusMessage("x"))
            with client.get_queue_receiver("orders") as receiver:
                received = receiver.receive_messages(max_wait_time=5)
                for message in received:
                    receiver.complete_message(message)
                return [str(message) for message in received]

    assert await asyncio.to_thread(send_and_receive) == ["x"]
    assert bodies(place.broker, "orders") == []


async def test_a_token_that_ends_soon_is_followed_by_another_on_the_same_link(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = place.identity()
    async with place.client(identity) as client, client.get_queue_sender("orders") as sender:
        await sender.send_messages(ServiceBusMessage("before"))
        asked, almost = len(identity.scopes), timedelta(seconds=HOUR_SECONDS - 60)

        def clients_clock() -> datetime:
            return datetime.now(UTC) + (almost if len(identity.scopes) == asked else timedelta())

        monkeypatch.setattr("azure.servicebus._pyamqp.cbs.utc_now", clients_clock)
        await sender.send_messages(ServiceBusMessage("after"))

    assert len(identity.scopes) == asked + 1
    assert bodies(place.broker, "orders") == ["before", "after"]


async def test_a_key_that_was_rotated_in_is_known_at_once(place: Place) -> None:
    rotate(place.keys)

    async with place.client(place.identity()) as client:
        await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(place.broker, "orders") == ["x"]


async def test_any_other_token_is_refused_with_a_reason(place: Place, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shown = {
        "is for 'https://storage.azure.com/', not for this service": place.token(resource="https://storage.azure.com/"),
        "has expired": place.token(exp=1_000),
        "is not valid yet": place.token(nbf=4_000_000_000),
        "lacks oid": place.token(oid=None),
        "has no role here": place.token(client_id="5ca1ab1e-0000-4000-8000-00000000dead"),
        "issuer is not trusted": place.token(iss="https://sts.example.com/"),
        "key is unknown": place.token(folder=tmp_path),  # somebody else signed it
        "cannot be trusted": _unsigned(place.token()),
        "Not enough segments": "no token at all",
    }

    answers = await asyncio.gather(*(_sending(place, token) for token in shown.values()), return_exceptions=True)

    assert {type(answer) for answer in answers} == {ServiceBusAuthenticationError}
    assert bodies(place.broker, "orders") == []
    reasons = [str(vars(record)["reason"]) for record in caplog.records if record.getMessage() == "claim refused"]
    assert [said for said in shown if not any(said in reason for reason in reasons)] == []


async def test_a_key_is_refused_where_identities_are_wanted(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    key = AzureNamedKeyCredential(KEY_NAME, KEY)
    async with place.client(key) as client:  # type: ignore[arg-type]  # what the client takes besides
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))

    assert "Local authentication is disabled" in _reason(caplog)


async def test_a_client_that_does_not_trust_the_certificate_does_not_connect(place: Place) -> None:
    async with ServiceBusClient(place.host, place.identity(), retry_total=0) as client:
        with pytest.raises(ServiceBusError, match="certificate verify failed"):
            await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(place.broker, "orders") == []


async def test_as_a_process_it_listens_where_it_is_told_and_checks_tokens_with_the_issuer_s_keys(
    place: Place, tmp_path: Path, host: str
) -> None:
    (tmp_path / "Config.json").write_text(json.dumps(CONFIG))
    beside = host.rpartition(".")[0] + ".255"
    certificate_in(tmp_path, addresses=[beside])
    where = ["--config", str(tmp_path / "Config.json"), "--host", beside, "--data", str(tmp_path / "data")]
    known = ["--issuer", str(place.keys), "--principal", principal_of(CLIENT_ID), "--certificate", str(tmp_path)]
    command = [sys.executable, "-m", "devtools.emulators.servicebus", "--aad", *where, *known]
    child = await Child.start("service bus", command, ready="service bus: ready", log=tmp_path / "log")
    try:
        there = Place(place.broker, tmp_path, beside)
        async with there.client(place.identity()) as client:
            await send(client, "orders", ServiceBusMessage("x"))
    finally:
        await child.stop()

    assert child.ready_line == f"service bus: ready on {beside}:5671"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--aad", "--host", "10.0.0.1"], "'10.0.0.1' is no address of loopback"),
        (["--aad", "--host", "localhost"], "'localhost' is no address of loopback"),
        (["--issuer", "keys"], "--issuer, --principal and --certificate need --aad"),
    ],
)
def test_what_makes_no_sense_is_told(
    arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["servicebus", "--config", "Config.json", *arguments])

    with pytest.raises(SystemExit):
        main()

    assert said in capsys.readouterr().err


async def _sending(place: Place, token: str) -> None:
    async with place.client(Identity(lambda: token)) as client:
        await send(client, "orders", ServiceBusMessage("x"))


def _unsigned(token: str) -> str:
    header = {"kid": jwt.get_unverified_header(token)["kid"]}
    return jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", algorithm="none", headers=header)


def _reason(caplog: pytest.LogCaptureFixture) -> str:
    [refused] = [record for record in caplog.records if record.getMessage() == "claim refused"]
    return str(vars(refused)["reason"])
