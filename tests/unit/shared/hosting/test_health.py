"""What is said of a worker that is alive."""

import tomllib
from pathlib import Path

from shared.hosting.health import VERSION, health

ROOT = Path(__file__).parents[4]


def test_a_worker_says_its_version_and_which_deployment_it_is_of_and_nothing_else() -> None:
    assert health("heavy") == {"status": "alive", "version": VERSION, "consumerType": "heavy"}


def test_the_version_is_the_projects() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"] == VERSION
