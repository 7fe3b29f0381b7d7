"""What a webhook call leaves in logs and answers: facts with ids, never the body and never the key."""

import logging
from datetime import datetime

import pytest
from typing_extensions import override

from shared.contracts.message import Message
from shared.errors import DependencyUnavailable
from shared.messaging.publisher import Publisher
from tests.unit.ingestion.door import ANOTHER_ORGANIZATION, KEY, a_door, an_action, an_org, body_of, with_fields
from tests.unit.ingestion.said import Said

SESSION = "00D000000000062!AQ4AQFv.secret.session.id"
FIELDS = {"Name": "Hush-hush merger", "StageName": "Proposal/Price Quote", "Amount": "31415926.5"}
SECRETS = (KEY, SESSION, "secret.session", *FIELDS.values())


def a_confidential_body(organization: str = "00D000000000062EAA") -> bytes:
    record = with_fields(an_org().create("Opportunity"), **FIELDS)
    body = body_of(record, action=an_action(session_id=SESSION), organization=organization)
    assert all(secret.encode() in body for secret in SECRETS[1:])
    return body


class Quoting(Publisher):
    """Fails as a careless library would: with all it was given in the text of its error."""

    def __init__(self, kind: type[Exception]) -> None:
        self.kind = kind

    @override
    async def publish(self, *messages: Message) -> None:
        raise self.kind(f"cannot send {messages[0].encode().decode()}")

    @override
    async def schedule(self, message: Message, *, due_at: datetime) -> None:
        await self.publish(message)


async def test_an_accepted_call_says_how_many_events_of_whose_connection_and_no_more(said: Said) -> None:
    door = await a_door()

    response = await door.post(a_confidential_body())

    [record] = [record for record in said.records if record.name.startswith(("ingestion", "shared"))]
    assert (record.levelno, record.getMessage()) == (logging.INFO, "webhook call answered")
    assert record.__dict__["events"] == 1
    assert record.__dict__["connection"] == "salesforce:00D000000000062EAA"
    assert record.__dict__["correlation"] == door.queued[0].correlation_id
    assert [secret for secret in SECRETS if secret in said.everything() + response.body] == []


@pytest.mark.parametrize(
    ("key", "content_type", "organization", "status"),
    [
        (KEY[::-1], "text/xml", "00D000000000062EAA", 401),
        (KEY, "text/xml", ANOTHER_ORGANIZATION, 401),
        (KEY, "application/json", "00D000000000062EAA", 415),
    ],
    ids=["unknown key", "another organization", "wrong content type"],
)
async def test_a_refused_call_says_nothing_of_body_or_key(key: str, content_type: str, organization: str, status: int, said: Said) -> None:
    door = await a_door()

    response = await door.post(a_confidential_body(organization), key=key, content_type=content_type)

    assert response.status == status
    assert [secret for secret in (*SECRETS, key, ANOTHER_ORGANIZATION) if secret in said.everything() + response.body] == []
    assert [record.levelno for record in said.records if record.name == "ingestion.receiver"] == [logging.WARNING]


@pytest.mark.parametrize(("kind", "status"), [(DependencyUnavailable, 503), (ValueError, 500)])
async def test_a_failure_that_quotes_the_body_is_not_quoted(kind: type[Exception], status: int, said: Said) -> None:
    door = await a_door()
    door.publisher = Quoting(kind)

    response = await door.post(a_confidential_body())

    assert response.status == status
    assert [secret for secret in SECRETS if secret in said.everything() + response.body] == []
    assert kind.__name__ in said.everything()


async def test_the_session_id_of_a_message_reaches_no_queue() -> None:
    door = await a_door()

    await door.post(a_confidential_body())

    assert not any(SESSION.encode() in envelope.body for envelope in door.pipeline.transport.sent)
    assert not any(KEY.encode() in envelope.body for envelope in door.pipeline.transport.sent)
