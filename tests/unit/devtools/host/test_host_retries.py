import pytest

from devtools.host.retries import FOR_EVER, RetryPolicy, read_policy


def test_a_fixed_delay_is_the_same_before_every_repetition() -> None:
    policy = read_policy({"strategy": "fixed_delay", "max_retry_count": "3", "delay_interval": "00:00:10"})

    assert policy == RetryPolicy(3, 10.0, 10.0)
    assert [policy.delay_seconds(retry) for retry in (1, 2, 3)] == [10.0, 10.0, 10.0]


def test_an_exponential_backoff_doubles_up_to_its_longest() -> None:
    settings = {"strategy": "exponential_backoff", "max_retry_count": "-1", "minimum_interval": "00:00:04", "maximum_interval": "00:15:00"}

    policy = read_policy(settings)

    assert policy == RetryPolicy(FOR_EVER, 4.0, 900.0)
    assert [policy.delay_seconds(retry) for retry in (1, 2, 3, 9, 100_000)] == [4.0, 8.0, 16.0, 900.0, 900.0]


def test_no_policy_is_none() -> None:
    assert read_policy(None) is None


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"strategy": "fixed_delay", "max_retry_count": "3"}, "the interval of its retry policy is missing"),
        ({"strategy": "fixed_delay", "max_retry_count": "3", "delay_interval": "10"}, "does not match format"),
        ({"strategy": "fixed_delay", "max_retry_count": "many", "delay_interval": "00:00:10"}, "invalid literal"),
        ({"strategy": "fixed_delay", "max_retry_count": "-2", "delay_interval": "00:00:10"}, "-1 means no end"),
        ({"strategy": "hope", "max_retry_count": "3"}, "neither fixed_delay nor exponential_backoff"),
        ({"strategy": "exponential_backoff", "max_retry_count": "3", "minimum_interval": "00:00:10"}, "exponential_backoff two"),
    ],
)
def test_a_policy_that_the_worker_or_the_host_cannot_read_is_refused(settings: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_policy(settings)
