"""What a function sees of a message, decoded by the library from what the host sends."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import azure.functions as func
from azure.functions.meta import Datum
from azure.servicebus import ServiceBusReceivedMessage

from devtools.host.messages import body_of, hand_made_metadata, metadata_of

ENQUEUED = datetime(2026, 11, 21, 22, 0, 0, 123000, tzinfo=UTC)


def received(**changes: Any) -> ServiceBusReceivedMessage:
    """A message as the SDK hands it over: names and texts of application properties are bytes."""
    fields: dict[str, Any] = {
        "message_id": "m-1",
        "correlation_id": None,
        "subject": None,
        "content_type": "application/json",
        "session_id": None,
        "partition_key": None,
        "reply_to": None,
        "reply_to_session_id": None,
        "to": None,
        "dead_letter_source": None,
        "lock_token": "6a8d3c1e-0000-4000-8000-000000000001",
        "delivery_count": 0,
        "sequence_number": 17,
        "application_properties": {b"tenant": b"t-1", b"attempt": 2, b"raw": b"\xff\xfe", b"bulk": True},
        "enqueued_time_utc": ENQUEUED,
        "expires_at_utc": None,
        "body": iter([b'{"a":', b"1}"]),
    }
    return cast(ServiceBusReceivedMessage, SimpleNamespace(**fields | changes))


def decoded(message: ServiceBusReceivedMessage) -> func.ServiceBusMessage:
    converter = func.get_binding_registry().get("serviceBusTrigger")
    return cast(func.ServiceBusMessage, converter.decode(Datum(body_of(message), "bytes"), trigger_metadata=metadata_of(message)))


def test_the_body_arrives_exactly() -> None:
    assert decoded(received()).get_body() == b'{"a":1}'
    assert decoded(received(body=iter([b""]))).get_body() == b""
    assert decoded(received(body=b"\xff\x00")).get_body() == b"\xff\x00"


def test_ids_counts_and_properties_arrive() -> None:
    message = decoded(received(correlation_id="c-1", subject="s"))

    assert (message.message_id, message.correlation_id, message.subject, message.label) == ("m-1", "c-1", "s", "s")
    assert (message.sequence_number, message.lock_token) == (17, "6a8d3c1e-0000-4000-8000-000000000001")
    assert message.application_properties == {"tenant": "t-1", "attempt": 2, "raw": "//4=", "bulk": True}
    assert message.user_properties == message.application_properties


def test_the_first_delivery_counts_one_though_the_broker_says_zero() -> None:
    assert decoded(received(delivery_count=0)).delivery_count == 1
    assert decoded(received(delivery_count=4)).delivery_count == 5


def test_times_are_naive_as_the_extension_sends_them() -> None:
    message = decoded(received(expires_at_utc=ENQUEUED + timedelta(days=1)))

    assert message.enqueued_time_utc == datetime(2026, 11, 21, 22, 0, 0, 123000)  # noqa: DTZ001 - the point of the test
    assert message.expires_at_utc == datetime(2026, 11, 22, 22, 0, 0, 123000)  # noqa: DTZ001 - the point of the test


def test_a_message_that_never_expires_has_the_last_time_of_dotnet() -> None:
    assert decoded(received()).expires_at_utc == datetime(9999, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - the point of the test


def test_what_the_extension_does_not_send_is_none() -> None:
    absent = ("locked_until", "dead_letter_reason", "time_to_live", "state", "enqueued_sequence_number", "scheduled_enqueue_time_utc")

    message = decoded(received())

    assert {name: getattr(message, name) for name in absent} == dict.fromkeys(absent)


def test_the_raw_metadata_can_be_read() -> None:
    metadata = decoded(received()).metadata

    assert metadata is not None
    assert metadata["MessageActions"] == {}
    assert "CorrelationId" not in metadata


def test_a_message_made_by_hand_can_be_decoded() -> None:
    converter = func.get_binding_registry().get("serviceBusTrigger")

    message = converter.decode(Datum(b"hi", "bytes"), trigger_metadata=hand_made_metadata())

    assert (message.get_body(), message.delivery_count, message.application_properties) == (b"hi", 1, {})
