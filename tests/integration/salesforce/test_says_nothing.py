"""Nothing of a record, of a person or of a secret is logged or in an error that is stored."""

import logging

import pytest

from devtools.fakes.polled import CLIENT_SECRET, PolledSalesforce
from tests.integration.salesforce.worlds import fails, open_gaps, settled, state_of

NAME = "Ann Example of Nowhere"
PHONE = "+44 20 7946 0000"
TROUBLES: list[tuple[str, str, dict[str, object]]] = [
    ("refuse", "query", {"status": 503, "variant": "maintenance-page"}),
    ("refuse", "query", {"status": 400, "variant": "query-timeout"}),
    ("refuse", "query", {"status": 401, "variant": "invalid-session"}),
    ("refuse", "query", {"status": 403, "variant": "api-disabled"}),
    ("malformed", "query", {"variant": "cut-off"}),
    ("malformed", "replication", {"variant": "maintenance-page"}),
    ("drop", "replication", {}),
]


async def test_nothing_of_records_people_or_secrets_is_logged_or_in_a_stored_error(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("ingestion", "shared", "processors"):
        caplog.set_level(logging.DEBUG, logger=name)
    said: list[str] = []
    tokens: set[str] = set()
    async with PolledSalesforce(streams=("User", "Account")) as world:
        account = world.org.create("Account", Name=NAME, Phone=PHONE)
        await settled(world)
        for kind, operation, more in TROUBLES:
            world.org.edit(account.id, Name=f"{NAME} {kind}")
            fails(world, kind, operation, target="Account", **more)
            await world.poll()
            connection = await world.connection()
            said += [str((await state_of(world)).last_error), str(connection.paused_reason), str(await open_gaps(world))]
            tokens |= set(world.vendor.sessions._sessions)
            await world.poll(minutes=31)
        world.vendor.sessions.revoke(world.org.user_ids[0])
        await world.poll()
        said.append(str((await world.connection()).paused_reason))
        user = world.org.record(world.org.user_ids[0])
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert "connection paused" in logged
    assert tokens
    assert any("Salesforce query" in text for text in said)
    for secret in (
        NAME,
        PHONE,
        CLIENT_SECRET,
        *tokens,
        str(user.fields["Email"]),
        str(user.fields["Username"]),
        str(user.fields["LastName"]),
    ):
        assert secret not in logged
        assert secret not in " ".join(said)
