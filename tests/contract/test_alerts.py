"""Who is told of what, and woken by what: each alert of the issue is there, can be asked, and has its section in the guide."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from devtools.bicep.expansion import deployed, from_disk
from devtools.bicep.values import Place, Resource
from devtools.monitoring.alerts import Alert, MetricAlert, QueryAlert, alerts
from devtools.monitoring.queries import queries
from shared.connections.connection import Connection
from shared.topology import REJECTED_MESSAGES, TOPOLOGY
from tests.contract.asked_of_kusto import ours
from tests.contract.monitored import MODULE, PARAMETERS

ROOT = Path(__file__).parents[2]
ALERTS: Final = alerts()

ASKED_FOR: Final = {
    "dead letters": {"dead-letters", "many-dead-letters", "dead-letters-forgotten"},
    "rejected ratio": {"rejected-share"},
    "breaker": {"breaker-opened", "breaker-held"},
    "lag": {"lag-to-shard", "lag-to-vector", "queue-stands-still", "bulk-queue-stands-still"},
    "paused connection": {"connection-paused"},
    "parked messages near their ttl": {"parked-near-ttl"},
    "webhook 5xx": {"webhook-5xx", "webhook-failures"},
}
"""What the deployment was asked to tell of → the alerts that do."""

BESIDES: Final = {
    "nothing is worse than a silent alert": {"app-silent", "measuring-failed"},
    "people who search get no answer": {"api-failing"},
    "what is not known to be complete stays so": {"gap-open-all-day"},
    "changes will come late": {"vendor-budget"},
    "something is lost": {"claim-lost"},
    "Azure gives less than we ask for": {"service-bus-throttled", "cosmos-throttled"},
}

WAKE: Final = {"app-silent", "api-failing", "webhook-failures", "webhook-5xx", "queue-stands-still", "many-dead-letters", "breaker-held"}

each_alert = pytest.mark.parametrize("alert", ALERTS.all, ids=lambda alert: alert.name)
each_query = pytest.mark.parametrize("alert", ALERTS.queries, ids=lambda alert: alert.name)
each_metric = pytest.mark.parametrize("alert", ALERTS.metrics, ids=lambda alert: alert.name)


def test_what_was_asked_for_is_told() -> None:
    named = [alert.name for alert in ALERTS.all]

    assert len(named) == len(set(named))
    assert set(named) == set().union(*ASKED_FOR.values(), *BESIDES.values())


def test_a_night_is_ended_by_few_of_them() -> None:
    assert {alert.name for alert in ALERTS.all if alert.severity == 1} == WAKE


@each_alert
def test_every_alert_says_what_to_do_and_where_to_read_on(alert: Alert) -> None:
    assert alert.description.endswith(f'. docs/operations.md, "Alerts", {alert.name}.')
    assert len(alert.description) < 400


@each_alert
def test_every_alert_ends_by_itself_and_is_told_once_until_then(alert: Alert) -> None:
    assert alert.auto_mitigate


def sections() -> dict[str, str]:
    """The sections of "Alerts" in the guide: name → text."""
    page = (ROOT / "docs" / "operations.md").read_text()
    [text] = re.findall(r"^## Alerts$(.*?)^## ", page, flags=re.DOTALL | re.MULTILINE)
    _, *parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    assert set(sections()) == {alert.name for alert in ALERTS.all}


@each_alert
def test_a_section_says_what_it_means_where_to_look_and_what_to_do(alert: Alert) -> None:
    labels = re.findall(r"^\*\*(\w+)\.\*\* \S", sections()[alert.name], flags=re.MULTILINE)

    assert labels == ["Means", "Look", "Do"]


# Azure Monitor: the frequencies and windows a log search alert and a metric alert may have.
OF_QUERIES: Final = {"PT5M", "PT10M", "PT15M", "PT30M", "PT1H", "PT6H", "P1D"}
OF_METRICS: Final = {"PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"}


def minutes(duration: str) -> int:
    """``P1D``, ``PT6H``, ``PT15M``."""
    number = int(re.sub(r"\D", "", duration))
    return number * {"D": 1440, "H": 60, "M": 1}[duration[-1]]


@each_alert
def test_azure_knows_the_frequency_and_the_window_and_nothing_falls_between_two_looks(alert: Alert) -> None:
    known = OF_QUERIES if isinstance(alert, QueryAlert) else OF_METRICS

    assert {alert.evaluation_frequency, alert.window_size} <= known
    assert minutes(alert.evaluation_frequency) <= minutes(alert.window_size)
    assert minutes(alert.evaluation_frequency) <= 60


@each_query
def test_what_is_compared_is_a_number_of_the_answer_and_what_is_told_apart_a_text(alert: QueryAlert) -> None:
    columns = ours()[alert.query].columns

    assert columns[alert.measure] in {"long", "real", "int"}
    assert {dimension.name for dimension in alert.dimensions} == {name for name, kind in columns.items() if kind == "string"}
    assert alert.time_aggregation in {"Maximum", "Total"}


@each_query
def test_no_query_looks_further_back_than_the_window_it_is_given(alert: QueryAlert) -> None:
    asked = [int(number) for number in re.findall(r"ago\((\d+)m\)", queries()[alert.query])]

    assert all(back <= minutes(alert.window_size) for back in asked)


PLATFORM: Final = {
    ("Microsoft.ServiceBus/namespaces", "DeadletteredMessages"): ({"EntityName"}, {"Average", "Minimum", "Maximum"}),
    ("Microsoft.ServiceBus/namespaces", "ThrottledRequests"): ({"EntityName", "MessagingErrorSubCode"}, {"Total"}),
    ("Microsoft.DocumentDB/databaseAccounts", "TotalRequests"): ({"DatabaseName", "CollectionName", "StatusCode"}, {"Count"}),
}
"""Azure Monitor, "Supported metrics": dimensions we might use, and how each may be aggregated."""


@each_metric
def test_azure_counts_what_is_asked_and_as_it_is_asked(alert: MetricAlert) -> None:
    dimensions, aggregations = PLATFORM[alert.metric_namespace, alert.metric_name]

    assert {dimension.name for dimension in alert.dimensions} <= dimensions
    assert alert.time_aggregation in aggregations


def named(name: str) -> QueryAlert:
    [alert] = [alert for alert in ALERTS.queries if alert.name == name]
    return alert


def values(name: str, dimension: str) -> set[str]:
    [one] = [one for one in named(name).dimensions if one.name == dimension]
    return set(one.values)


def test_a_parked_message_is_told_of_three_days_before_its_end() -> None:
    [parking] = [queue for queue in TOPOLOGY.queues if queue.name == REJECTED_MESSAGES]
    told = timedelta(seconds=named("parked-near-ttl").threshold)

    assert told == parking.time_to_live - timedelta(days=3)
    assert named("parked-near-ttl").display_name == f"a parked message is older than {told.days} of its {parking.time_to_live.days} days"
    assert (values("parked-near-ttl", "queue"), values("parked-near-ttl", "part")) == ({REJECTED_MESSAGES}, {"active"})


def test_every_queue_is_looked_at() -> None:
    all_queues = {queue.name for queue in TOPOLOGY.queues}
    bulk = {name for name in all_queues if name.endswith("-bulk")}

    assert values("queue-stands-still", "queue") == all_queues - bulk - {REJECTED_MESSAGES}
    assert values("bulk-queue-stands-still", "queue") == bulk
    assert values("dead-letters-forgotten", "queue") == {"*"}


def test_a_standing_queue_is_told_of_long_before_its_messages_are_given_up() -> None:
    for name in ("queue-stands-still", "bulk-queue-stands-still"):
        assert timedelta(seconds=named(name).threshold) < min(queue.time_to_live for queue in TOPOLOGY.queues) / 10


def test_a_budget_is_told_of_before_we_stop_asking() -> None:
    assert named("vendor-budget").threshold < 100 * Connection.model_fields["budget_share"].default


def of_type(kind: str, **changes: Any) -> list[Resource]:
    module = deployed(MODULE, {**PARAMETERS, **changes}, source=from_disk, place=Place(), where="a test")
    return [resource for resource in module.resources if resource.type == kind]


def test_each_alert_becomes_a_rule_with_its_own_query() -> None:
    rules = {rule.name: rule.properties for rule in of_type("Microsoft.Insights/scheduledQueryRules")}

    assert set(rules) == {f"shard-dev-{alert.name}" for alert in ALERTS.queries}
    for alert in ALERTS.queries:
        properties = rules[f"shard-dev-{alert.name}"]
        [criterion] = properties["criteria"]["allOf"]
        assert criterion["query"] == queries()[alert.query]
        said = alert.model_dump(by_alias=True, mode="json")
        assert criterion["metricMeasureColumn"] == alert.measure
        assert {name: criterion[name] for name in ("threshold", "operator", "timeAggregation", "dimensions")}.items() <= said.items()
        assert criterion["failingPeriods"] == {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1}
        assert {
            name: properties[name] for name in ("evaluationFrequency", "windowSize", "autoMitigate", "severity")
        }.items() <= said.items()
        assert "overrideQueryTimeRange" not in properties
        assert properties["scopes"] == [PARAMETERS["appInsightsId"]]
        assert properties["enabled"] is True


def test_what_azure_counts_is_asked_of_the_resource_that_counts_it() -> None:
    rules = {rule.name.removeprefix("shard-dev-"): rule.properties for rule in of_type("Microsoft.Insights/metricAlerts")}

    assert {name: properties["scopes"] for name, properties in rules.items()} == {
        "dead-letters": [PARAMETERS["serviceBusNamespaceId"]],
        "many-dead-letters": [PARAMETERS["serviceBusNamespaceId"]],
        "service-bus-throttled": [PARAMETERS["serviceBusNamespaceId"]],
        "cosmos-throttled": [PARAMETERS["cosmosAccountId"]],
    }


def test_severity_one_wakes_two_is_mailed_and_three_is_only_shown() -> None:
    [mails] = of_type("Microsoft.Insights/actionGroups")
    told = {
        1: {mails.id, *PARAMETERS["onCallActionGroupIds"]},
        2: {mails.id},
        3: set(),
    }

    for rule in of_type("Microsoft.Insights/scheduledQueryRules"):
        assert set(rule.properties["actions"]["actionGroups"]) == told[rule.properties["severity"]]
    for rule in of_type("Microsoft.Insights/metricAlerts"):
        assert {action["actionGroupId"] for action in rule.properties["actions"]} == told[rule.properties["severity"]]


def test_a_deployment_without_addresses_has_its_alerts_all_the_same() -> None:
    [mails] = of_type("Microsoft.Insights/actionGroups", alertEmails=[], onCallActionGroupIds=[])

    assert mails.properties["emailReceivers"] == []
    assert len(of_type("Microsoft.Insights/scheduledQueryRules", alertEmails=[])) == len(ALERTS.queries)


def test_addresses_are_receivers_of_the_group() -> None:
    [mails] = of_type("Microsoft.Insights/actionGroups")

    assert [receiver["emailAddress"] for receiver in mails.properties["emailReceivers"]] == ["operator@example.com"]
    assert len(mails.properties["groupShortName"]) <= 12
