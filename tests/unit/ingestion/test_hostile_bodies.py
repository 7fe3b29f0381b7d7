"""Bodies no honest Salesforce sends, under a key that is right: 4xx, quickly, nothing queued, and nothing of the body said anywhere.

Each file under ``tests/fixtures/hostile/outbound-message`` is a complete message but for the one thing its name says.
"""

import time
from pathlib import Path

import pytest

from devtools.vendors.salesforce import hostile
from shared.telemetry.names import Metric
from tests.unit.ingestion.door import KEY, LIMIT_BYTES, a_body, a_door, salesforce
from tests.unit.ingestion.said import Said

BODIES = sorted((Path(__file__).parents[2] / "fixtures" / "hostile" / "outbound-message").iterdir())
SECRETS = ("Hush-hush", "hush-hush", "merger", "evil.dtd", "4761792", "006UV00006DIiKTYA1", "04lXW000035PJFjYAO", KEY)

ENVELOPE = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
LARGE = {
    "nested a million times": ENVELOPE + b"<a>" * 1_000_000,
    "one comment of 8 MB": ENVELOPE + b"<!--" + b"a" * (LIMIT_BYTES // 2),
    "one tag of 8 MB": ENVELOPE + b"<" + b"a" * (LIMIT_BYTES // 2),
    "a hundred thousand attributes": ENVELOPE[:-1] + b"".join(b' a%d=""' % number for number in range(100_000)) + b"/>",
    "an entity bomb of a billion words": hostile.with_entity_bomb(a_body(), levels=9, copies=10),
    "a quadratic bomb of 50 MB": hostile.with_quadratic_bomb(a_body(), characters=50_000, copies=1_000),
}


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
async def test_a_hostile_body_is_400_and_nothing_is_queued_or_said_of_it(path: Path, said: Said) -> None:
    door = await a_door()

    began = time.process_time()
    response = await door.post(path.read_bytes())
    cpu_seconds = time.process_time() - began

    assert response.status == 400
    assert door.queued == []
    assert door.pipeline.metrics.total(Metric.WEBHOOK_REQUESTS, outcome="malformed") == 1
    assert not [secret for secret in SECRETS if secret in said.everything() + response.body]
    assert cpu_seconds < 1


def test_every_kind_of_hostile_body_is_there() -> None:
    assert len(BODIES) == 28
    assert {path.suffix for path in BODIES} == {".xml"}


@pytest.mark.parametrize("name", LARGE)
async def test_a_large_hostile_body_is_refused_without_being_blown_up(name: str) -> None:
    door = await a_door()
    body = LARGE[name]
    assert len(body) <= LIMIT_BYTES

    began = time.process_time()
    response = await door.post(body)
    cpu_seconds = time.process_time() - began

    assert response.status == 400
    assert door.queued == []
    assert cpu_seconds < 4


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
async def test_a_hostile_body_without_the_key_is_401_like_any_other(path: Path) -> None:
    door = await a_door()
    door.webhook = salesforce()

    assert (await door.post(path.read_bytes(), key="another-path-key-that-is-long-enough-00")).status == 401
