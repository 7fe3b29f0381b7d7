"""docs/infrastructure.md says what the templates do."""

import re
from pathlib import Path

from shared import topology
from shared.topology import TOPOLOGY
from tests.contract.infra_promises import RIGHTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/infrastructure.md").read_text()

PLACES = {
    "bus": "the namespace",
    "openai": "Azure OpenAI",
    "database shardline": "the database",
    "kv": "the vault",
    "insights": "Application Insights",
    "host": "the host's storage account",
    "data, container claims": "the container `claims`",
    "data, container anchors": "the container `anchors`",
}
"""How the page calls what a right is on."""

LIVE = (topology.INGESTION_EVENTS, topology.SHARD_EMISSION, topology.ENRICHMENT_JOBS, topology.EMBEDDING_JOBS)
"""The queues a live event goes through, to its vectors."""


def test_the_table_of_rights_is_the_one_that_is_granted() -> None:
    rows = re.findall(r"^\| (apps|operator) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", PAGE, re.MULTILINE)

    assert sorted(rows) == sorted((who, role, PLACES[where]) for who, role, where in RIGHTS)


def test_the_ceiling_of_standard_is_worked_out_right() -> None:
    credits_an_event = 2 * len(LIVE)

    assert f"{len(LIVE)}: " + ", ".join(f"`{queue}`" for queue in LIVE) in PAGE
    assert f"{len(LIVE)} × 2 = {credits_an_event}" in PAGE
    assert f"1,000 ÷ {credits_an_event} = {1000 // credits_an_event}" in PAGE
    assert f"carries about {1000 // credits_an_event} live events a second" in PAGE
    assert f"about {1000 // credits_an_event} live events a second" in (ROOT / "infra/main.bicep").read_text()


def test_how_long_bodies_are_kept_is_said() -> None:
    longest = max(queue.time_to_live.days for queue in TOPOLOGY.queues)

    assert f"lives {longest} days at most in its queue; 30 more" in PAGE
    assert f"The {longest + 30} days" in PAGE
