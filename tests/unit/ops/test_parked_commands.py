"""``rejected`` and ``dead-letters``: what is chosen, what is done to it, and that bodies stay covered."""

import json

import pytest

from devtools.fakes.samples import NOON
from ops.options import parsed
from ops.parked_message import Place
from shared import topology
from shared.contracts.rejected import Rejected
from shared.errors import DependencyUnavailable
from tests.unit.ops.deployment import Deployment, Said

PARKED = Place(topology.REJECTED_MESSAGES)
SECRET = "what-a-customer-said"


def rejected(deployment: Deployment, number: int, original_id: str, *, reason: str = "UnmappableRecord", tenant: str = "acme") -> None:
    said = Rejected(
        tenant_id=tenant,
        queue=topology.INGESTION_EVENTS,
        original_id=original_id,
        reason=reason,
        detail="Amount: unreadable",
        body=json.dumps({"note": SECRET}),
        properties={"type": "IngestionEvent", "tenantId": tenant, "messageId": original_id},
        attempts=1,
        rejected_at=NOON,
    )
    deployment.park(PARKED, number, said.encode(), {"tenantId": tenant, "type": "Rejected", "messageId": said.id}, message_id=said.id)


@pytest.fixture
def deployment() -> Deployment:
    """Three rejected messages and two dead letters."""
    made = Deployment()
    rejected(made, 1, "aa11")
    rejected(made, 2, "aa22", reason="ClaimLost")
    rejected(made, 3, "bb33", tenant="globex")
    for number, queue in enumerate((topology.SHARD_EMISSION, topology.EMBEDDING_JOBS), start=1):
        name = f"dead-{number}"
        said = {"messageId": name, "tenantId": "acme", "type": "X"}
        made.park(Place(queue, dead=True), number, b"{}", said, reason="TTLExpiredException")
    return made


def ids(said: Said) -> list[str]:
    return [one["id"] for one in said.document]


async def test_all_that_is_parked_is_listed_with_its_reasons_and_without_its_bodies(deployment: Deployment) -> None:
    listed = await deployment.run("rejected", "list", "--json")
    table = await deployment.run("rejected", "list")

    assert listed.document[0] == {
        "id": "aa11",
        "messageId": deployment.parking.there[PARKED][0].message_id,
        "number": 1,
        "tenantId": "acme",
        "queue": "ingestion-events",
        "type": "IngestionEvent",
        "reason": "UnmappableRecord",
        "detail": "Amount: unreadable",
        "attempts": 1,
        "parkedAt": "2026-11-21T12:00:00.000000Z",
        "ageSeconds": 0,
        "sizeBytes": 32,
        "isReadable": True,
    }
    assert ids(listed) == ["aa11", "aa22", "bb33"]
    assert table.out.endswith("3 messages\n")
    assert SECRET not in listed.out + table.out


async def test_dead_letters_of_every_queue_are_listed_or_those_of_one(deployment: Deployment) -> None:
    assert ids(await deployment.run("dead-letters", "list", "--json")) == ["dead-1", "dead-2"]
    assert ids(await deployment.run("dead-letters", "list", "--queue", "embedding-jobs", "--json")) == ["dead-2"]


@pytest.mark.parametrize(
    ("words", "left"),
    [
        (["--reason", "ClaimLost"], ["aa22"]),
        (["--tenant", "globex"], ["bb33"]),
        (["--queue", "ingestion-events"], ["aa11", "aa22", "bb33"]),
        (["--queue", "enrichment-jobs"], []),
        (["--most", "1"], ["aa11"]),
    ],
)
async def test_the_list_can_be_narrowed(deployment: Deployment, words: list[str], left: list[str]) -> None:
    assert ids(await deployment.run("rejected", "list", "--json", *words)) == left


async def test_a_body_is_shown_only_when_it_is_asked_for(deployment: Deployment) -> None:
    covered = await deployment.run("rejected", "show", "bb33")
    open_ = await deployment.run("rejected", "show", "bb33", "--body")

    assert covered.document["properties"]["tenantId"] == "globex"
    assert SECRET not in covered.out
    assert json.loads(open_.document["body"]) == {"note": SECRET}


async def test_a_replay_is_sent_and_then_no_longer_parked(deployment: Deployment) -> None:
    said = await deployment.run("rejected", "replay", "aa11", "--json")

    assert (said.code, said.document) == (0, [{"id": "aa11", "queue": "ingestion-events", "sentAs": "aa11#r1"}])
    assert [envelope.id for envelope in deployment.transport.on("ingestion-events")] == ["aa11#r1"]
    assert ids(await deployment.run("rejected", "list", "--json")) == ["aa22", "bb33"]


async def test_everything_that_is_left_can_be_replayed_at_once(deployment: Deployment) -> None:
    said = await deployment.run("rejected", "replay", "--all", "--tenant", "acme")

    assert said.out.endswith("2 of 2 replayed\n")
    assert sorted(envelope.id for envelope in deployment.transport.sent) == ["aa11#r1", "aa22#r1"]


async def test_dead_letters_of_several_queues_go_to_their_own(deployment: Deployment) -> None:
    await deployment.run("dead-letters", "replay", "--all")

    assert [(one.queue, one.id) for one in deployment.transport.sent] == [("shard-emission", "dead-1#r1"), ("embedding-jobs", "dead-2#r1")]
    assert ids(await deployment.run("dead-letters", "list", "--json")) == []


async def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(deployment: Deployment) -> None:
    said = await deployment.run("rejected", "replay", "--all", "--dry-run")

    assert said.out.endswith("3 would be replayed\n")
    assert "aa11#r1" in said.out
    assert deployment.transport.sent == []
    assert len(deployment.parking.there[PARKED]) == 3


async def test_a_broker_that_takes_no_replay_leaves_all_parked(deployment: Deployment) -> None:
    deployment.transport.fails_with = DependencyUnavailable("send: no answer")

    with pytest.raises(DependencyUnavailable):
        await deployment.run("rejected", "replay", "--all")
    assert len(deployment.parking.there[PARKED]) == 3


async def test_what_somebody_else_holds_is_said_to_be_parked_still(deployment: Deployment) -> None:
    deployment.parking.held_by_others = {2}

    said = await deployment.run("rejected", "replay", "--all")

    assert said.code == 1
    assert "2 of 3 replayed; the others are parked still" in said.out


async def test_one_that_cannot_be_replayed_stops_all_before_any_is_sent(deployment: Deployment) -> None:
    deployment.park(PARKED, 4, b"not json", {"messageId": "cc44"})

    said = await deployment.run("rejected", "replay", "--all")

    assert (said.code, "cc44 cannot be replayed" in said.errors) == (1, True)
    assert deployment.transport.sent == []


async def test_nothing_is_dropped_without_yes(deployment: Deployment) -> None:
    said = await deployment.run("rejected", "drop", "--all")

    assert (said.code, said.errors.startswith("3 messages would be gone for good: say --yes")) == (1, True)
    assert len(deployment.parking.there[PARKED]) == 3


async def test_with_yes_what_was_chosen_is_gone_and_nothing_is_sent(deployment: Deployment) -> None:
    said = await deployment.run("rejected", "drop", "aa22", "--yes")

    assert said.out.endswith("1 of 1 dropped\n")
    assert ids(await deployment.run("rejected", "list", "--json")) == ["aa11", "bb33"]
    assert deployment.transport.sent == []


@pytest.mark.parametrize(("name", "text"), [("aa", "2 messages there are called aa"), ("zz", "0 messages there are called zz")])
async def test_a_name_that_is_not_one_messages_is_refused(deployment: Deployment, name: str, text: str) -> None:
    said = await deployment.run("rejected", "replay", name)

    assert (said.code, said.errors) == (1, text)
    assert deployment.transport.sent == []


async def test_a_message_may_be_called_by_its_number(deployment: Deployment) -> None:
    assert (await deployment.run("rejected", "show", "2")).document["id"] == "aa22"


@pytest.mark.parametrize(
    "words",
    [
        ["rejected", "replay"],
        ["rejected", "drop", "aa11", "--all"],
        ["rejected", "list", "--most", "0"],
        ["rejected", "list", "--queue", "elsewhere"],
        ["dead-letters", "show"],
        ["completeness", "salesforce:1", "--anew"],
        ["connections", "pause", "salesforce:1"],
        ["nonsense"],
        [],
    ],
)
def test_a_command_line_that_makes_no_sense_ends_with_2_and_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed(words)

    assert ended.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
