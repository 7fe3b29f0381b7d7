"""A small receiver of Outbound Messages on loopback, and an organization that sends them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Final

from aiohttp import web
from defusedxml.ElementTree import fromstring

from devtools.faults.injector import Injector
from devtools.vendors.salesforce.backlog import RetrySchedule
from devtools.vendors.salesforce.records import PretendOrg

OUT: Final = "{http://soap.sforce.com/2005/09/outbound}"
SF: Final = "{urn:sobject.enterprise.soap.sforce.com}"
SOON: Final = RetrySchedule(first_seconds=0.01, growth=1.5, longest_seconds=0.05)


def answer_of(ack: str) -> str:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{ack}</Ack></notificationsResponse>'
        "</soapenv:Body></soapenv:Envelope>"
    )


@dataclass
class Receiver:
    """Answers each call with the next of ``answers``, then acknowledges; remembers what it read. No answer: it hangs up."""

    answers: list[tuple[int, str] | None] = field(default_factory=list)
    always: tuple[int, str] | None = (200, answer_of("true"))
    answer_delay_seconds: float = 0.0
    url: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        chosen = self.answers.pop(0) if self.answers else self.always
        await asyncio.sleep(self.answer_delay_seconds)
        self.under_way -= 1
        if chosen is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        status, text = chosen
        return web.Response(status=status, text=text, content_type="text/xml", charset="utf-8")

    def notified(self) -> list[list[str]]:
        """Record ids by call."""
        return [[str(s_object.findtext(f"{SF}Id")) for s_object in fromstring(body).iter(f"{OUT}sObject")] for body in self.bodies]

    def names(self) -> list[str]:
        return [str(name.text) for body in self.bodies for name in fromstring(body).iter(f"{SF}Name")]


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[Receiver]:
    app = web.Application(client_max_size=32 * 1024 * 1024)
    app.router.add_post("/webhooks/salesforce/key", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/salesforce/key"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def wall_clock() -> datetime:
    return datetime.now(UTC)


def an_org(now: Callable[[], datetime] = wall_clock, *, faults: Injector | None = None) -> PretendOrg:
    return PretendOrg("00D000000000062EAA", Random(4), now, faults=faults)
