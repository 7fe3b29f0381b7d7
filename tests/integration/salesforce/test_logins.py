"""Sessions end, approvals are taken back, secrets are rotated: one login more, or a pause that says what to do and ends by itself."""

import asyncio
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from devtools.fakes.polled import CLIENT_ID, CLIENT_SECRET, SECRET_NAME, PolledSalesforce
from devtools.vendors.salesforce.api.sessions import ConnectedApp
from shared.connections.connection import Credential
from tests.integration.salesforce.worlds import HOUR, Meanwhile, fails, is_there, reading, said_of, settled, state_of, truth

PROBE_MINUTES = 31.0
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


async def with_credential(world: PolledSalesforce, **changes: object) -> None:
    """The connection logs in another way from now on."""
    connection = await world.connection()
    assert connection.credential is not None
    credential = Credential.model_validate({**connection.credential.model_dump(), **changes})
    await world.pipeline.connections.replace(connection.model_copy(update={"credential": credential}))


async def test_one_login_serves_all_objects_and_the_back_fills(everything: PolledSalesforce) -> None:
    everything.start_worker()
    await everything.poll()
    assert everything.vendor.ledger.count("token") == 0  # a new process uses what another one got


async def test_the_tasks_of_one_worker_share_a_login(everything: PolledSalesforce) -> None:
    everything.vendor.sessions.end_all()
    readings = [await reading(everything, stream) for stream in ("Account", "Contact", "Lead", "Opportunity", "User")]
    await asyncio.gather(*(everything.poller.page(one) for one in readings))
    assert everything.vendor.ledger.count("token") == 1


async def test_two_workers_share_a_login(accounts: PolledSalesforce) -> None:
    async with Meanwhile().client() as http:
        another = accounts.new_poller(http)
        accounts.vendor.sessions.end_all()
        await accounts.poller.page(await reading(accounts))
        await another.page(await reading(accounts))
    assert accounts.vendor.ledger.count("token") == 1


async def test_a_session_that_ends_between_two_pages_costs_one_login_and_nothing_is_lost(accounts: PolledSalesforce) -> None:
    network = Meanwhile()
    accounts.vendor.queries.page_rows = 2
    changed = [accounts.org.create("Account") for _ in range(5)]
    async with network.client() as http:
        accounts.ports = replace(accounts.ports, pollers={"salesforce": accounts.new_poller(http)})
        network.before(4 + 1, accounts.vendor.sessions.end_all)  # describe, deleted, updated, the first page
        await accounts.poll()
    assert [await is_there(accounts, account) for account in changed] == [True] * 5
    assert accounts.vendor.ledger.counts() == {"describe": 1, "deleted": 1, "updated": 1, "queryAll": 4, "token": 1}
    assert accounts.vendor.ledger.statuses()[401] == 1


async def test_sessions_that_end_by_age_are_renewed(accounts: PolledSalesforce) -> None:
    for _ in range(3):
        accounts.clock.advance(seconds=3 * HOUR)
        account = accounts.org.create("Account")
        await accounts.poll()
        assert await is_there(accounts, account)
    assert accounts.vendor.ledger.count("token") == 3


async def test_a_session_that_is_refused_again_at_once_is_trouble_and_no_pause(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account")
    fails(accounts, "refuse", "query", status=401, variant="invalid-session", calls=2)
    await accounts.poll()
    assert (await accounts.connection()).status == "active"
    await accounts.poll()
    assert await is_there(accounts, account)


# What a person must do


async def test_an_approval_taken_back_between_two_pages_pauses_with_advice_and_ends_by_itself(accounts: PolledSalesforce) -> None:
    network, user = Meanwhile(), accounts.org.user_ids[0]
    accounts.vendor.queries.page_rows = 2
    changed = [accounts.org.create("Account") for _ in range(5)]
    async with network.client() as http:
        accounts.ports = replace(accounts.ports, pollers={"salesforce": accounts.new_poller(http)})
        network.before(4 + 1, lambda: accounts.vendor.sessions.revoke(user))
        await accounts.poll()
        connection = await accounts.connection()
        assert (connection.status, connection.paused_by) == ("paused", "app")
        assert "approve the connected app" in str(connection.paused_reason)
        accounts.vendor.ledger.clear()
        await accounts.poll()
        assert accounts.vendor.ledger.count() == 0  # nobody knocks before the next look
        deleted = accounts.org.records("Account")[0]
        accounts.org.hard_delete(deleted.id)
        accounts.vendor.sessions.approve(user)
        await accounts.poll(minutes=PROBE_MINUTES)
        await accounts.poll()
        connection = await accounts.connection()
        assert (connection.status, connection.paused_by, connection.paused_reason) == ("active", None, None)
        assert [await is_there(accounts, account) for account in changed] == [True] * 5
        assert not await is_there(accounts, deleted)
        assert (await truth(accounts, "Account")).fault_count == 0


async def test_a_look_in_vain_is_one_login_and_the_pause_goes_on(everything: PolledSalesforce) -> None:
    everything.vendor.sessions.revoke(everything.org.user_ids[0])
    await everything.poll()
    everything.vendor.ledger.clear()
    await everything.poll(minutes=PROBE_MINUTES)
    assert (await everything.connection()).status == "paused"
    assert everything.vendor.ledger.counts() == {"token": 1}


async def test_an_inactive_user_pauses_with_advice(accounts: PolledSalesforce) -> None:
    user = accounts.org.user_ids[0]
    accounts.org.edit(user, IsActive=False)
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert "the user is inactive: activate it" in str((await accounts.connection()).paused_reason)
    accounts.org.edit(user, IsActive=True)
    await accounts.poll(minutes=PROBE_MINUTES)
    assert (await accounts.connection()).status == "active"


async def test_a_closed_organization_pauses_with_advice(accounts: PolledSalesforce) -> None:
    accounts.vendor.sessions.inactive_organizations.add(accounts.org.organization_id)
    await accounts.poll()
    assert "the organization is closed or locked" in str((await accounts.connection()).paused_reason)


async def test_an_api_that_is_switched_off_pauses_with_advice(accounts: PolledSalesforce) -> None:
    fails(accounts, "refuse", "replication", status=403, variant="api-disabled")
    await accounts.poll()
    assert "enable API access" in str((await accounts.connection()).paused_reason)
    account = accounts.org.create("Account")
    await accounts.poll(minutes=PROBE_MINUTES)
    assert (await accounts.connection()).status == "active"
    await accounts.poll()
    assert await is_there(accounts, account)


async def test_a_secret_that_was_renewed_at_the_vendors_pauses_until_ours_is(accounts: PolledSalesforce) -> None:
    accounts.vendor.sessions.register(ConnectedApp(CLIENT_ID, client_secret="renewed"))
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert "renew the secret" in str((await accounts.connection()).paused_reason)
    accounts.pipeline.secrets.values[SECRET_NAME] = "renewed"
    await accounts.poll(minutes=PROBE_MINUTES)
    assert (await accounts.connection()).status == "active"


async def test_an_unknown_app_pauses_with_advice(accounts: PolledSalesforce) -> None:
    await with_credential(accounts, client_id="another-key")
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert "the consumer key is not known" in str((await accounts.connection()).paused_reason)


async def test_a_login_service_in_trouble_pauses_nothing(accounts: PolledSalesforce) -> None:
    account = accounts.org.create("Account")
    accounts.vendor.sessions.end_all()
    fails(accounts, "refuse", "token", status=400)
    await accounts.poll()
    assert (await accounts.connection()).status == "active"
    await accounts.poll()
    assert await is_there(accounts, account)


# Ways in


async def test_a_signed_assertion_lets_in_for_the_user_it_names(accounts: PolledSalesforce) -> None:
    user = accounts.org.record(accounts.org.user_ids[1])
    accounts.vendor.sessions.register(ConnectedApp("signed", public_key=KEY.public_key()))
    accounts.pipeline.secrets.values["key"] = PEM
    await with_credential(accounts, kind="jwt-bearer", client_id="signed", subject=user.fields["Username"], secret_name="key")
    accounts.vendor.sessions.end_all()
    account = accounts.org.create("Account")
    await accounts.poll()
    assert await is_there(accounts, account)
    [login] = accounts.vendor.ledger.of("token")
    assert (login.object_name, login.status) == ("", 200)


async def test_an_assertion_for_an_unknown_user_or_audience_pauses(accounts: PolledSalesforce) -> None:
    accounts.vendor.sessions.register(ConnectedApp("signed", public_key=KEY.public_key()))
    accounts.pipeline.secrets.values["key"] = PEM
    await with_credential(accounts, kind="jwt-bearer", client_id="signed", subject="nobody@example.com", secret_name="key")
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert "approve the connected app" in str((await accounts.connection()).paused_reason)


async def test_an_assertion_for_the_standard_audience_is_accepted_at_any_address(accounts: PolledSalesforce) -> None:
    user = accounts.org.record(accounts.org.user_ids[0])
    accounts.vendor.sessions.register(ConnectedApp("signed", public_key=KEY.public_key()))
    accounts.pipeline.secrets.values["key"] = PEM
    await with_credential(
        accounts,
        kind="jwt-bearer",
        client_id="signed",
        subject=user.fields["Username"],
        secret_name="key",
        audience="https://login.salesforce.com",
    )
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert (await accounts.connection()).status == "active"


@pytest.mark.parametrize("slashes", ["/", "//"])
async def test_an_address_may_end_with_a_slash(accounts: PolledSalesforce, slashes: str) -> None:
    await with_credential(accounts, base_url=accounts.vendor.url + slashes)
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert (await accounts.connection()).status == "active"


async def test_an_address_that_is_none_pauses(accounts: PolledSalesforce) -> None:
    await with_credential(accounts, base_url="no address")
    accounts.vendor.sessions.end_all()
    await accounts.poll()
    assert "address" in str((await accounts.connection()).paused_reason)


async def test_the_token_is_readable_in_no_stored_document(everything: PolledSalesforce) -> None:
    [token] = everything.vendor.sessions._sessions
    stored = f"{everything.pipeline.shards._documents} {everything.pipeline.connections._connections} {everything.pipeline.transport.sent}"
    assert "cursor" in stored
    assert token not in stored
    assert token.partition("!")[2][:20] not in stored
    assert CLIENT_SECRET not in stored


async def test_what_was_read_before_a_pause_is_not_read_again_after_it(accounts: PolledSalesforce) -> None:
    before = (await state_of(accounts)).cursor
    accounts.vendor.sessions.revoke(accounts.org.user_ids[0])
    await accounts.poll()
    assert (await state_of(accounts)).cursor == before
    accounts.vendor.sessions.approve(accounts.org.user_ids[0])
    account = accounts.org.create("Account", Name="After")
    await accounts.poll(minutes=PROBE_MINUTES)
    await accounts.poll()
    assert await said_of(accounts, account) == "After"
    assert accounts.vendor.ledger.count("query") == 0  # no back-fill


async def test_a_back_fill_that_met_a_pause_goes_on_after_it() -> None:
    async with PolledSalesforce(streams=("Account",)) as world:
        world.vendor.queries.page_rows = 2
        world.org.populate(accounts=5, contacts=0, opportunities=0)
        network = Meanwhile()
        async with network.client() as http:
            world.ports = replace(world.ports, pollers={"salesforce": world.new_poller(http)})
            network.before(6, lambda: world.vendor.sessions.revoke(world.org.user_ids[0]))
            await world.poll()
            assert (await world.connection()).status == "paused"
            assert (await state_of(world, kind="backfill")).record_count < 5
            world.vendor.sessions.approve(world.org.user_ids[0])
            await world.poll(minutes=PROBE_MINUTES)
            await settled(world)
            assert (await state_of(world, kind="backfill")).last_status == "success"
            assert (await truth(world, "Account")).stored_count == 5
