"""Events of the pretend Slack over a real socket, to an app that reads them with what Slack's own SDK has for that."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier
from typing_extensions import override

from devtools.vendors.slack.delivering import Deliveries
from tests.integration.slack_api.worlds import Place, place


@dataclass
class App:
    """Checks what it is sent, and answers ``statuses`` before it answers 200. ``slow``: it never answers in time."""

    here: Place
    bodies: list[dict[str, Any]] = field(default_factory=list)
    retries: list[str | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    slow: bool = False

    async def events(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if self.slow:
            await asyncio.Event().wait()
        verifier = SignatureVerifier(self.here.app.signing_secret, clock=Now(self.here))
        if not verifier.is_valid_request(raw, dict(request.headers)):
            return web.Response(status=401)
        body = json.loads(raw)
        if body["type"] == "url_verification":
            return web.json_response({"challenge": body["challenge"]})
        self.bodies.append(body)
        self.retries.append(request.headers.get("X-Slack-Retry-Num"))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


class Now(SignatureClock):
    """The world's clock for the SDK."""

    def __init__(self, here: Place) -> None:
        self.here = here

    @override
    def now(self) -> float:
        return self.here.clock().timestamp()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    app = App(place())
    application = web.Application()
    application.router.add_post("/events", app.events)
    runner = web.AppRunner(application, shutdown_timeout=0.1, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    app.here.app.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    yield app
    await runner.cleanup()


@pytest.fixture
async def deliveries(app: App) -> AsyncIterator[Deliveries]:
    deliveries = Deliveries(app.here.world)
    yield deliveries
    await deliveries.close()


async def test_slacks_own_verifier_takes_what_is_sent(app: App, deliveries: Deliveries) -> None:
    made = app.here.channel()
    app.here.world.rename(made.id, "trade – Zürich")
    await deliveries.deliver_due()

    assert [body["event"]["type"] for body in app.bodies] == ["channel_rename", "message"]
    assert app.bodies[0]["event"]["channel"]["name"] == "trade – Zürich"
    assert deliveries.ledger.statuses() == {200: 2}
    app.here.app.signing_secrets.insert(0, "another")
    app.here.app.signing_secrets[0], app.here.app.signing_secrets[1] = app.here.app.signing_secrets[1], "another"
    assert await deliveries.verify_url(app.here.app) is True


async def test_a_retry_is_signed_anew_and_taken_minutes_later(app: App, deliveries: Deliveries) -> None:
    app.statuses = [500, 500, 500]
    app.here.world.archive(app.here.channel(is_private=False, with_bot=False).id)
    for minutes in (0, 1, 5):
        app.here.clock.advance(minutes=minutes)
        await deliveries.deliver_due()

    assert app.retries == [None, "1", "2", "3"]
    assert {body["event_id"] for body in app.bodies} == {app.bodies[0]["event_id"]}
    assert (deliveries.lost, deliveries.ledger.calls[-1].status) == ([], 200)


async def test_an_app_that_does_not_answer_in_time_and_one_that_is_not_there(app: App, deliveries: Deliveries) -> None:
    deliveries.reply_seconds, app.slow = 0.05, True
    app.here.world.archive(app.here.channel(with_bot=False).id)
    await deliveries.deliver_due()
    assert {one.reason for one in deliveries.ledger.calls} == {"http_timeout"}

    deliveries.ledger.clear()
    app.here.app.request_url = "http://127.0.0.1:9/"
    app.here.clock.advance(minutes=1)
    await deliveries.deliver_due()
    assert [one.reason for one in deliveries.ledger.calls] == ["connection_failed"]
    assert await deliveries.verify_url(app.here.app) is False


async def test_in_the_background_things_go_out_as_they_happen(app: App, deliveries: Deliveries) -> None:
    running = asyncio.create_task(deliveries.run())
    made = app.here.channel()
    for number in range(30):
        app.here.world.set_topic(made.id, f"{number}")
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await deliveries.settle()
    running.cancel()
    await asyncio.wait({running})

    assert len(app.bodies) == 30
