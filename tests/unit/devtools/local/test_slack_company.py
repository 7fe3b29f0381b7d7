"""The invented workspace of a run in Slack: what its process is told, and how it is connected."""

from random import Random

from devtools.local.addresses import Addresses
from devtools.local.run import Run
from devtools.local.slack_company import arguments, new_team

RUN = Run(Addresses(), "00D000000000062EAA", "sample", "k" * 32, team_id="T0LANTERN")


def test_its_process_signs_with_the_secret_and_knows_the_token_that_the_app_is_given_and_calls_the_runs_host() -> None:
    said = dict(zip(arguments(RUN)[::2], arguments(RUN)[1::2], strict=True))

    assert RUN.settings["SLACK_SIGNING_SECRETS"] == f"{said['--app-id']}={said['--signing-secret']}"
    assert RUN.settings["SECRET_SLACK_PRETEND"] == said["--bot-token"]
    assert (said["--team-id"], said["--request-url"]) == ("T0LANTERN", "http://127.0.0.1:7071/api/webhooks/slack")


def test_every_run_has_another_workspace_which_is_the_same_whenever_it_is_started() -> None:
    assert new_team(Random(1)) != new_team(Random(2))
    assert arguments(RUN) == arguments(RUN)
