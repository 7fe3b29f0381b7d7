"""The smoke test: patience while apps start, and none with an app that lets anybody in."""

import json
from collections.abc import Sequence

import pytest

from ops.deployment import smoke
from ops.deployment.patience import Patience
from ops.deployment.smoke import Answer
from ops.refusals import Refused

HOSTS = {"light": "light.example", "heavy": "heavy.example"}


def looked(answers: dict[str, Sequence[int]], *, patience: int = 10, consumer: str | None = None) -> tuple[list[str], int]:
    """What was told, and how often was waited. Each address answers in its order, and then as at last."""
    told: list[str] = []
    waited = 0
    asked: dict[str, int] = {}

    def ask(method: str, address: str) -> Answer:
        name = address.removeprefix("https://").replace(".example/api", "")
        statuses = answers.get(name, [401 if method == "POST" else 200])
        count = asked[name] = asked.get(name, -1) + 1
        body = json.dumps({"consumerType": consumer or name.partition("/")[0]}).encode()
        return Answer(statuses[min(count, len(statuses) - 1)], body)

    def pause() -> None:
        nonlocal waited
        waited += 1

    smoke.look(HOSTS, ask=ask, tell=told.append, patience=Patience(is_over=lambda: waited >= patience, pause=pause))
    return told, waited


def test_all_is_well() -> None:
    told, waited = looked({})

    assert told == [
        "the light app is alive",
        "the light app is ready",
        "the light app refuses an unsigned webhook",
        "the heavy app is alive",
        "the heavy app is ready",
    ]
    assert waited == 0


def test_an_app_that_starts_is_waited_for() -> None:
    assert looked({"light/health": [0, 404, 503, 200], "heavy/ready": [503, 200]})[1] == 4


def test_patience_ends_with_what_was_answered_last() -> None:
    with pytest.raises(Refused, match="the heavy app does not answer as it should: GET /api/ready: status 503 in place of 200"):
        looked({"heavy/ready": [503]})


def test_a_webhook_that_takes_what_nobody_signed_is_not_waited_for() -> None:
    with pytest.raises(Refused, match="POST /api/webhooks/slack: status 200 in place of 401 or 403"):
        looked({"light/webhooks/slack": [200, 401]}, patience=1_000_000)


def test_an_app_that_runs_the_functions_of_the_other_is_found_out() -> None:
    with pytest.raises(Refused, match="it says it is 'light'"):
        looked({}, consumer="light", patience=1)
