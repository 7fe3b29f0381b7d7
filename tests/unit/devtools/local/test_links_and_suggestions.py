"""What ``links`` and ``suggestions`` print, and how suggestions are read page by page."""

from devtools.local.links import rendered as links_rendered
from devtools.local.suggestions import _known, listed, rendered, settled
from tests.unit.devtools.local.linking_story import PretendApi, PretendLinks

DEAL = {"shardId": "s2", "shardTypeId": "c_opportunity", "name": "Alder Bicycles – pilot"}
FILE = {"shardId": "s1", "shardTypeId": "c_file", "name": "Visit.txt"}
LINK = {"id": "e1", "says": "is attached to", "confidence": 0.92, "source": "name", "confirmedBy": None}
SUGGESTION = {
    "id": "g1",
    "says": "is attached to",
    "confidence": 0.7,
    "source": FILE,
    "target": DEAL,
    "why": ["perhaps"],
    "decidedBy": None,
}


def test_links_are_a_table_with_a_line_for_each_reason() -> None:
    inferred = {**LINK, "other": DEAL, "why": ["the file's name holds it", "near its close date"]}
    approved = {**LINK, "id": "e2", "confidence": 1.0, "confirmedBy": "ada@x.example", "other": {**DEAL, "name": None}, "why": []}

    assert links_rendered([inferred, approved]).splitlines() == [
        "it              what                         confidence  says who       why                       link",
        "--------------  ---------------------------  ----------  -------------  ------------------------  ----",
        "is attached to  deal Alder Bicycles – pilot  0.92        name           the file's name holds it  e1",
        "                                                                        near its close date",
        "is attached to  deal –                       1.0         ada@x.example  –                         e2",
    ]
    assert links_rendered([]) == "it is linked to nothing"


def test_suggestions_are_a_table_with_the_id_that_settles_them() -> None:
    lines = rendered([SUGGESTION, {**SUGGESTION, "id": "g2", "why": ["a", "b"], "decidedBy": "ada"}], has_more=True).splitlines()

    assert lines == [
        "what            it is suggested  what                         confidence  why      settled by  id",
        "--------------  ---------------  ---------------------------  ----------  -------  ----------  --",
        "file Visit.txt  is attached to   deal Alder Bicycles – pilot  0.7         perhaps  –           g1",
        "file Visit.txt  is attached to   deal Alder Bicycles – pilot  0.7         a        ada         g2",
        "                                                                          b",
        "",
        "there are more: say --most",
    ]
    assert rendered([]) == "there are none"


def test_a_settled_suggestion_is_a_sentence() -> None:
    decided = {**SUGGESTION, "status": "rejected", "decidedBy": "ada@x.example", "reason": None}

    assert settled(decided) == "rejected by ada@x.example: file Visit.txt is attached to deal Alder Bicycles – pilot"
    assert settled({**decided, "reason": "another visit"}).endswith("pilot (another visit)")


def some_api(count: int, *, page: int = 2) -> PretendApi:
    told = PretendLinks.right()
    told.pending = [{**told.pending[0], "id": f"g{number}"} for number in range(count)]
    return PretendApi(told, "ada@x.example", may_see=True, page=page)


async def test_all_pages_are_one_list() -> None:
    answer = await listed(some_api(5))

    assert ([one["id"] for one in answer.body["suggestedLinks"]], answer.body["cursor"]) == (["g0", "g1", "g2", "g3", "g4"], None)


async def test_no_more_are_listed_than_are_wanted_and_it_is_said_that_there_are_more() -> None:
    answer = await listed(some_api(5), most=3)

    assert ([one["id"] for one in answer.body["suggestedLinks"]], answer.body["cursor"]) == (["g0", "g1", "g2"], "3")


async def test_a_page_that_cannot_be_had_is_the_answer() -> None:
    api = some_api(5)
    api.refuses = ("get",)

    assert (await listed(api)).status == 503
    assert await _known(api, "g") == await listed(api)


async def test_a_suggestion_is_known_by_the_beginning_of_its_id_whatever_became_of_it() -> None:
    api = some_api(3)
    await api.post("suggested-links/g1/reject")

    assert (await _known(api, "g1"), await _known(api, "g"), await _known(api, "h")) == (["g1"], ["g0", "g2", "g1"], [])
