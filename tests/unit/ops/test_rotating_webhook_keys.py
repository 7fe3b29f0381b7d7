"""The webhook's key is replaced while Salesforce goes on calling: both keys are answered until the old one is taken away."""

import re
from dataclasses import replace

import pytest

from ingestion.sources.salesforce.webhook import key_handle
from shared.connections.cache import RememberedConnections
from tests.unit.ingestion.door import KEY, Door, a_body, a_door
from tests.unit.ops.deployment import Deployment

HALF_A_MINUTE = 31


class Rotation:
    """An operator's deployment, and the door of the same organization, which remembers connections as a worker does."""

    def __init__(self, door: Door) -> None:
        self.door, self.deployment = door, Deployment()
        store = door.pipeline.connections
        self.deployment.ports = replace(self.deployment.ports, connections=store, now=door.pipeline.clock)
        self.store = store
        door.connections = RememberedConnections(store, now=door.pipeline.clock)

    async def calls(self, key: str) -> int:
        """What Salesforce is answered, half a minute later."""
        self.door.pipeline.clock.advance(seconds=HALF_A_MINUTE)
        return (await self.door.post(a_body(), key=key)).status

    async def rotates(self, *words: str) -> tuple[int, str]:
        """The command; exit code, and what was said."""
        [connection] = await self.store.of_tenant("acme")
        said = await self.deployment.run("connections", "rotate", connection.id, *words)
        return said.code, said.out + said.errors

    async def adds(self) -> str:
        """A new key, read where it is printed."""
        code, text = await self.rotates("--webhook-key", "generate", "--app-url", "https://app.example")
        [key] = re.findall(r"https://app\.example/api/webhooks/salesforce/(\S+)", text)
        assert code == 0
        return str(key)


@pytest.fixture
async def rotation() -> Rotation:
    return Rotation(await a_door())


async def test_no_call_is_refused_while_the_key_is_replaced(rotation: Rotation) -> None:
    assert await rotation.calls(KEY) == 200
    new = await rotation.adds()
    during = [await rotation.calls(key) for key in (KEY, new, KEY, new)]

    rotation.door.pipeline.clock.advance(seconds=2 * 3600)
    assert await rotation.calls(new) == 200
    code, _ = await rotation.rotates("--finish")
    after = [await rotation.calls(new) for _ in range(3)]

    assert (during, code, after) == ([200] * 4, 0, [200] * 3)
    assert await rotation.calls(KEY) == 401


async def test_the_old_key_stays_while_nobody_was_seen_with_the_new_one(rotation: Rotation) -> None:
    await rotation.calls(KEY)
    new = await rotation.adds()

    code, said = await rotation.rotates("--finish")

    assert (code, "nobody came by the new key yet" in said) == (1, True)
    assert [await rotation.calls(key) for key in (KEY, new)] == [200, 200]


async def test_a_key_that_somebody_still_has_is_not_taken_away_unasked(rotation: Rotation) -> None:
    """One outbound message was changed, and another was forgotten."""
    new = await rotation.adds()
    assert [await rotation.calls(key) for key in (new, KEY)] == [200, 200]

    code, said = await rotation.rotates("--finish")

    assert (code, "was used within the last 2 hours" in said, "say --yes" in said) == (1, True, True)
    assert [await rotation.calls(key) for key in (new, KEY)] == [200, 200]
    assert (await rotation.rotates("--finish", "--yes"))[0] == 0


async def test_a_key_that_is_there_already_is_not_added(rotation: Rotation) -> None:
    code, said = await rotation.rotates("--webhook-key", KEY)

    assert (code, "there already" in said, KEY in said) == (0, True, False)
    assert await rotation.calls(KEY) == 200


async def test_it_is_shown_when_each_key_was_last_used(rotation: Rotation) -> None:
    await rotation.calls(KEY)
    new = await rotation.adds()
    await rotation.calls(new)

    _, said = await rotation.rotates("--finish", "--dry-run")

    for key in (KEY, new):
        digest = key_handle(key).partition(":")[2][:8]
        assert re.search(rf"key {digest}… +added .*, last used 2026-11-21T12:0", said)
    assert [await rotation.calls(key) for key in (KEY, new)] == [200, 200]


async def test_with_a_yes_a_key_nobody_has_used_takes_the_others_place(rotation: Rotation) -> None:
    new = await rotation.adds()

    assert (await rotation.rotates("--finish", "--yes"))[0] == 0

    assert await rotation.calls(new) == 200


async def test_one_key_alone_is_not_taken_away(rotation: Rotation) -> None:
    code, said = await rotation.rotates("--finish", "--yes")

    assert (code, "has one key" in said) == (1, True)
    assert await rotation.calls(KEY) == 200


async def test_a_key_of_ones_own_is_not_printed(rotation: Rotation) -> None:
    own = "o" * 40

    code, said = await rotation.rotates("--webhook-key", own)

    assert (code, own in said) == (0, False)
    assert await rotation.calls(own) == 200


async def test_a_dry_run_makes_no_key(rotation: Rotation) -> None:
    code, said = await rotation.rotates("--webhook-key", "generate", "--dry-run")

    assert (code, "would be added" in said, "/api/webhooks/" in said) == (0, True, False)
    [connection] = await rotation.store.of_tenant("acme")
    assert len(await rotation.store.handles(connection.id)) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--webhook-key", "short"], "a key has 32 to 256"),
        ([], "say which secret: --webhook-key"),
        (["--token-file", "x"], "--token-file does not go with"),
    ],
)
async def test_what_makes_no_sense_is_misuse(rotation: Rotation, words: list[str], said: str) -> None:
    code, text = await rotation.rotates(*words)

    assert (code, said in text) == (2, True)
