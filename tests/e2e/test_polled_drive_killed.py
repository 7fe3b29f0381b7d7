"""A Google Drive is crawled by a host that dies: nothing is missing in the end, and nothing is there twice."""

from pathlib import Path

import pytest

from tests.e2e.killed_drive import killed_at_random

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_host_that_is_killed_in_a_crawl_leaves_nothing_missing_and_nothing_doubled(artefact: Path, tmp_path: Path) -> None:
    await killed_at_random(artefact, tmp_path / "run", files=60, kills=1, seed=5)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2])
async def test_eight_kills_at_random_moments_of_a_crawl_leave_nothing_missing_and_nothing_doubled(
    artefact: Path, tmp_path: Path, seed: int
) -> None:
    await killed_at_random(artefact, tmp_path / "run", files=1500, kills=8, seed=seed)
