"""The pretend Salesforce without a network: ids, records, message bodies, answers, schedule, queue and fault plan."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from xml.etree.ElementTree import Element, ParseError

import pytest
from defusedxml import DTDForbidden, EntitiesForbidden
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce import hostile
from devtools.vendors.salesforce.__main__ import main
from devtools.vendors.salesforce.acknowledgement import Answer, answer_to
from devtools.vendors.salesforce.backlog import Backlog, Pending, RetrySchedule
from devtools.vendors.salesforce.faults import Fault, FaultPlan
from devtools.vendors.salesforce.ids import PREFIXES, long_id, random_id, short_id
from devtools.vendors.salesforce.ledger import Delivery, Ledger, State
from devtools.vendors.salesforce.outbound_message import Action, Form, Notification, new_action, render, text_of
from devtools.vendors.salesforce.records import ObjectName, PretendOrg

NOON = datetime(2026, 3, 2, 12, 0, 0, 999_999, tzinfo=UTC)
ORGANIZATION = "00D000000000062EAA"
URL = "http://127.0.0.1:7071/api/webhooks/salesforce/key"
OUT = "{http://soap.sforce.com/2005/09/outbound}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def an_org(seed: int = 1) -> PretendOrg:
    return PretendOrg(ORGANIZATION, Random(seed), lambda: NOON)


def an_action(object_name: ObjectName = "Opportunity", *fields: str) -> Action:
    return Action("04kRi0000061wbCIAQ", object_name, fields, URL)


def notifications_of(body: bytes) -> list[Element]:
    return list(fromstring(body).iter(f"{OUT}Notification"))


def fields_of(body: bytes) -> list[tuple[str, str | None]]:
    """Names without namespace and texts of the first notification's fields, in document order."""
    s_object = next(fromstring(body).iter(f"{OUT}sObject"))
    return [(element.tag.removeprefix(SF), element.text) for element in s_object]


# Ids


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("a0D30000001n7Pi", "a0D30000001n7PiEAI"),  # no capital in a chunk, one, two
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),
        ("00D8c000002JHMD", "00D8c000002JHMDEA4"),  # the third chunk needs the digits after Z
        ("04kRi0000061wbC", "04kRi0000061wbCIAQ"),
        ("006000000000000", "006000000000000AAA"),
        ("ABCDEABCDEABCDE", "ABCDEABCDEABCDE555"),
    ],
)
def test_the_three_last_characters_say_which_are_capitals(short: str, long: str) -> None:
    assert long_id(short) == long
    assert short_id(long) == short


@pytest.mark.parametrize("wrong", ["", "00600000000000", "0060000000000000", "00600000000000-", "00600000000000é"])
def test_what_is_not_an_id_has_no_long_form(wrong: str) -> None:
    with pytest.raises(ValueError, match="not a 15-character"):
        long_id(wrong)


def test_a_wrong_check_character_is_noticed() -> None:
    with pytest.raises(ValueError, match="check characters"):
        short_id("001A0000006Vm9rIAA")


@given(st.text("abcXYZ019", min_size=15, max_size=15), st.text("abcXYZ019", min_size=15, max_size=15))
def test_long_ids_differ_even_for_software_that_ignores_case(one: str, other: str) -> None:
    assert (long_id(one).lower() == long_id(other).lower()) == (one == other)


@pytest.mark.parametrize("kind", PREFIXES)
def test_a_random_id_has_its_kinds_prefix_and_valid_check_characters(kind: str) -> None:
    made = random_id(kind, Random(7))

    assert made.startswith(PREFIXES[kind])
    assert long_id(short_id(made)) == made


# Records


def test_two_seeds_make_two_organizations_and_one_seed_one() -> None:
    first, again, other = an_org(1), an_org(1), an_org(2)

    for org in (first, again, other):
        org.populate(accounts=2, contacts=2, opportunities=2)

    names = [[record.fields["Name"] for record in org.records("Opportunity")] for org in (first, again, other)]
    ids = [[record.id for record in org.records("Opportunity")] for org in (first, again, other)]
    assert names[0] == names[1]
    assert ids[0] == ids[1]
    assert set(ids[0]).isdisjoint(ids[2])


def test_contacts_and_opportunities_belong_to_accounts_of_the_organization() -> None:
    org = an_org()

    ids = org.populate(accounts=3, contacts=20, opportunities=20)

    owners = {record.fields["AccountId"] for record in (*org.records("Contact"), *org.records("Opportunity"))}
    assert owners == set(ids["Account"])


def test_every_invented_person_has_an_address_at_example_com() -> None:
    org = an_org()
    org.populate(accounts=5, contacts=200, opportunities=0)

    addresses = [str(record.fields["Email"]) for record in org.records("Contact") if record.fields["Email"]]
    assert len(addresses) > 100
    assert all(address.isascii() and address.endswith(".example.com") for address in addresses)


def test_some_optional_fields_are_empty_and_required_ones_never() -> None:
    org = an_org()
    org.populate(accounts=50, contacts=50, opportunities=50)

    opportunities = org.records("Opportunity")
    assert {record.fields["Amount"] is None for record in opportunities} == {True, False}
    assert all(record.fields[name] for record in opportunities for name in ("Name", "StageName", "CloseDate", "OwnerId"))
    assert all(record.fields["LastName"] for record in org.records("Contact"))


def test_a_stage_sets_probability_forecast_and_flags() -> None:
    org = an_org()
    opportunity = org.create("Opportunity", StageName="Prospecting", Amount=Decimal("2000.50"), CloseDate=date(2026, 8, 31))
    assert opportunity.fields["ExpectedRevenue"] == Decimal("200.05")

    won = org.edit(opportunity.id, StageName="Closed Won").fields

    assert (won["Probability"], won["ForecastCategoryName"], won["IsClosed"], won["IsWon"]) == (100, "Closed", True, True)
    assert won["ExpectedRevenue"] == Decimal("2000.50")
    assert (won["FiscalYear"], won["FiscalQuarter"]) == (2026, 3)


def test_a_probability_set_by_hand_outlives_the_stage_saved_with_it() -> None:
    org = an_org()

    opportunity = org.create("Opportunity", StageName="Qualification", Probability=Decimal(35))

    assert opportunity.fields["Probability"] == 35
    assert org.edit(opportunity.id, NextStep="Call").fields["Probability"] == 35


def test_a_stage_nobody_knows_is_kept_and_implies_nothing() -> None:
    org = an_org()
    opportunity = org.create("Opportunity", StageName="Qualification")

    edited = org.edit(opportunity.id, StageName="Verbally agreed").fields

    assert (edited["StageName"], edited["Probability"]) == ("Verbally agreed", 10)


def test_a_contacts_name_follows_its_parts() -> None:
    org = an_org()
    contact = org.create("Contact", FirstName="Ada", LastName="Brandt")
    assert contact.fields["Name"] == "Ada Brandt"

    assert org.edit(contact.id, FirstName=None).fields["Name"] == "Brandt"


def test_two_edits_in_one_second_share_their_system_modstamp() -> None:
    org = an_org()
    account = org.create("Account", at=NOON - timedelta(hours=1))

    first = org.edit(account.id, at=NOON, Name="First")
    second = org.edit(account.id, at=NOON.replace(microsecond=0), Name="Second")

    assert first.system_modstamp == second.system_modstamp == datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
    assert org.record(account.id).fields["Name"] == "Second"


@given(st.lists(st.integers(min_value=-100_000, max_value=100_000), min_size=1, max_size=10))
def test_system_modstamp_never_goes_back_and_has_whole_seconds(offsets_ms: list[int]) -> None:
    org = an_org()
    stamps = [org.create("Account").system_modstamp]
    account_id = org.records("Account")[0].id

    stamps += [org.edit(account_id, at=NOON + timedelta(milliseconds=ms), Phone=str(ms)).system_modstamp for ms in offsets_ms]

    assert stamps == sorted(stamps)
    assert all(stamp.microsecond == 0 for stamp in stamps)


def test_an_import_can_set_last_modified_date_but_not_system_modstamp() -> None:
    org = an_org()
    account = org.create("Account")
    old = datetime(2019, 1, 1, tzinfo=UTC)

    imported = org.edit(account.id, at=NOON + timedelta(minutes=1), LastModifiedDate=old)

    assert imported.fields["LastModifiedDate"] == old
    assert imported.system_modstamp == datetime(2026, 3, 2, 12, 1, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="SystemModstamp"):
        org.edit(account.id, SystemModstamp=old)


def test_a_misspelt_field_is_refused_and_a_custom_one_taken() -> None:
    org = an_org()

    with pytest.raises(ValueError, match="INVALID_FIELD: Account has no Naem"):
        org.create("Account", Naem="x")
    assert org.create("Account", Region__c="North").fields["Region__c"] == "North"


def test_a_deleted_record_is_gone_and_a_sandbox_copy_can_have_its_id() -> None:
    org, sandbox = an_org(1), an_org(2)
    account = org.create("Account")
    sandbox.create("Account", Id=account.id)

    org.delete(account.id)

    assert org.find(account.id) is None
    assert org.records("Account") == []
    assert sandbox.record(account.id).id == account.id


# Message bodies


def test_a_message_is_what_salesforce_sends() -> None:
    org = an_org()
    opportunity = org.create(
        "Opportunity",
        Id="0067F000003pmdWQAQ",
        Name="Paper & Print <new>",
        Amount=Decimal(120_000),
        CloseDate=date(2026, 4, 3),
        LeadSource=None,
    )
    action = an_action("Opportunity", "SystemModstamp", "Name", "LeadSource", "Amount", "CloseDate", "IsPrivate")

    body = render("00D7F00000107XsUAI", action, [Notification("04l7F000008aeAyQAI", opportunity)])

    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        " <soapenv:Body>\n"
        '  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">\n'
        "   <OrganizationId>00D7F00000107XsUAI</OrganizationId>\n"
        "   <ActionId>04kRi0000061wbCIAQ</ActionId>\n"
        '   <SessionId xsi:nil="true"/>\n'
        "   <EnterpriseUrl>https://pretend-00d7f00000107xs.my.salesforce.com/services/Soap/c/67.0/00D7F00000107Xs</EnterpriseUrl>\n"
        "   <PartnerUrl>https://pretend-00d7f00000107xs.my.salesforce.com/services/Soap/u/67.0/00D7F00000107Xs</PartnerUrl>\n"
        "   <Notification>\n"
        "    <Id>04l7F000008aeAyQAI</Id>\n"
        '    <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">\n'
        "     <sf:Id>0067F000003pmdWQAQ</sf:Id>\n"
        "     <sf:Amount>120000.0</sf:Amount>\n"
        "     <sf:CloseDate>2026-04-03</sf:CloseDate>\n"
        "     <sf:IsPrivate>false</sf:IsPrivate>\n"
        "     <sf:Name>Paper &amp; Print &lt;new&gt;</sf:Name>\n"
        "     <sf:SystemModstamp>2026-03-02T12:00:00.000Z</sf:SystemModstamp>\n"
        "    </sObject>\n"
        "   </Notification>\n"
        "  </notifications>\n"
        " </soapenv:Body>\n"
        "</soapenv:Envelope>"
    )


def test_only_ticked_fields_and_the_id_are_carried_and_empty_ones_are_absent() -> None:
    opportunity = an_org().create("Opportunity", Amount=None, Name="Deal", NextStep="")

    body = render(ORGANIZATION, an_action("Opportunity", "Name", "Amount", "NextStep"), [Notification("04l", opportunity)])

    assert fields_of(body) == [("Id", opportunity.id), ("Name", "Deal")]


def test_a_test_may_ask_for_nil_instead_of_absence() -> None:
    opportunity = an_org().create("Opportunity", Amount=None, NextStep=None)
    form = Form(nil_fields={"Amount"})

    body = render(ORGANIZATION, an_action("Opportunity", "Amount", "NextStep"), [Notification("04l", opportunity)], form)

    amount = next(fromstring(body).iter(f"{SF}Amount"))
    assert amount.get(f"{XSI}nil") == "true"
    assert [name for name, _ in fields_of(body)] == ["Id", "Amount"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (Decimal("120000"), "120000.0"),
        (Decimal("0.10"), "0.1"),
        (Decimal(0), "0.0"),
        (-3.5, "-3.5"),
        (Decimal("9999999.99"), "9999999.99"),
        (Decimal("10000000"), "1.0E7"),
        (Decimal("12345678"), "1.2345678E7"),
        (Decimal("139000000"), "1.39E8"),
        (-0.0005, "-5.0E-4"),
        (5000, "5000"),
        (date(2026, 1, 9), "2026-01-09"),
        (datetime(2026, 1, 9, 8, 7, 6, tzinfo=UTC), "2026-01-09T08:07:06.000Z"),
    ],
)
def test_values_are_written_as_salesforce_writes_them(value: bool | Decimal | float | date, text: str) -> None:
    assert text_of(value) == text


@given(st.decimals(min_value=-10_000_000_000, max_value=10_000_000_000, places=2))
def test_a_number_can_be_read_back(number: Decimal) -> None:
    assert Decimal(text_of(number)) == number


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from("\r\n\t<>&\"'"),
        min_size=1,
    )
)
def test_any_text_arrives_as_it_was(name: str) -> None:
    account = an_org().create("Account", Name=name)

    for form in (Form(), Form(pretty=False)):
        body = render(ORGANIZATION, an_action("Account", "Name"), [Notification("04l", account)], form)
        assert fields_of(body)[1:] == [("Name", name)]


def test_characters_xml_cannot_carry_are_left_out() -> None:
    account = an_org().create("Account", Name="a\x00b\x1b\ufffe\ud800c")

    assert fields_of(render(ORGANIZATION, an_action("Account", "Name"), [Notification("04l", account)]))[1:] == [("Name", "abc")]


def test_the_elements_of_a_message_keep_their_order() -> None:
    org = an_org()
    org.populate(accounts=0, contacts=3, opportunities=0)
    action = new_action("Contact", URL, Random(1))

    body = render(ORGANIZATION, action, [Notification(f"04l{n}", contact) for n, contact in enumerate(org.records("Contact"))])

    notifications = fromstring(body)[0][0]
    assert [child.tag.removeprefix(OUT) for child in notifications] == [
        *("OrganizationId", "ActionId", "SessionId", "EnterpriseUrl", "PartnerUrl"),
        *("Notification", "Notification", "Notification"),
    ]
    names = [name for name, _ in fields_of(body)]
    assert names[0] == "Id"
    assert names[1:] == sorted(names[1:])


@pytest.mark.parametrize(
    "form",
    [
        Form(pretty=False),
        Form(soap_prefix="S", sobject_prefix="ns2", xsi_prefix="i"),
        Form(outbound_prefix="out"),
        Form(soap_prefix="a", outbound_prefix="b", sobject_prefix="c", xsi_prefix="d", pretty=False),
    ],
)
def test_the_same_message_in_another_form_means_the_same(form: Form) -> None:
    org = an_org()
    contact, action = org.create("Contact"), new_action("Contact", URL, Random(1))

    body = render(ORGANIZATION, action, [Notification("04l", contact)], form)

    assert fields_of(body) == fields_of(render(ORGANIZATION, action, [Notification("04l", contact)]))
    s_object = next(fromstring(body).iter(f"{OUT}sObject"))
    assert s_object.get(f"{XSI}type") == f"{form.sobject_prefix}:Contact"
    assert (b"\n" in body) is form.pretty
    assert fromstring(body).tag == f"{SOAP}Envelope"


def test_ids_of_15_characters_can_be_asked_for() -> None:
    org = an_org()
    org.create("Account", Id="001A0000006Vm9rIAC")
    opportunity = org.create("Opportunity")

    body = render(
        ORGANIZATION, an_action("Opportunity", "AccountId"), [Notification("04lRi00000SEBI1IAP", opportunity)], Form(ids_of_15=True)
    )

    assert fields_of(body) == [("Id", opportunity.id[:15]), ("AccountId", "001A0000006Vm9r")]
    assert fromstring(body).findtext(f".//{OUT}OrganizationId") == "00D000000000062"
    assert fromstring(body).findtext(f".//{OUT}Notification/{OUT}Id") == "04lRi00000SEBI1"


def test_a_session_id_is_sent_by_the_action_that_sends_one() -> None:
    account = an_org().create("Account")
    action = Action("04kRi0000061wbCIAQ", "Account", (), URL, session_id="00D!pretend")

    assert fromstring(render(ORGANIZATION, action, [Notification("04l", account)])).findtext(f".//{OUT}SessionId") == "00D!pretend"


def test_a_notification_can_be_repeated_in_one_message() -> None:
    account = an_org().create("Account")

    body = render(ORGANIZATION, an_action("Account"), [Notification("04lRi00000SEBI1IAP", account)] * 2)

    assert [n.findtext(f"{OUT}Id") for n in notifications_of(body)] == ["04lRi00000SEBI1IAP"] * 2


def test_a_record_deleted_before_sending_is_notified_without_data() -> None:
    body = render(ORGANIZATION, an_action("Account", "Name"), [Notification("04lRi00000SEBI1IAP", None)])

    assert fields_of(body) == []
    assert notifications_of(body)[0].findtext(f"{OUT}Id") == "04lRi00000SEBI1IAP"


@pytest.mark.parametrize("count", [0, 101])
def test_a_message_has_one_to_a_hundred_notifications(count: int) -> None:
    account = an_org().create("Account")

    with pytest.raises(ValueError, match=f"1 to 100 notifications, not {count}"):
        render(ORGANIZATION, an_action("Account"), [Notification("04l", account)] * count)


def test_a_message_is_about_one_object() -> None:
    with pytest.raises(ValueError, match="is for Account, not Contact"):
        render(ORGANIZATION, an_action("Account"), [Notification("04l", an_org().create("Contact"))])


# Hostile bodies


def a_body() -> bytes:
    return render(ORGANIZATION, an_action("Account", "Name"), [Notification("04l", an_org().create("Account", Name="Larch"))])


@pytest.mark.parametrize(
    "body",
    [
        hostile.with_document_type(a_body()),
        hostile.with_entity_bomb(a_body()),
        hostile.with_quadratic_bomb(a_body()),
        hostile.with_external_entity(a_body()),
        hostile.with_external_document_type(a_body(), "http://127.0.0.1:9/evil.dtd"),
    ],
)
def test_every_hostile_body_is_one_a_careful_parser_refuses_for_its_document_type(body: bytes) -> None:
    with pytest.raises(DTDForbidden):
        fromstring(body, forbid_dtd=True)


@pytest.mark.parametrize("attack", [hostile.with_entity_bomb, hostile.with_quadratic_bomb])
def test_an_entity_attack_declares_and_uses_its_entity(attack: object) -> None:
    assert callable(attack)
    body = attack(a_body())

    assert b"Larch" not in body
    with pytest.raises(EntitiesForbidden):
        fromstring(body)


def test_an_entity_attack_is_well_formed_so_only_care_refuses_it() -> None:
    body = hostile.with_entity_bomb(a_body(), levels=2, copies=3)

    assert ("Name", "lol" * 9) in fields_of_expanded(body)


def fields_of_expanded(body: bytes) -> list[tuple[str, str | None]]:
    s_object = next(fromstring(body, forbid_entities=False).iter(f"{OUT}sObject"))
    return [(element.tag.removeprefix(SF), element.text) for element in s_object]


def test_a_truncated_body_is_malformed() -> None:
    with pytest.raises(ParseError):
        fromstring(hostile.truncated(a_body()))


# Answers


def soap(ack: str, *, response: str = "notificationsResponse", namespace: str = "http://soap.sforce.com/2005/09/outbound") -> bytes:
    content = f'<{response} xmlns="{namespace}">{ack}</{response}>'
    return f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{content}</e:Body></e:Envelope>'.encode()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (200, soap("<Ack>true</Ack>"), Answer.ACKNOWLEDGED),
        (200, soap("<Ack> 1\n</Ack>"), Answer.ACKNOWLEDGED),
        (200, soap("<Ack>false</Ack>"), Answer.REFUSED),
        (200, soap("<Ack>yes</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack/>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap(""), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>", response="notifications"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>", namespace="urn:other"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack xmlns=''>true</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, soap("<Ack>true</Ack>").replace(b"/soap/envelope/", b"/soap/other/"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"<!DOCTYPE a>" + soap("<Ack>true</Ack>"), Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b'<?xml version="1.0" encoding="no-such"?><a/>', Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"OK", Answer.NOT_AN_ACKNOWLEDGEMENT),
        (200, b"", Answer.NOT_AN_ACKNOWLEDGEMENT),
        (202, soap("<Ack>true</Ack>"), Answer.HTTP_ERROR),
        (503, b"", Answer.HTTP_ERROR),
    ],
)
def test_only_a_soap_acknowledgement_with_200_counts(status: int, body: bytes, answer: Answer) -> None:
    assert answer_to(status, body) is answer


# Schedule, queue, faults, ledger


def test_pauses_grow_from_seconds_to_two_hours() -> None:
    schedule = RetrySchedule()

    assert [schedule.pause_seconds(tries) for tries in (1, 2, 3, 11, 12, 10_000)] == [5, 10, 20, 5120, 7200, 7200]


def pending(name: str, action: Action) -> Pending:
    return Pending(name, action, "001", notified_at=0.0)


def names(taken: Iterable[Pending]) -> list[str]:
    return [one.notification_id for one in taken]


def test_a_message_takes_due_notifications_of_one_action_and_actions_take_turns() -> None:
    backlog = Backlog(FaultPlan())
    accounts, contacts = an_action("Account"), an_action("Contact")
    for number in range(5):
        backlog.add(pending(f"a{number}", accounts), due_at=0.0)
        backlog.add(pending(f"c{number}", contacts), due_at=0.0)
    backlog.add(pending("later", accounts), due_at=60.0)

    batches = [names(backlog.take(10.0, limit=3)) for _ in range(5)]

    assert batches == [["a0", "a1", "a2"], ["c0", "c1", "c2"], ["a3", "a4"], ["c3", "c4"], []]
    assert backlog.seconds_until_due(10.0) == 50.0
    assert names(backlog.take(60.0, limit=3)) == ["later"]
    assert backlog.seconds_until_due(60.0) is None
    assert len(backlog) == 0


def test_a_reordering_plan_takes_everything_once_in_an_order_its_seed_decides() -> None:
    orders = []
    for seed in (1, 1, 2):
        plan = FaultPlan(seed, reorders=True)
        backlog = Backlog(plan)
        for number in range(20):
            backlog.add(pending(str(number), an_action()), due_at=0.0)
        orders.append([name for _ in range(10) for name in names(backlog.take(0.0, limit=2))])
        assert plan.fired[Fault.REORDERED] > 0

    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0], key=int) == [str(number) for number in range(20)]


def test_a_plan_names_calls_by_number_or_by_share() -> None:
    plan = FaultPlan(3, drop_acknowledgement_calls={2}, delay_seconds_of_calls={1: 0.5}, duplicate_share=0.5)

    calls = [plan.of_call(call) for call in range(1, 101)]

    assert [call for call, faults in enumerate(calls, start=1) if faults.drops_acknowledgement] == [2]
    assert [faults.delay_seconds for faults in calls[:2]] == [0.5, 0.0]
    assert 30 < sum(faults.is_duplicated for faults in calls) < 70
    assert not plan.fired


def test_the_ledger_tells_what_the_receiver_got_from_what_the_sender_heard() -> None:
    ledger = Ledger()
    for number, answer in enumerate((Answer.ACKNOWLEDGED, Answer.ACKNOWLEDGEMENT_LOST, Answer.HTTP_ERROR)):
        ledger.notified(f"04l{number}", f"001{number}")
        ledger.delivered(Delivery(number, f"04l{number}", f"001{number}", "Account", "04k", 1, None, answer, 200))
    ledger.dropped("04l2")

    assert ledger.received() == {"04l0", "04l1"}
    assert ledger.counts() == {State.WAITING: 1, State.ACKNOWLEDGED: 1, State.DROPPED: 1}
    assert ledger.notification_ids(State.DROPPED) == ["04l2"]
    assert (ledger.record_of("04l1"), ledger.attempts("04l1")) == ("0011", 1)


# The command line


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--url", "ftp://example.com"], "not an http or https address"),
        (["--url", "http://127.0.0.1:9/", "--accounts", "-1"], "cannot be negative"),
        (["--url", "http://127.0.0.1:9/", "--organization-id", "00D000000000062AAA"], "check characters are wrong"),
        (["--url", "http://127.0.0.1:9/", "--organization-id", "001A0000006Vm9r"], "starts with 00D"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_arguments(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err
