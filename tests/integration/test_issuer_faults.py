"""What the local issuer does wrong on command: callers are put off or refused as documented, and let in again afterwards."""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest

from devtools.fakes.clock import Clock
from devtools.faults.injector import Injector
from devtools.faults.plan import Fault, Kind, Plan
from devtools.faults.report import Report
from devtools.issuer.faults import ABILITIES
from devtools.issuer.server import Issuer, running_issuer
from devtools.issuer.tokens import token
from devtools.local.child import Child
from shared.access.tokens import TokenCheck
from shared.errors import DependencyUnavailable, TokenRefused
from tests.integration.token_check import AUDIENCE, check_of

pytest_plugins = ["tests.plugins.issuers"]
pytestmark = pytest.mark.integration


def fault(kind: Kind, **said: Any) -> Fault:
    return Fault(at="issuer", kind=kind, operation="keys", **{"calls": 1, **said})


@pytest.fixture
def check(issuer: Issuer, client: httpx2.AsyncClient, clock: Clock) -> TokenCheck:
    return check_of(issuer, client, clock, answer_seconds=0.3)


def bearer(issuer: Issuer) -> str:
    return "Bearer " + issuer.token(audience=AUDIENCE, tenant_id="acme")


WRONG_ANSWERS = [
    fault(Kind.REFUSE, status=503),
    fault(Kind.REFUSE, status=429, retry_after_seconds=2),
    fault(Kind.REFUSE, status=500),
    fault(Kind.TIMEOUT),
    fault(Kind.DROP),
    fault(Kind.DELAY, seconds=60),
    fault(Kind.MALFORMED),
    fault(Kind.MALFORMED, variant="not-json"),
    fault(Kind.MALFORMED, variant="no-keys"),
]


def test_every_wrong_answer_is_tried() -> None:
    tried = {(one.kind, one.variant) for one in WRONG_ANSWERS}

    assert tried == {(kind, variant) for kind in ABILITIES for variant in (None, *ABILITIES[kind])} - {(Kind.CLOCK_MOVED, None)}


@pytest.mark.parametrize("planned", WRONG_ANSWERS, ids=[one.summary for one in WRONG_ANSWERS])
async def test_while_no_key_was_ever_read_callers_are_put_off_and_a_second_later_let_in(
    planned: Fault, issuer: Issuer, check: TokenCheck, clock: Clock
) -> None:
    issuer.faults.add(planned)

    with pytest.raises(DependencyUnavailable, match="the issuer's keys cannot be read"):
        await check.caller(bearer(issuer))
    clock.advance(seconds=1)

    assert (await check.caller(bearer(issuer))).tenant_id == "acme"
    assert issuer.faults.fired == {planned: 1}


@pytest.mark.parametrize("planned", WRONG_ANSWERS, ids=[one.summary for one in WRONG_ANSWERS])
async def test_an_outage_of_the_issuer_stops_nobody_once_its_keys_are_known(
    planned: Fault, issuer: Issuer, check: TokenCheck, clock: Clock
) -> None:
    await check.caller(bearer(issuer))
    issuer.faults.add(planned)
    clock.advance(seconds=3600)

    assert (await check.caller(bearer(issuer))).tenant_id == "acme"
    assert issuer.faults.fired == {planned: 1}


async def test_a_key_that_is_new_is_unknown_while_the_issuer_is_down_and_let_in_when_it_is_back(
    issuer: Issuer, check: TokenCheck, clock: Clock
) -> None:
    await check.caller(bearer(issuer))
    issuer.faults.add(fault(Kind.REFUSE, status=503))
    issuer.rotate()
    clock.advance(seconds=30)

    with pytest.raises(TokenRefused, match=r"^the token's key is unknown$"):
        await check.caller(bearer(issuer))
    clock.advance(seconds=30)

    assert (await check.caller(bearer(issuer))).tenant_id == "acme"


async def test_an_answer_that_is_late_is_the_right_one(issuer: Issuer, client: httpx2.AsyncClient, clock: Clock) -> None:
    issuer.faults.add(fault(Kind.DELAY, seconds=0.1))

    began = asyncio.get_running_loop().time()
    caller = await check_of(issuer, client, clock).caller(bearer(issuer))

    assert caller.tenant_id == "acme"
    assert asyncio.get_running_loop().time() - began >= 0.1


@pytest.mark.parametrize(
    ("jump_seconds", "refusal"), [(7200.0, r"^the token is not yet valid$"), (-7200.0, r"^the token has expired$")], ids=["ahead", "behind"]
)
async def test_tokens_of_a_clock_that_jumped_are_refused_until_it_is_right_again(
    jump_seconds: float, refusal: str, issuer: Issuer, check: TokenCheck, clock: Clock
) -> None:
    issuer.faults.add(fault(Kind.CLOCK_MOVED, seconds=jump_seconds), fault(Kind.CLOCK_MOVED, seconds=-jump_seconds, after=1))
    before = bearer(issuer)
    await check.caller(before)

    with pytest.raises(TokenRefused, match=refusal):
        await check.caller(bearer(issuer))
    assert (await check.caller(before)).tenant_id == "acme"
    clock.advance(seconds=600)
    await check.caller(before)

    assert (await check.caller(bearer(issuer))).tenant_id == "acme"
    assert issuer.faults.count(Kind.CLOCK_MOVED) == 2


async def test_its_configuration_can_be_refused_and_is_never_malformed(issuer: Issuer, client: httpx2.AsyncClient) -> None:
    refused = Fault(at="issuer", kind=Kind.REFUSE, status=503, operation="configuration", calls=1)
    issuer.faults.add(Fault(at="issuer", kind=Kind.MALFORMED, share=1.0), refused)

    answers = [await client.get(f"{issuer.url}/.well-known/openid-configuration") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [503, 200]
    assert answers[1].json()["jwks_uri"] == issuer.jwks_url
    assert issuer.faults.fired[refused] == 1
    assert issuer.faults.count(Kind.MALFORMED) == 0


async def test_the_seed_decides_which_calls_meet_a_fault_and_the_same_seed_decides_the_same(
    tmp_path: Path, client: httpx2.AsyncClient
) -> None:
    met = []
    for seed in (1, 1, 2):
        faults = Injector("issuer", ABILITIES, faults=[Fault(at="issuer", kind=Kind.REFUSE, status=503, share=0.5)], seed=seed)
        async with running_issuer(tmp_path / "issuer", faults=faults) as issuer:
            met.append([(await client.get(issuer.jwks_url)).status_code for _ in range(30)])

    assert met[0] == met[1] != met[2]
    assert set(met[0]) == {200, 503}


async def test_by_itself_it_obeys_a_plan_whose_clock_shows_in_tokens_of_other_processes(
    tmp_path: Path, client: httpx2.AsyncClient, clock: Clock
) -> None:
    plan, folder = tmp_path / "plan.json", tmp_path / "issuer"
    Plan(name="an hour ahead, then gone", faults=(fault(Kind.CLOCK_MOVED, seconds=3600), fault(Kind.DROP, after=1))).write(plan)
    command = [sys.executable, "-m", "devtools.issuer", "--port", "0", "--data", str(folder), "--faults", str(plan)]
    child = await Child.start("issuer", command, ready="issuer: ready", log=tmp_path / "issuer.log")
    try:
        url = f"{child.ready_line.rpartition(' ')[2].strip()}/.well-known/jwks.json"
        assert (await client.get(url)).status_code == 200
        with suppress(httpx2.RequestError):
            pytest.fail(f"answered {(await client.get(url)).status_code}")
    finally:
        await child.stop()

    made = token(folder, issuer="i", audience="a", tenant_id="acme", now=clock)
    assert _began(made) - int(clock().timestamp()) == 3600
    assert Report.read(plan).by_kind == {"clock-moved": 1, "drop": 1}


async def test_a_run_without_a_plan_has_the_right_clock_again(tmp_path: Path, clock: Clock) -> None:
    faults = Injector("issuer", ABILITIES, faults=[fault(Kind.CLOCK_MOVED, seconds=3600)])
    faults.strike("keys", kinds={Kind.CLOCK_MOVED})
    async with running_issuer(tmp_path / "issuer", now=clock, faults=faults) as issuer:
        assert _began(issuer.token(audience="a", tenant_id="acme")) - int(clock().timestamp()) == 3600

    async with running_issuer(tmp_path / "issuer", now=clock) as issuer:
        assert _began(issuer.token(audience="a", tenant_id="acme")) == int(clock().timestamp())


def _began(made: str) -> int:
    return int(jwt.decode(made, options={"verify_signature": False})["iat"])
