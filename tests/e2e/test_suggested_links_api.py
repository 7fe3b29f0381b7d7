"""A person settles what was suggested, looks at links and undoes them: over HTTP, with enrichment behind it."""

import pytest
import pytest_asyncio

from tests.e2e.desks import Desk, laid_out
from tests.e2e.environment import Environment

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(pipeline: Environment) -> Desk:
    """Of a tenant that nobody else has."""
    return await laid_out(pipeline, (await pipeline.tenant()).id)


async def test_what_is_suggested_is_approved_shown_from_both_sides_undone_and_rejected(desk: Desk) -> None:
    harbour, quay = desk.suggestions
    approve, links = f"suggested-links/{harbour}/approve", f"shards/{desk.deals[0]}/links"

    status, listed = await desk.call("GET", "suggested-links", params={"type": "c_file", "limit": "1"})
    assert (status, [one["id"] for one in listed["suggestedLinks"]]) == (200, [harbour])
    assert listed["suggestedLinks"][0]["why"] == ["the file's name holds the deal's amount: EUR 12000.00"]
    status, rest = await desk.call("GET", "suggested-links", params={"type": "c_file", "cursor": listed["cursor"]})
    assert (status, [one["id"] for one in rest["suggestedLinks"]], rest["cursor"]) == (200, [quay], None)

    status, approved = await desk.call("POST", approve, json={"reason": "I was there"})
    assert (status, approved["suggestedLink"]["status"], approved["link"]["confidence"]) == (200, "approved", 1.0)
    assert (approved["link"]["confirmedBy"], approved["link"]["other"]["name"]) == ("ada@acme.example", "Harbour")
    await desk.environment.drained()
    assert await desk.call("POST", approve) == (200, approved)

    status, shown = await desk.call("GET", links)
    assert (status, [(one["direction"], one["says"], one["other"]["name"]) for one in shown["links"]]) == (
        200,
        [("in", "has attached", "Minutes.pdf")],
    )

    status, removed = await desk.call("DELETE", f"{links}/{shown['links'][0]['id']}", json={"reason": "another harbour"})
    assert (status, removed["removedBy"], removed["other"]["shardId"]) == (200, "ada@acme.example", desk.file)
    await desk.environment.drained()
    assert (await desk.call("GET", f"shards/{desk.file}/links"))[1]["links"] == []
    status, late = await desk.call("POST", approve)
    assert (status, late["error"].partition(" at ")[0]) == (409, "it was unlinked by ada@acme.example")

    status, rejected = await desk.call("POST", f"suggested-links/{quay}/reject")
    assert (status, rejected["suggestedLink"]["status"]) == (200, "rejected")
    status, linked = await desk.call("POST", f"shards/{desk.file}/links", json={"targetShardId": desk.deals[1]})
    assert (status, linked["why"]) == (200, ["ada@acme.example said so"])
    await desk.environment.drained()
    assert [one["id"] for one in (await desk.call("GET", f"shards/{desk.file}/links"))[1]["links"]] == [linked["id"]]


async def test_all_that_fits_is_approved_at_once(desk: Desk) -> None:
    status, answer = await desk.call("POST", "suggested-links/approve-all", json={"minConfidence": 0.7})

    assert (status, answer) == (200, {"approved": [desk.suggestions[0]], "skipped": [], "isComplete": True})


async def test_what_makes_no_sense_is_400_and_what_is_anothers_is_404(desk: Desk) -> None:
    stranger = (await desk.environment.tenant()).id
    approve = f"suggested-links/{desk.suggestions[0]}/approve"

    assert await desk.call("GET", "suggested-links", params={"cursor": "x"}) == (
        400,
        {"error": "the cursor cannot be read: begin again without one"},
    )
    assert await desk.call("POST", approve, json={"because": "x"}) == (400, {"error": "because: there is no such key here"})
    assert await desk.call("POST", approve, tenant_id=stranger) == (404, {"error": "there is no such suggested link"})
    assert await desk.call("GET", f"shards/{desk.file}/links", tenant_id=stranger) == (404, {"error": "there is no such shard"})
    assert (await desk.call("GET", "suggested-links", tenant_id=stranger))[1] == {"suggestedLinks": [], "cursor": None}
