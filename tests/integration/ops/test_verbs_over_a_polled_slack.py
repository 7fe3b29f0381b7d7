"""The verbs on a Slack workspace: streams, completeness, what is said where there is no token; everything but Slack in memory."""

import pytest

from devtools.fakes.polled_slack import PolledSlack
from tests.integration.ops.test_verbs_over_a_polled_organization import Operated, counts

pytestmark = pytest.mark.integration


async def test_a_workspace_is_read_compared_and_shown() -> None:
    async with PolledSlack() as world:
        world.create("plans", members=[world.bob])
        world.create("secret-plans", is_private=True)
        slack = Operated(world)
        await world.poll()
        await world.run()

        asked = await slack.run("backfill", "{id}", "--stream", "Channel", "--watch", "--json")
        await slack.settle()
        fresh = await slack.run("completeness", "{id}", "--fresh", "--json")
        shown = await slack.run("completeness", "{id}")
        quick = await slack.run("completeness", "{id}", "--quick")
        tested = await slack.run("connections", "test", "{id}", "--json")
        listed = await slack.run("connections", "list", "--tenant", "acme")

    assert [(said["stream"], said["ended"]) for said in asked.document] == [("Channel", "success")]
    assert [stream["stream"] for stream in fresh.document["streams"]] == ["User", "Channel"]
    assert counts(fresh, "Channel") == {"vendorCount": 2, "storedCount": 2, "missing": 0, "extra": 0, "stale": 0}
    assert (fresh.code, fresh.document["isComplete"]) == (0, True)
    assert shown.out.rstrip().endswith(f"{world.connection_id}: complete")
    assert (quick.code, "slack does not count what it has" in quick.errors) == (1, True)
    assert {check["stream"]: check["isReadable"] for check in tested.document} == {"User": True, "Channel": True}
    assert all(word in listed.out for word in (world.connection_id, "bot-token", "User, Channel"))


async def test_a_scope_that_is_missing_is_named_beside_the_stream_it_is_for() -> None:
    async with PolledSlack() as world:
        world.installation.scopes -= {"groups:read", "users:read.email"}
        tested = await Operated(world).run("connections", "test", "{id}")

    said = " ".join(tested.out.split())
    assert "the scope groups:read is missing" in said
    assert "the scope users:read.email is missing" in said


async def test_a_workspace_is_paused_and_resumed() -> None:
    async with PolledSlack() as world:
        slack = Operated(world)
        await slack.run("connections", "pause", "{id}", "--reason", "their holidays")
        refused = await slack.run("backfill", "{id}")
        await slack.run("connections", "resume", "{id}")

        assert (refused.code, "is paused (their holidays)" in refused.errors) == (1, True)
        assert (await world.connection()).status == "active"


async def test_what_has_no_token_is_not_read_and_every_verb_says_so() -> None:
    async with PolledSlack() as world:
        connection = await world.connection()
        await world.pipeline.connections.replace(connection.model_copy(update={"credential": None, "next_due_at": None}))
        slack = Operated(world)

        refused = [await slack.run(*words) for words in (("backfill", "{id}"), ("connections", "test", "{id}"))]
        watched = await slack.run("completeness", "{id}", "--watch")

    assert [(said.code, "has no credential" in said.errors) for said in refused] == [(1, True), (1, True)]
    assert (watched.code, "not polled: it has no credential" in watched.out) == (1, True)
