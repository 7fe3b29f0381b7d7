"""Config.json: every property counts, and what is not available is an error that names it."""

from pathlib import Path
from typing import Any

import pytest

from devtools.emulators.servicebus.configuration import ConfigurationError, QueuePolicy, duration_ms, read_configuration


def config(*queues: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": list(queues), **more}]}}


def queue(**properties: Any) -> dict[str, Any]:
    return {"Name": "orders", "Properties": properties}


def test_production_values_are_taken_as_they_are() -> None:
    [policy] = read_configuration(
        config(
            queue(
                LockDuration="PT5M",
                MaxDeliveryCount=10,
                DefaultMessageTimeToLive="P14D",
                DeadLetteringOnMessageExpiration=True,
                RequiresDuplicateDetection=True,
                DuplicateDetectionHistoryTimeWindow="PT1H",
                RequiresSession=False,
                ForwardTo="",
            )
        )
    )

    assert policy == QueuePolicy("orders", 300_000, 10, 1_209_600_000, True, 3_600_000)


def test_a_property_left_out_has_the_emulators_default() -> None:
    [policy] = read_configuration(config({"Name": "orders"}))

    assert policy == QueuePolicy("orders", 60_000, 3, 3_600_000, False, None)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("PT30S", 30_000), ("PT0.5S", 500), ("PT1M", 60_000), ("PT1H30M", 5_400_000), ("P14D", 1_209_600_000), ("P1DT1S", 86_401_000)],
)
def test_durations_are_iso_8601(text: str, milliseconds: int) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (config(queue(RequiresSession=True)), "queue orders: RequiresSession is not available"),
        (config(queue(ForwardTo="elsewhere")), "queue orders: ForwardTo is not available"),
        (config(queue(ForwardDeadLetteredMessagesTo="elsewhere")), "ForwardDeadLetteredMessagesTo is not available"),
        (config(queue(), Topics=[{"Name": "news"}]), "topics and subscriptions are not available"),
        (config(queue(LockDuraton="PT1M")), "queue orders: unknown properties LockDuraton"),
        (config(queue(LockDuration="1 minute")), "queue orders: LockDuration: '1 minute' is not an ISO 8601 duration"),
        (config(queue(LockDuration=60)), "queue orders: LockDuration"),
        (config(queue(LockDuration="PT0S")), "queue orders: LockDuration is zero"),
        (config(queue(MaxDeliveryCount=0)), "queue orders: MaxDeliveryCount is 0"),
        (config(queue(RequiresDuplicateDetection="true")), "RequiresDuplicateDetection is 'true'"),
        (config(queue(), {"Name": "ORDERS"}), "defined more than once: orders"),
        (config({"Properties": {}}), "a queue has no Name"),
        ({"UserConfig": {"Namespaces": []}}, "holds 0 namespaces"),
        ({}, r"no UserConfig.Namespaces\[0\].Queues"),
    ],
)
def test_a_configuration_that_cannot_be_kept_is_refused_with_its_reason(broken: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        read_configuration(broken)


def test_a_file_that_is_missing_or_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")

    with pytest.raises(ConfigurationError, match=r"missing\.json cannot be read"):
        read_configuration(tmp_path / "missing.json")
    with pytest.raises(ConfigurationError, match=r"broken\.json is not JSON"):
        read_configuration(tmp_path / "broken.json")
