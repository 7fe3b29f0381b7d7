"""Outbound Messages become events: what is read, what is left out, and what makes two of them the same."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.vendors.salesforce.outbound_message import Form
from ingestion.sources.salesforce import soap
from shared.contracts.ingestion import IngestionEvent
from tests.unit.ingestion.door import ORGANIZATION, Door, a_door, an_action, an_org, body_of, notified, with_fields


async def events_of(body: bytes, door: Door | None = None) -> list[IngestionEvent]:
    """The events of one accepted call."""
    door = door or await a_door()
    before = len(door.queued)
    assert (await door.post(body)).status == 200
    return door.queued[before:]


def payload(event: IngestionEvent) -> dict[str, object]:
    """Without the attributes we add."""
    return {name: value for name, value in (event.payload or {}).items() if name != "attributes"}


# What an event says


async def test_an_event_says_whose_record_was_seen_when_and_in_which_version() -> None:
    record = an_org().create("Opportunity")
    door = await a_door()

    [event] = await events_of(body_of(record), door)

    assert (event.tenant_id, event.connection_id) == ("acme", "salesforce:00D000000000062EAA")
    assert (event.source, event.record_type, event.source_id, event.event_type) == ("salesforce", "Opportunity", record.id, "update")
    assert event.observed_at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert event.vendor_version == "001772452807000"
    assert (event.payload or {})["attributes"] == {"type": "Opportunity", "notificationId": notified(record)[0].id}


async def test_an_event_speaks_for_the_fields_the_message_carries_and_for_no_others() -> None:
    record = with_fields(an_org().create("Opportunity", Name="Rockets", StageName="Qualification"), Amount=None, NextStep="call")

    [event] = await events_of(body_of(record))

    assert event.coverage == ("Id", "Name", "StageName", "SystemModstamp")
    assert payload(event) == {
        "Id": record.id,
        "Name": "Rockets",
        "StageName": "Qualification",
        "SystemModstamp": "2026-03-02T12:00:07.000Z",
    }


async def test_a_field_that_says_nil_is_cleared() -> None:
    record = with_fields(an_org().create("Opportunity"), Amount=None)

    [event] = await events_of(body_of(record, form=Form(nil_fields=frozenset({"Amount"}))))

    assert payload(event)["Amount"] is None
    assert "Amount" in event.coverage


async def test_the_field_called_type_is_not_the_records_type() -> None:
    record = an_org().create("Account", Type="Competitor")

    [event] = await events_of(body_of(record, action=an_action("Account", "Name", "Type")))

    assert event.record_type == "Account"
    assert payload(event)["Type"] == "Competitor"


async def test_text_is_whole_around_comments_entities_and_character_data() -> None:
    body = body_of(with_fields(an_org().create("Opportunity"), Name="NAME"))

    [event] = await events_of(body.replace(b"NAME", b"R&amp;D <!-- hush -->&#x1F680;<![CDATA[ <b>&]]> "))

    assert payload(event)["Name"] == "R&D 🚀 <b>& "


async def test_a_compound_field_is_its_parts() -> None:
    body = body_of(with_fields(an_org().create("Opportunity"), Name="NAME"))

    [event] = await events_of(body.replace(b"NAME", b'<sf:city>Ulm</sf:city><sf:code xsi:nil="1"/>'))

    assert payload(event)["Name"] == {"city": "Ulm", "code": None}


# Any way of writing it


@pytest.mark.parametrize(
    "form",
    [
        Form(pretty=False),
        Form(soap_prefix="S", outbound_prefix="out", sobject_prefix="e", xsi_prefix="i"),
        Form(soap_prefix="sf", outbound_prefix="xsd2", sobject_prefix="soapenv", xsi_prefix="x"),
        Form(pretty=False, outbound_prefix="n"),
    ],
    ids=["without white space", "other prefixes", "prefixes of others", "one line, prefixed"],
)
async def test_the_same_message_is_read_alike_however_it_is_written(form: Form) -> None:
    records = [an_org(seed).create("Opportunity") for seed in range(3)]

    plain, other = [await events_of(body_of(*records, form=written)) for written in (Form(), form)]

    assert [event.id for event in other] == [event.id for event in plain]
    assert [(event.payload, event.coverage, event.record_type) for event in other] == [
        (event.payload, event.coverage, event.record_type) for event in plain
    ]


async def test_ids_of_15_characters_are_those_of_18() -> None:
    record = an_org().create("Opportunity")
    door = await a_door()

    [event] = await events_of(body_of(record, form=Form(ids_of_15=True)), door)

    assert event.source_id == record.id
    assert await door.pipeline.run() == 1
    [long] = await events_of(body_of(record, seed=3), door)
    assert await door.pipeline.run() == 1
    assert (len(str(payload(event)["Id"])), len(str(payload(long)["Id"]))) == (15, 18)
    assert len(door.pipeline.shards.all()) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
async def test_another_encoding_that_is_declared_is_read(encoding: str) -> None:
    text = body_of(with_fields(an_org().create("Opportunity"), Name="Zürich")).decode()

    [event] = await events_of(text.replace('"UTF-8"', f'"{encoding.removesuffix("-sig")}"').encode(encoding))

    assert payload(event)["Name"] == "Zürich"


XML_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="￾￿"), min_size=1, max_size=40)


@given(values=st.lists(st.tuples(XML_TEXT, XML_TEXT), min_size=1, max_size=5), pretty=st.booleans())
@settings(max_examples=40, deadline=None)
def test_whatever_a_field_holds_is_read_as_it_was_written(values: list[tuple[str, str]], *, pretty: bool) -> None:
    org = an_org()
    records = [with_fields(org.create("Opportunity"), Name=name, NextStep=step) for name, step in values]

    message = soap.read(body_of(*records, action=an_action("Opportunity", "Name", "NextStep"), form=Form(pretty=pretty)))

    assert message.organization_id == ORGANIZATION
    assert [(seen.fields["Name"], seen.fields["NextStep"]) for seen in message.notifications] == values


# Versions


@pytest.mark.parametrize(
    ("written", "version"),
    [
        ("2026-03-02T12:00:07.000Z", "001772452807000"),
        ("2026-03-02T12:00:07.001Z", "001772452807001"),
        ("2026-03-02T12:00:08.019Z", "001772452808019"),
        ("2026-03-02T13:00:07+01:00", "001772452807000"),
        ("2026-03-02T12:00:07", "001772452807000"),
        ("yesterday", None),
    ],
)
async def test_a_version_is_the_milliseconds_of_system_modstamp(written: str, version: str | None) -> None:
    body = body_of(an_org().create("Opportunity")).replace(b"2026-03-02T12:00:07.000Z", written.encode())

    [event] = await events_of(body)

    assert event.vendor_version == version


async def test_a_message_without_system_modstamp_is_legal() -> None:
    [event] = await events_of(body_of(an_org().create("Opportunity"), action=an_action("Opportunity", "Name")))

    assert event.vendor_version is None
    assert event.coverage == ("Id", "Name")


async def test_versions_sort_as_text() -> None:
    org = an_org()
    moments = [datetime(year, 9, 9, 1, 46, 39 + second, tzinfo=UTC) for year in (1999, 2001, 2026) for second in (0, 1)]

    events = [(await events_of(body_of(org.create("Opportunity", at=moment))))[0] for moment in moments]

    versions = [event.vendor_version or "" for event in events]
    assert versions == sorted(versions)
    assert len(set(versions)) == 6
