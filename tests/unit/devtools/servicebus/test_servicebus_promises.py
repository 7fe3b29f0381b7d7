"""Every accepted message ends completed, dead-lettered, cancelled or expired, exactly once, whatever goes wrong.

What exactly once means here:
- It is about stored messages. A `duplicate` fault on send stores two where one was sent; each of them ends once.
- Delivery is at least once: a lock that is lost, a restart, or a completion that was only said to have happened (`duplicate` on complete)
  brings a message again. After a completion that did happen it never comes again.
- What a message has been through is kept as well: its failed deliveries, its number, and that its id is taken.
- A message is accepted once its turn is in the journal, since nothing is answered before. What a crash loses before that was not promised.
"""

from collections import Counter
from pathlib import Path

import pytest

from devtools.faults.plan import Kind
from tests.unit.devtools.servicebus.history import FAULTS, History


def ends_of(history: History) -> Counter[str]:
    """How the stored messages ended. Fails for one that did not, or more than once."""
    ledger = history.ledger
    assert not ledger.ended.keys() - ledger.stored.keys(), "messages that nobody sent"
    for number in ledger.stored.keys() - ledger.ended.keys():
        assert ledger.expires_ms[number] <= history.latest_ms, f"message {number} ({ledger.stored[number]}) is lost"
        assert not history.policy.dead_letter_on_expiration, f"message {number} ({ledger.stored[number]}) is lost"
        ledger.end(number, "expired")
    assert {number: ends for number, ends in ledger.ended.items() if len(ends) != 1} == {}
    return Counter(end for [end] in ledger.ended.values())


def played(seed: int, directory: Path, *, steps: int) -> tuple[Counter[str], History]:
    history = History(seed, directory)
    history.play(steps)
    history.finish()
    return ends_of(history), history


def test_every_accepted_send_ends_exactly_once_under_faults_and_restarts(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    ends, fired, counts = Counter[str](), Counter[Kind](), Counter[str]()

    for seed in range(9):
        ended, history = played(seed, tmp_path_factory.mktemp("journal"), steps=1_000)
        ends += ended
        counts += history.counts
        fired += Counter(fault.kind for fault, count in history.fired.items() for _ in range(count))

    assert all(ends[end] >= 10 for end in ("completed", "dead-lettered", "cancelled", "expired")), ends
    assert all(fired[fault.kind] >= 10 for fault in FAULTS), fired
    assert counts["crash"] >= 50
    assert counts["disk full"] >= 10
    assert counts["dropped as a duplicate"] >= 10
    assert "dropped" in capsys.readouterr().err  # torn tails were among them


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 400))
def test_every_accepted_send_ends_exactly_once_in_many_histories(seed: int, tmp_path: Path) -> None:
    ends, _ = played(seed, tmp_path, steps=3_000)

    assert ends["completed"] >= 20


def test_the_same_seed_is_the_same_history(tmp_path_factory: pytest.TempPathFactory) -> None:
    first, again = (played(3, tmp_path_factory.mktemp("journal"), steps=500) for _ in range(2))

    assert first[0] == again[0]
    assert first[1].fired == again[1].fired
