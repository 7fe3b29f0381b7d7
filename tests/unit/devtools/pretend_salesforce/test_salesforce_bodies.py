"""The pretend Salesforce without a network: message bodies, hostile ones included."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from xml.etree.ElementTree import ParseError

import pytest
from defusedxml import DTDForbidden, EntitiesForbidden
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from devtools.vendors.salesforce import hostile
from devtools.vendors.salesforce.outbound_message import Action, Form, Notification, new_action, render, text_of
from tests.unit.devtools.pretend_salesforce.invented import (
    ORGANIZATION,
    OUT,
    SF,
    SOAP,
    URL,
    XSI,
    an_action,
    an_org,
    fields_of,
    notifications_of,
)


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
