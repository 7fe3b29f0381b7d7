"""What goes with a message of where it came from, and which messages begin a trace of their own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.ingestion import IngestionBatch, IngestionEvent
from shared.contracts.message import Message, timestamp
from shared.contracts.shard_emitted import ShardEmitted
from shared.contracts.sync import SyncRequested
from shared.messaging.envelope import Envelope
from shared.messaging.provenance import begins_anew, delivered_origin, handled_origin, origin_of, properties_of
from shared.telemetry.origin import Origin, Pace, about, came_through, current_origin

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENT = IngestionEvent(
    tenant_id="acme", source="slack", source_id="C1", event_type="update", observed_at=AT, connection_id="slack:T1", payload={}
)
BATCH = IngestionBatch(tenant_id="acme", connection_id="slack:T1", events=(EVENT,))
READING = SyncRequested(tenant_id="acme", connection_id="gdrive:example.com", stream="drives", run="r", requested_at=AT)
RECORD = READING.model_copy(update={"record": "C1"})
EMITTED = ShardEmitted(tenant_id="acme", shard_id="s", shard_type_id="c_account", revision=1, cause="content")
SECOND_LOOK = EMITTED.model_copy(update={"cause": "relink:" + "0" * 32})
MADE_IN = Origin("salesforce", AT)


@pytest.mark.parametrize(
    ("message", "origin"),
    [
        (EVENT, Origin("slack", AT)),
        (BATCH, Origin("slack", pace="bulk")),
        (READING, Origin("gdrive")),
        (RECORD, Origin("gdrive", AT)),
        (EMITTED, None),
        (SECOND_LOOK, None),
    ],
)
def test_a_message_says_whose_it_is_or_leaves_it_to_what_it_was_made_in(message: Message, origin: Origin | None) -> None:
    said = origin_of(message)

    assert said == origin
    if origin is not None:
        assert delivered_origin(properties_of(message, MADE_IN)) == origin


def test_a_record_that_was_read_for_a_hint_was_observed_when_the_hint_was_heard() -> None:
    made_in = origin_of(RECORD)
    assert made_in is not None
    read_at = AT + timedelta(hours=1)
    event = EVENT.model_copy(update={"observed_at": read_at})

    said = properties_of(event, made_in)

    assert handled_origin(event, delivered_origin(said)) == Origin("slack", AT)
    assert handled_origin(event, delivered_origin(properties_of(event, Origin("slack")))) == Origin("slack", read_at)


def test_what_follows_from_a_record_keeps_its_moment_and_a_second_look_does_not() -> None:
    assert properties_of(EMITTED, MADE_IN) == {"source": "salesforce", "observedAt": timestamp(AT)}
    assert properties_of(SECOND_LOOK, MADE_IN) == {"source": "salesforce"}
    assert properties_of(EMITTED, Origin()) == {}


@pytest.mark.parametrize("pace", ["bulk", "replay"])
def test_what_follows_from_what_nobody_waits_for_is_not_waited_for_either(pace: Pace) -> None:
    said = properties_of(EMITTED, replace(MADE_IN, pace=pace))

    assert said["pace"] == pace
    assert handled_origin(EMITTED, delivered_origin(said)) == replace(MADE_IN, pace=pace)


@pytest.mark.parametrize("message", [EVENT, BATCH, EMITTED])
def test_what_an_operator_sends_round_again_is_a_replay_whatever_it_was(message: Message) -> None:
    said: dict[str, str | int] = {**properties_of(message, MADE_IN), "replays": 1}

    assert handled_origin(message, delivered_origin(said)).pace == "replay"


@pytest.mark.parametrize("source", ["Salesforce", "a b", "x" * 65, "slack\n", ""])
def test_what_cannot_be_a_source_is_none(source: str) -> None:
    assert delivered_origin({"source": source}).source == ""


@pytest.mark.parametrize(
    ("message", "is_anew"), [(EVENT, False), (BATCH, False), (EMITTED, False), (RECORD, False), (READING, True), (SECOND_LOOK, True)]
)
def test_what_may_come_much_later_or_by_the_thousand_begins_a_trace_of_its_own(message: Message, is_anew: bool) -> None:
    assert begins_anew(message) is is_anew
    said = Envelope.of(message, traceparent="00-now-01", begins_anew=begins_anew(message)).properties
    assert ({"traceparent", "tracelink"} & set(said)) == {"tracelink" if is_anew else "traceparent"}


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["source", "observedAt", "pace", "replays"]), st.text() | st.integers()))
def test_properties_of_a_stranger_break_nothing(properties: dict[str, str | int]) -> None:
    origin = delivered_origin(properties)

    assert origin.observed_at is None or origin.observed_at.tzinfo is not None


def test_a_stage_that_sees_the_shard_says_whose_it_is() -> None:
    with about(MADE_IN):
        came_through(None)
        assert current_origin() == MADE_IN
        came_through("gdrive:example.com")
        assert current_origin() == Origin("gdrive", AT)
    assert current_origin() == Origin()
