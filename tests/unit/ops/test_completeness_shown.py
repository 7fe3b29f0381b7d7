"""``completeness``, as an operator sees it."""

import asyncio
from datetime import timedelta

from devtools.fakes.samples import NOON, sample_shard
from ingestion.sources.source import StreamCheck
from shared.gaps.gap import Gap
from shared.shards.model import ExternalRelationship
from tests.unit.ops.deployment import ACME, Deployment

CLEAN = {"vendorCount": 3, "storedCount": 3, "missing": 0, "extra": 0, "stale": 0, "pending": 0}


async def compared(deployment: Deployment, stream: str, **found: object) -> None:
    await deployment.keep(stream, "compare", report={**CLEAN, **found}, finished_at=deployment.clock(), last_status="success")


async def test_what_was_never_compared_is_not_known_to_be_complete() -> None:
    deployment = Deployment()
    await deployment.connect()
    await compared(deployment, "Account")

    said = await deployment.run("completeness", ACME)

    assert said.code == 1
    assert said.out.endswith(f"{ACME}: not known to be complete (Contact never compared)\n")
    [contact] = [line for line in said.out.splitlines() if line.startswith("Contact")]
    assert contact.split() == ["Contact", "never", *["–"] * 8]


async def test_a_connection_that_is_complete_is_said_to_be() -> None:
    deployment = Deployment()
    await deployment.connect()
    await compared(deployment, "Account")
    await compared(deployment, "Contact")
    await deployment.keep("Account", "changes", covered_until=deployment.clock() - timedelta(seconds=30))

    said = await deployment.run("completeness", ACME)

    assert (said.code, said.out.splitlines()[-1]) == (0, f"{ACME}: complete")
    [account] = [line for line in said.out.splitlines() if line.startswith("Account")]
    assert account.split() == ["Account", "2026-11-21T12:00:00Z", "3", "3", "0", "0", "0", "0", "30", "s", "–"]


async def test_what_is_wrong_is_named() -> None:
    deployment = Deployment()
    await deployment.connect(status="paused", paused_reason="the token was revoked")
    await compared(deployment, "Account", stale=1, named={"stale": ["001000000000001AAA"]})
    await compared(deployment, "Contact")
    await deployment.keep("Contact", "changes", last_error="no right to read it")
    await deployment.keep("Contact", "backfill", is_running=True, record_count=4, last_error="slower")
    gap = Gap.found(tenant_id="acme", connection_id=ACME, stream="Account", reason="acl-unknown", at=deployment.clock())
    await deployment.gaps.open(gap)

    lines = (await deployment.run("completeness", ACME)).out.splitlines()

    assert lines[-6:] == [
        "Account, stale: 001000000000001AAA",
        "Contact: backfill: slower",
        "Contact: no right to read it",
        "open gap: acl-unknown in Account since 2026-11-21T12:00:00.000000Z",
        "paused: the token was revoked",
        f"{ACME}: not complete",
    ]


async def test_one_stream_alone_can_be_looked_at() -> None:
    deployment = Deployment()
    await deployment.connect()
    await compared(deployment, "Account")

    said = await deployment.run("completeness", ACME, "--stream", "Account", "--json")
    shown = await deployment.run("completeness", ACME, "--stream", "Account")

    assert (said.code, [one["stream"] for one in said.document["streams"]]) == (0, ["Account"])
    assert shown.out.endswith(f"Account of {ACME}: complete\n")


async def test_watching_where_nothing_runs_shows_what_is_known() -> None:
    deployment = Deployment()
    await deployment.connect()
    for stream in ("Account", "Contact"):
        await deployment.keep(stream, "backfill", run="before", last_status="success")

    assert (await deployment.run("completeness", ACME, "--watch", "--json")).document["isComplete"] is False


async def test_after_a_connection_was_added_watching_waits_for_the_first_backfill_to_begin_and_to_end() -> None:
    deployment = Deployment()
    await deployment.connect(streams=("Account", "Contact"))
    await deployment.keep("Contact", "changes", last_status="failed", last_error="no right to read it")
    typed = asyncio.create_task(deployment.run("completeness", ACME, "--watch"))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not typed.done()

    await deployment.keep("Account", "backfill", run="first", is_running=True)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not typed.done()
    await deployment.keep("Account", "backfill", is_running=False, last_status="success")

    said = await typed
    assert said.errors.splitlines()[0] == "the next polls start the first back-fill of Account"
    assert said.errors.splitlines()[-1] == "Account backfill: done (0 records)"


async def test_what_is_paused_is_not_waited_for() -> None:
    deployment = Deployment()
    await deployment.connect(status="paused")

    assert (await deployment.run("completeness", ACME, "--watch")).code == 1


async def test_the_quick_look_counts_on_both_sides() -> None:
    deployment = Deployment()
    await deployment.connect()
    here = ExternalRelationship(
        id="e" * 32,
        system="salesforce",
        scope="00D000000000001EAA",
        record_type="Account",
        external_id="001000000000001AAA",
        system_type="crm",
        last_synced_at=NOON,
        created_at=NOON,
    )
    await deployment.shards.create(sample_shard("acme").model_copy(update={"external_relationships": (here,)}))
    counts = {"Account": 1, "Contact": 2}
    deployment.poller.checks = [StreamCheck(stream, is_readable=True, record_count=count, detail="") for stream, count in counts.items()]

    said = await deployment.run("completeness", ACME, "--quick", "--json")
    account_alone = await deployment.run("completeness", ACME, "--quick", "--stream", "Account")

    assert (said.code, said.document) == (
        1,
        [{"stream": "Account", "vendorCount": 1, "storedCount": 1}, {"stream": "Contact", "vendorCount": 2, "storedCount": 0}],
    )
    assert (account_alone.code, "equal counts prove nothing" in account_alone.out) == (0, True)


async def test_where_the_vendor_does_not_count_there_is_no_quick_look() -> None:
    deployment = Deployment()
    await deployment.connect()
    deployment.poller.checks = [StreamCheck(stream, is_readable=True, record_count=None, detail="") for stream in ("Account", "Contact")]

    said = await deployment.run("completeness", ACME, "--quick")

    assert said.code == 1
    assert said.errors == "salesforce does not count what it has: `completeness --fresh` compares record by record"


async def test_streams_with_colons_are_streams_like_others_and_of_very_many_the_first_are_named() -> None:
    streams = ("drives", "user:ada@acme.example", *(f"drive:0{number}" for number in range(40)))
    deployment = Deployment()
    await deployment.connect(streams=streams)
    for stream in streams[1:]:
        await compared(deployment, stream)

    whole = await deployment.run("completeness", ACME)
    one = await deployment.run("completeness", ACME, "--stream", "user:ada@acme.example")
    listed = await deployment.run("connections", "list")

    assert whole.out.endswith(f"{ACME}: not known to be complete (drives never compared)\n")
    assert (one.code, one.out.endswith(f"user:ada@acme.example of {ACME}: complete\n")) == (0, True)
    assert "drive:05 … (42 in all)" in listed.out


async def test_watching_waits_for_the_streams_that_the_first_polls_find_and_not_for_a_list_of_streams() -> None:
    deployment = Deployment()
    await deployment.connect(streams=("drives",))
    typed = asyncio.create_task(deployment.run("completeness", ACME, "--watch"))
    await turns()
    assert not typed.done()

    await deployment.keep("drives", "changes", run="first", last_status="success", finished_at=deployment.clock())
    [connection] = await deployment.connections.of_tenant("acme")
    await deployment.connections.replace(connection.model_copy(update={"streams": ("drives", "drive:0ABC")}))
    deployment.clock.advance(seconds=61)
    await turns()
    assert not typed.done()

    await deployment.keep("drive:0ABC", "backfill", run="first", last_status="success")
    assert "drive:0ABC" in (await typed).out


async def turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)
