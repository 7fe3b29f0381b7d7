"""The app manifest in ``docs/sources/slack.md`` asks Slack for what the code wants, and for nothing else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from ingestion.sources.slack.checks import SCOPES as LOOKED_FOR
from ingestion.sources.slack.events import HANDLED
from ops.adding_slack import WEBHOOK
from ops.slack_account import SCOPES

PAGE = (Path(__file__).parents[2] / "docs" / "sources" / "slack.md").read_text(encoding="utf-8")
[MANIFEST] = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
APP: Mapping[str, Any] = yaml.safe_load(MANIFEST)
EVENTS: Mapping[str, Any] = APP["settings"]["event_subscriptions"]

MESSAGES: Final = {"message.channels", "message.groups"}
"""The subscriptions that bring messages of every subtype; those of direct messages are not wanted."""
NOT_TO_BE_HAD: Final = {
    "app_rate_limited": "comes without a subscription",
    "app_uninstalled_team": "wants admin.apps:read, which only administrators have; team_access_revoked tells the same",
    "scope_granted": "of a kind of apps that Slack makes no more",
    "resources_added": "as scope_granted",
    "resources_removed": "as scope_granted",
}


def test_it_subscribes_to_exactly_what_is_handled() -> None:
    subscribed = EVENTS["bot_events"]

    assert set(NOT_TO_BE_HAD) <= HANDLED
    assert set(subscribed) - MESSAGES == {name for name in HANDLED if not name.startswith("message.")} - set(NOT_TO_BE_HAD)
    assert set(subscribed) >= MESSAGES
    assert len(subscribed) == len(set(subscribed)) <= 100


def test_it_asks_for_exactly_the_scopes_that_connections_add_looks_for_and_each_is_explained() -> None:
    scopes = APP["oauth_config"]["scopes"]

    assert scopes == {"bot": [*SCOPES]}
    assert {scope for wanted in LOOKED_FOR.values() for scope in wanted} <= set(SCOPES)
    assert all(f"`{scope}`" in PAGE.replace(MANIFEST, "") for scope in SCOPES)


def test_events_come_over_http_to_the_webhook_with_a_token_that_lasts() -> None:
    settings = APP["settings"]

    assert EVENTS["request_url"].startswith("https://")
    assert EVENTS["request_url"].endswith(WEBHOOK)
    assert (settings["org_deploy_enabled"], settings["socket_mode_enabled"], settings["token_rotation_enabled"]) == (True, False, False)


def test_slack_takes_it() -> None:
    """Lengths and members as the schema of app manifests has them (slackapi/manifest-schema, version 1)."""
    display = APP["display_information"]

    assert set(APP) == {"display_information", "features", "oauth_config", "settings"}
    assert (len(display["name"]) <= 35, len(display["description"]) <= 140) == (True, True)
    assert set(APP["features"]["bot_user"]) == {"display_name", "always_online"}
