"""``local.settings.json``, which ``func start`` reads, leads to what ``scripts/up`` starts."""

import json
from pathlib import Path

from devtools import azurite
from devtools.local.addresses import Addresses
from devtools.local.run import SALESFORCE_SECRET_NAME, SLACK_SECRET_NAME, Run
from shared.settings import VARIABLES, Settings, secret_variable

ROOT = Path(__file__).parents[4]
VALUES: dict[str, str] = json.loads((ROOT / "local.settings.json").read_text(encoding="utf-8"))["Values"]
RUN = Run(Addresses(), organization_id="00D000000000062EAA", tenant_id="sample", key="k" * 32)
THE_HOSTS_OWN = {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage"}


def test_they_are_settings_of_ours_or_of_the_host_and_complete() -> None:
    secrets = {secret_variable(SALESFORCE_SECRET_NAME), secret_variable(SLACK_SECRET_NAME)}
    assert set(VALUES) <= set(VARIABLES) | THE_HOSTS_OWN | secrets
    assert Settings.from_environ(VALUES).consumer_type == "all"


def test_they_lead_to_the_stand_ins() -> None:
    assert VALUES["COSMOS"] == RUN.settings["COSMOS"]
    assert VALUES["COSMOS_DATABASE"] == RUN.settings["COSMOS_DATABASE"]
    # 5672 and Azurite's 10000 are what the SDKs take when no port is said.
    assert VALUES["SERVICE_BUS"] == RUN.settings["SERVICE_BUS"].replace("localhost:5672", "localhost")
    assert (VALUES["BLOB"], RUN.settings["BLOB"]) == ("UseDevelopmentStorage=true", azurite.connection_string(10000))


def test_they_let_the_app_into_the_pretend_salesforce_lead_to_the_pretend_drive_and_compare_what_is_seconds_old() -> None:
    names = (secret_variable(SALESFORCE_SECRET_NAME), "GDRIVE_API_BASE_URL", "GDRIVE_DIRECTORY_BASE_URL", "SYNC_COMPARE_GRACE_SECONDS")

    assert [VALUES[name] for name in names] == [RUN.settings[name] for name in names]


def test_they_let_the_app_into_the_pretend_slack_and_it_into_the_app() -> None:
    names = ("SLACK_SIGNING_SECRETS", "SLACK_API_BASE_URL", "SLACK_WINDOW_SECONDS", secret_variable(SLACK_SECRET_NAME))

    assert [VALUES[name] for name in names] == [RUN.settings[name] for name in names]
