"""Ids of records: which links and texts hold one, and which only look so."""

import pytest

from processors.enrichment.entities.native_ids import bare_ids, linked_id, marked_ids
from shared.conversions.identifiers import salesforce_id

DEAL_SHORT = "0065g00000ABCDE"
DEAL = "0065g00000ABCDEAA5"
ACCOUNT = "0015g00000XyZaBAAV"
FILE = "1pRcOfferPdfNw7Ab"
ORG = "https://acme.lightning.force.com"
CLASSIC = "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    "url",
    [
        f"{ORG}/lightning/r/Opportunity/{DEAL}/view",
        f"{ORG}/lightning/r/{DEAL_SHORT}/view",
        f"{ORG}/one/one.app#/sObject/{DEAL}/view",
        f"{ORG}/one/one.app?source=alohaHeader#%2FsObject%2F{DEAL}%2Fview",
        f"{ORG}/lightning/r/Opportunity/{DEAL}/view?ws=%2Flightning%2Fr%2FAccount%2F{ACCOUNT}%2Fview",
        f"{CLASSIC}/{DEAL_SHORT}",
        f"{CLASSIC}/{DEAL}/e?retURL=%2F{ACCOUNT}",
        f"{CLASSIC}/apex/Quote?retURL=%2F{ACCOUNT}&id={DEAL_SHORT}",
        f"https://na1.salesforce.com/{DEAL_SHORT}?nooverride=1",
        f"https://acme--uat.sandbox.my.salesforce.com/{DEAL_SHORT}",
        f"https://acme.my.site.com/s/opportunity/{DEAL}/offer",
        f"https://login.salesforce.com/?startURL=%2F{DEAL_SHORT}",
        f"https://eur01.safelinks.example/?url=https%3A%2F%2Facme.lightning.force.com%2Flightning%2Fr%2FOpportunity%2F{DEAL}%2Fview&data=05",
        f"https://quotes.example/new?opportunity={DEAL}",
    ],
)
def test_a_link_to_a_record_of_salesforce_leads_to_the_record_it_shows(url: str) -> None:
    assert linked_id(url) == f"salesforce:{DEAL}"


def test_a_link_into_the_setup_of_salesforce_leads_to_the_person_it_shows() -> None:
    url = "https://acme.my.salesforce-setup.com/lightning/setup/ManageUsers/page?address=%2F0055g000004AbCd"

    assert linked_id(url) == "salesforce:0055g000004AbCdAAK"


@pytest.mark.parametrize(
    "url",
    [
        f"{ORG}/lightning/r/Opportunity/{DEAL_SHORT}AAA/view",
        f"https://evil-force.example/{DEAL_SHORT}",
        f"https://acme.my.salesforce.com.evil.example/{DEAL_SHORT}",
        f"https://quotes.example/new?opportunity={DEAL_SHORT}",
        "https://quotes.example/new?opportunity=0065g00000ABCDEAAA",
        f"{CLASSIC}/secur/frontdoor.jsp?sid=00D5g000001AbCd!AQEAQ",
        f"{ORG}/lightning/o/Opportunity/list",
    ],
)
def test_a_wrong_check_letter_another_host_and_a_session_are_no_record_of_salesforce(url: str) -> None:
    assert linked_id(url) is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.google.com/file/d/{FILE}/view",
        f"https://drive.google.com/file/u/1/d/{FILE}/edit?usp=drivesdk",
        f"https://docs.google.com/document/d/{FILE}/edit#heading=h.1",
        f"https://docs.google.com/a/acme.example/spreadsheets/d/{FILE}/edit#gid=0",
        f"https://docs.google.com/presentation/u/1/d/{FILE}/edit",
        f"https://docs.google.com/forms/d/{FILE}/edit",
        f"https://docs.google.com/drawings/d/{FILE}/edit",
        f"https://drive.google.com/drive/folders/{FILE}",
        f"https://drive.google.com/drive/u/0/folders/{FILE}?resourcekey=0-abcdef",
        f"https://drive.google.com/open?id={FILE}",
        f"https://drive.google.com/uc?export=download&id={FILE}",
        f"https://drive.google.com/uc?export=download&amp;id={FILE}",
        f"https://drive.google.com/thumbnail?id={FILE}",
        f"https://www.google.com/url?q=https%3A%2F%2Fdrive.google.com%2Ffile%2Fd%2F{FILE}%2Fview&sa=D",
    ],
)
def test_a_link_of_google_drive_leads_to_its_file_or_folder(url: str) -> None:
    assert linked_id(url) == f"gdrive:{FILE}"


@pytest.mark.parametrize(
    "url",
    [
        "https://docs.google.com/forms/d/e/1FAIpQLSd0123456789/viewform",
        f"https://drive.google.com.evil.example/file/d/{FILE}/view",
        f"https://evil-drive.google.com/file/d/{FILE}/view",
        "https://drive.google.com/drive/my-drive",
    ],
)
def test_a_published_form_and_another_host_are_no_file(url: str) -> None:
    assert linked_id(url) is None


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://acme.slack.com/archives/C024BE91L/p1700000000000100", "slack:C024BE91L"),
        ("https://acme.enterprise.slack.com/archives/C024BE91L?thread_ts=1.1", "slack:C024BE91L"),
        ("https://app.slack.com/client/T024BE7LD/C024BE91L/thread/C024BE91L-1700000000.000100", "slack:C024BE91L"),
        ("https://slack.com/app_redirect?channel=C024BE91L", "slack:C024BE91L"),
        ("https://slack.com/app_redirect?team=T024BE7LD&channel=C024BE91L", "slack:C024BE91L"),
        ("https://acme.slack.com/team/U024BE7LH", "slack:U024BE7LH"),
        ("slack://channel?team=T024BE7LD&id=C024BE91L", "slack:C024BE91L"),
        ("https://notslack.com/archives/C024BE91L", None),
        ("https://acme.slack.com/archives/general", None),
        ("https://acme.slack.com/files/U024BE7LH/F024BE91L/offer.pdf", None),
    ],
)
def test_a_link_of_slack_leads_to_its_channel_or_person(url: str, leads_to: str | None) -> None:
    assert linked_id(url) == leads_to


def test_slacks_mark_up_names_people_and_channels() -> None:
    text = "<@U024BE7LH> and <@W1|jo> in <#C024BE91L> <#C0BGRP42Q|harbour-renewal>, not <!subteam^S1> nor <#general>"

    found = list(marked_ids(text))

    assert [one.value for one in found] == ["slack:U024BE7LH", "slack:W1", "slack:C024BE91L", "slack:C0BGRP42Q"]
    assert text[found[3].start : found[3].end] == "<#C0BGRP42Q|harbour-renewal>"


@pytest.mark.parametrize("text", [DEAL, DEAL_SHORT, f"the deal {DEAL}.", f"(#{DEAL_SHORT})", f"offer_{DEAL_SHORT}.pdf"])
def test_an_id_of_salesforce_counts_by_itself(text: str) -> None:
    assert [one.value for one in bare_ids(text)] == [f"salesforce:{DEAL}"]


def test_a_custom_objects_id_counts_by_itself_only_with_its_check_letters() -> None:
    short = "a0B5g000001ABCD"
    whole = salesforce_id(short)

    assert [one.value for one in bare_ids(f"{short} {whole}")] == [f"salesforce:{whole}"]


@pytest.mark.parametrize(
    "text",
    [
        f"{DEAL_SHORT}AAA",  # wrong check letters
        f"x{DEAL}",
        f"{DEAL}x",
        f"ü{DEAL}",
        "001234567890123",  # a number
        "001abcdefghijkl",
        "internationalizati",  # a word of 18 letters
        "administrations",  # one of 15
        "00D5g000001AbCd",  # an organization
        "000000000000000AAA",  # the empty id
    ],
)
def test_what_only_looks_like_an_id_of_salesforce_is_none(text: str) -> None:
    assert list(bare_ids(text)) == []
