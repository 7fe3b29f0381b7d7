"""Calls that are not let in: by whom, of what kind, how large; decided before anything is parsed."""

from datetime import datetime

import pytest
from typing_extensions import override

from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from ingestion.sources.salesforce.webhook import SalesforceWebhook
from ingestion.sources.source import Caller, Heard, WebhookRequest, WebhookResponse
from shared.connections.connection import Connection
from tests.unit.ingestion.door import ANOTHER_ORGANIZATION, KEY, XML, Door, a_body, a_door, an_org, body_of, salesforce


def is_acknowledged(response: WebhookResponse) -> bool:
    return answer_to(response.status, response.body.encode()) is Answer.ACKNOWLEDGED


class NeverParsed(SalesforceWebhook):
    """Says so when it is asked to parse."""

    @override
    def heard(self, request: WebhookRequest, connection: Connection, received_at: datetime) -> Heard:
        pytest.fail("the body was parsed")


async def test_an_unknown_key_is_401_before_the_body_is_parsed() -> None:
    door = await a_door()
    door.webhook = NeverParsed(limit_bytes=1024 * 1024)

    response = await door.post(a_body(), key="another-path-key-that-is-long-enough-00")

    assert (response.status, response.body) == (401, "")
    assert door.queued == []


@pytest.mark.parametrize("key", ["", "short", "x" * 31, "x" * 257], ids=["none", "short", "31 characters", "257 characters"])
async def test_what_cannot_be_a_key_is_401_without_a_look_at_the_store(key: str) -> None:
    door = await a_door()
    door.webhook = NeverParsed(limit_bytes=1024 * 1024)

    assert (await door.post(a_body(), key=key)).status == 401
    assert (await door.treat(WebhookRequest(a_body(), {"content-type": XML}, {}))).status == 401
    assert door.pipeline.connections.finds == 0


async def test_the_message_of_another_organization_under_this_key_is_401_without_effect() -> None:
    door = await a_door()
    await door.connect(tenant="globex", organization=ANOTHER_ORGANIZATION, key="globex-path-key-nobody-can-guess-0123")

    response = await door.post(body_of(an_org().create("Opportunity"), organization=ANOTHER_ORGANIZATION))

    assert (response.status, response.body) == (401, "")
    assert door.queued == []


@pytest.mark.parametrize(
    ("listed", "status"),
    [
        ((), 200),
        (("04kRi0000061wbCIAQ",), 200),
        (("04kRi0000061wbC",), 200),
        (("04kRi0000000000AAA", "04kRi0000061wbCIAQ"), 200),
        (("04kRi0000000000AAA",), 401),
        (("not an id",), 401),
    ],
    ids=["no list", "listed", "listed with 15 characters", "one of two", "another", "nonsense"],
)
async def test_an_action_that_the_connection_does_not_list_is_401(listed: tuple[str, ...], status: int) -> None:
    door = Door()
    await door.connect(actions=listed)

    response = await door.post(a_body())

    assert response.status == status
    assert len(door.queued) == (status == 200)


async def test_a_message_without_an_action_is_401_where_actions_are_listed() -> None:
    door = Door()
    await door.connect(actions=("not an id",))

    response = await door.post(a_body().replace(b"<ActionId>04kRi0000061wbCIAQ</ActionId>", b""))

    assert response.status == 401


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "text/plain", "text/xmlish", "multipart/form-data; boundary=text/xml"]
)
async def test_a_wrong_content_type_is_415_before_anything_is_looked_up(content_type: str | None) -> None:
    door = await a_door()

    response = await door.post(a_body(), content_type=content_type)

    assert response.status == 415
    assert (door.queued, door.pipeline.connections.finds) == ([], 0)


@pytest.mark.parametrize("content_type", ["text/xml", "Text/XML;charset=utf-8", "application/soap+xml", " text/xml ; charset=UTF-8"])
async def test_every_spelling_of_xml_is_read(content_type: str) -> None:
    door = await a_door()

    assert is_acknowledged(await door.post(a_body(), content_type=content_type))


async def test_a_body_at_the_limit_is_read_and_one_byte_more_is_413_before_anything_is_looked_up() -> None:
    door = await a_door()
    body = a_body()

    door.webhook = salesforce(limit_bytes=len(body) - 1)
    refused = await door.post(body)
    finds = door.pipeline.connections.finds
    door.webhook = salesforce(limit_bytes=len(body))
    accepted = await door.post(body)

    assert (refused.status, finds) == (413, 0)
    assert is_acknowledged(accepted)
    assert len(door.queued) == 1


async def test_the_path_key_is_looked_up_as_its_hash_and_kept_nowhere() -> None:
    caller = salesforce().verify(WebhookRequest(b"", {}, {"key": KEY}))

    assert KEY == "a-path-key-nobody-can-guess-0123456789"
    assert caller == Caller(("salesforce-key:20cfaebe30f77e04459ff0c0b9559778ab6836c7daf28cb46b9f9731ce6915aa",))
