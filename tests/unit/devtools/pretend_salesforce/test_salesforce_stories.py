"""The pretend Salesforce without a network: what its records are described with, and that it arrives as it was written."""

from collections.abc import Callable
from operator import mul

import pytest

from benchmarks.retrieval import content_words
from devtools.vendors.salesforce.outbound_message import Form, Notification, render
from devtools.vendors.salesforce.records import ObjectName
from devtools.vendors.salesforce.stories import ACCOUNT_STORIES, OPPORTUNITY_STORIES, Story, paraphrase_of
from ingestion.sources.salesforce import soap
from shared.conversions.salesforce import OPPORTUNITY
from shared.embeddings.offline.minilm import MiniLm
from shared.embeddings.offline.package import find_weights
from tests.unit.devtools.pretend_salesforce.invented import ORGANIZATION, an_action, an_org

STORIES = (*OPPORTUNITY_STORIES, *ACCOUNT_STORIES)

each_story = pytest.mark.parametrize("story", [pytest.param(story, id=story.paraphrase) for story in STORIES])


def one_passage(text: str) -> list[str]:
    return [text]


def paragraphs(text: str) -> list[str]:
    return text.split("\n\n")


@pytest.mark.parametrize(("object_name", "stories"), [("Opportunity", OPPORTUNITY_STORIES), ("Account", ACCOUNT_STORIES)])
def test_most_new_records_tell_one_of_the_stories_and_some_none(object_name: ObjectName, stories: tuple[Story, ...]) -> None:
    org = an_org()

    described = [org.create(object_name).fields["Description"] for _ in range(300)]

    assert {text for text in described if text is not None} == {story.description for story in stories}
    assert 30 < described.count(None) < 90


def test_a_record_can_be_asked_to_tell_a_certain_story() -> None:
    question = "Whose machine keeps failing and often has to be repaired?"
    [story] = [story for story in OPPORTUNITY_STORIES if story.paraphrase == question]

    opportunity = an_org().create("Opportunity", Description=story.description)

    assert paraphrase_of(str(opportunity.fields["Description"])) == question


def test_a_description_that_is_not_a_story_has_no_paraphrase() -> None:
    assert paraphrase_of("Send the revised quote") is None


def test_no_two_stories_are_the_same() -> None:
    assert len(OPPORTUNITY_STORIES) == 12
    assert len({story.description for story in STORIES}) == len({story.paraphrase for story in STORIES}) == len(STORIES)


@each_story
def test_a_paraphrase_shares_no_content_word_with_its_story(story: Story) -> None:
    assert content_words(story.paraphrase) & content_words(story.description) == set()


def test_some_stories_have_paragraphs_and_characters_that_xml_escapes() -> None:
    assert sum(len(story.description.split("\n\n")) in {2, 3} for story in OPPORTUNITY_STORIES) >= 5
    assert any("&" in story.description and "<" in story.description for story in OPPORTUNITY_STORIES)


@each_story
@pytest.mark.parametrize("form", [Form(), Form(pretty=False)])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_story_arrives_with_its_blank_lines(story: Story, form: Form, line_end: str) -> None:
    written = story.description.replace("\n", line_end)
    opportunity = an_org().create("Opportunity", Description=written)

    body = render(ORGANIZATION, an_action("Opportunity", "Description"), [Notification("04l", opportunity)], form)

    [notification] = soap.read(body).notifications
    assert notification.fields["Description"] == written
    assert OPPORTUNITY.fields["description"].read(notification.fields["Description"]) == written


@pytest.fixture(scope="module")
def encoder() -> MiniLm:
    weights = find_weights()
    if weights is None:
        pytest.skip("the offline encoder's weights are not installed")
    return MiniLm(weights)


@pytest.mark.parametrize("passages_of", [one_passage, paragraphs])
def test_the_offline_encoder_finds_every_story_by_its_paraphrase(encoder: MiniLm, passages_of: Callable[[str], list[str]]) -> None:
    told = [(story, passage) for story in STORIES for passage in passages_of(story.description)]
    passages = encoder.encode_now([passage for _, passage in told])

    queries = encoder.encode_now([story.paraphrase for story in STORIES])

    found = [told[max(range(len(told)), key=lambda index: sum(map(mul, query, passages[index])))][0] for query in queries]
    assert found == list(STORIES)


def test_every_question_is_so_near_to_its_story_that_a_record_with_little_more_than_a_name_does_not_come_first(
    encoder: MiniLm,
) -> None:
    """A folder named "Customers" once did, 0.31 against 0.30 of the story: where it was read in time, the first run failed."""
    of_a_name = encoder.encode_now(["Folder: Customers", "Folder: My Drive", "Channel: support", "Account: Öresund Glass S.A."])

    for story in STORIES:
        [question] = encoder.encode_now([story.paraphrase])
        nearness = max(sum(map(mul, question, passage)) for passage in encoder.encode_now(story.description.split("\n\n")))

        assert nearness > 0.35
        assert max(sum(map(mul, question, name)) for name in of_a_name) < 0.35
