"""What the workers of one connection share: the token, unreadable in the store, and the gauge of the daily allowance."""

from datetime import timedelta

import pytest
from typing_extensions import override

from devtools.fakes.clock import Clock
from devtools.fakes.samples import sample_connection
from devtools.fakes.stores import InMemoryShards
from ingestion.sources.salesforce.account import GAUGE_KEPT, Account, Token, TokenCipher
from shared.errors import Conflict, RateLimited
from shared.shards.model import Shard
from shared.shards.store import Change
from shared.streams.state import StreamStates

CONNECTION = sample_connection("acme", "00D000000000062EAA")
TOKEN = Token("00D!AQ-very-secret", "https://acme.example.com")


class Shards(InMemoryShards):
    """A store at which somebody else can always be quicker."""

    is_contested = False

    @override
    async def change(self, shard: Shard, change: Change) -> Shard:
        if self.is_contested:
            raise Conflict("written since")
        return await super().change(shard, change)


class Workers:
    """Several workers of one connection over one store."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shards = Shards()

    def another(self) -> Account:
        """A worker that has not looked yet."""
        return Account(CONNECTION, StreamStates(self.shards), self.clock)


def test_a_token_comes_back_from_its_seal() -> None:
    cipher = TokenCipher("a secret", CONNECTION.id)
    assert cipher.opened(cipher.sealed(TOKEN, at=Clock()())) == TOKEN


def test_a_sealed_token_shows_neither_itself_nor_its_address() -> None:
    sealed = TokenCipher("a secret", CONNECTION.id).sealed(TOKEN, at=Clock()())
    assert "secret" not in sealed
    assert "acme" not in sealed


@pytest.mark.parametrize("cipher", [TokenCipher("another secret", CONNECTION.id), TokenCipher("a secret", "salesforce:another")])
def test_a_token_that_was_sealed_with_another_secret_or_for_another_connection_is_none(cipher: TokenCipher) -> None:
    assert cipher.opened(TokenCipher("a secret", CONNECTION.id).sealed(TOKEN, at=Clock()())) is None


@pytest.mark.parametrize("sealed", [None, "", "gAAAA", "no seal at all", "ü"])
def test_what_is_no_sealed_token_is_none(sealed: str | None) -> None:
    assert TokenCipher("a secret", CONNECTION.id).opened(sealed) is None


async def test_what_one_worker_writes_another_reads() -> None:
    workers = Workers()
    await workers.another().change(lambda memory: memory.model_copy(update={"token": "sealed"}))
    assert (await workers.another().look()).token == "sealed"


async def test_a_change_is_made_over_what_is_there_now_and_not_over_what_was_read() -> None:
    workers = Workers()
    first, second = workers.another(), workers.another()
    await first.look()
    await second.look()
    await first.change(lambda memory: memory.model_copy(update={"token": "sealed"}))
    await second.gauge(10, 100)
    found = await workers.another().look()
    assert (found.token, found.used_count) == ("sealed", 10)


async def test_a_worker_that_others_are_always_quicker_than_gives_up() -> None:
    workers = Workers()
    await workers.another().gauge(1, 100)
    workers.shards.is_contested = True
    with pytest.raises(Conflict):
        await workers.another().gauge(2, 100)


async def test_the_gauge_is_a_gauge_and_may_go_down() -> None:
    workers = Workers()
    account = workers.another()
    for used in (900, 905, 899, 20):
        workers.clock.advance(seconds=61)
        await account.gauge(used, 1000)
    assert (await workers.another().look()).used_count == 20


async def test_a_gauge_that_hardly_moves_is_not_told_at_every_call() -> None:
    workers = Workers()
    account = workers.another()
    await account.gauge(100, 15_000)
    writes = workers.shards.writes
    for used in range(101, 150):
        await account.gauge(used, 15_000)
    assert workers.shards.writes == writes
    assert account.memory.used_count == 149


async def test_a_gauge_that_jumps_is_told_at_once() -> None:
    workers = Workers()
    account = workers.another()
    await account.gauge(100, 15_000)
    await account.gauge(7_600, 15_000)
    assert (await workers.another().look()).used_count == 7_600


async def test_below_the_share_nothing_stops_and_nothing_is_looked_up() -> None:
    account = Workers().another()
    await account.gauge(499, 1000)
    assert account.check_allowance(0.5) is False


async def test_at_the_share_a_worker_stops_until_the_gauge_is_old() -> None:
    workers = Workers()
    account = workers.another()
    await account.gauge(500, 1000)
    workers.clock.advance(seconds=60)
    with pytest.raises(RateLimited, match="500 of 1000") as raised:
        account.check_allowance(0.5)
    assert raised.value.retry_after_seconds == (GAUGE_KEPT - timedelta(seconds=60)).total_seconds()


async def test_an_old_gauge_at_the_share_is_worth_a_look() -> None:
    workers = Workers()
    account = workers.another()
    await account.gauge(500, 1000)
    workers.clock.advance(seconds=GAUGE_KEPT.total_seconds())
    assert account.check_allowance(0.5) is True


async def test_what_one_worker_was_refused_all_know() -> None:
    workers = Workers()
    refused, another = workers.another(), workers.another()
    await refused.gauge(1, 1000)
    await refused.used_up()
    await another.look()
    with pytest.raises(RateLimited):
        another.check_allowance(1.0)


async def test_a_worker_that_knows_no_gauge_may_ask() -> None:
    assert Workers().another().check_allowance(0.5) is False
