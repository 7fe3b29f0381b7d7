"""A pretend Salesforce REST API on loopback, for one organization or several, for tests, benchmarks and a machine without Salesforce.

What it has: OAuth (JWT bearer, client credentials), ``query`` and ``queryAll`` with locators, describe, replication with retention, limits,
records one by one, a clock that is given, a ledger and faults. The simple-salesforce package is content with it.

What it lacks: Bulk, composite, search, Change Data Capture, SOAP, compression, XML answers, TLS, ``/id`` and ``/userinfo``; one address
serves all organizations, and the token says whose call it is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final, Self

from aiohttp import BasicAuth, web

from devtools.faults.injector import Injector
from devtools.faults.plan import Kind
from devtools.vendors.salesforce.api import refusals
from devtools.vendors.salesforce.api.ledger import Call, CallLedger
from devtools.vendors.salesforce.api.misbehaviour import Answer, possible, response_of, spoilt
from devtools.vendors.salesforce.api.operations import Asked, Operation, name_of
from devtools.vendors.salesforce.api.queries import Queries
from devtools.vendors.salesforce.api.refusals import Refused
from devtools.vendors.salesforce.api.replication import MOST_IDS
from devtools.vendors.salesforce.api.sessions import ConnectedApp, Sessions
from devtools.vendors.salesforce.api.usage import Usage
from devtools.vendors.salesforce.faults import ABILITIES, AT, TOKEN
from devtools.vendors.salesforce.records import PretendOrg

VERSIONS: Final = tuple(f"{number}.0" for number in range(58, 68))
LONGEST_REQUEST_BYTES: Final = 16_384
"""Of address and headers together."""
_HARMLESS: Final = frozenset({Kind.DELAY, Kind.REORDER})
_SERVER_LIMITS: Final[dict[str, Any]] = {"max_line_size": 1024 * 1024, "max_field_size": 1024 * 1024}


class PretendSalesforce:
    """``async with PretendSalesforce(org, now=…) as salesforce``: inside, ``url`` is its address.

    ``now`` is its only clock: of ``Date``, sessions, retention, limits and locators. Knobs, at any time: ``queries.page_rows``,
    ``sessions.lifetime``, ``usage[organization_id].most``, ``.foreign`` and ``.jitter``, ``most_ids`` of a replication answer.
    """

    def __init__(
        self, *orgs: PretendOrg, now: Callable[[], datetime], faults: Injector | None = None, apps: tuple[ConnectedApp, ...] = ()
    ) -> None:
        self.now = now
        self.orgs = {org.organization_id: org for org in orgs}
        self.ledger = CallLedger()
        self.faults = faults or Injector(AT, ABILITIES)
        self.sessions = Sessions(orgs, now)
        self.queries = Queries(now)
        self.usage = {organization_id: Usage(now) for organization_id in self.orgs}
        self.most_ids = MOST_IDS
        for app in apps:
            self.sessions.register(app)
        self.application = web.Application(client_max_size=16 * 1024 * 1024)
        self.application.on_response_prepare.append(self._date)
        router = self.application.router
        router.add_post("/services/oauth2/token", self._token)
        router.add_get("/services/data", self._versions)
        router.add_get("/services/data/", self._versions)
        router.add_route("*", r"/services/data/v{version:\d+\.\d}{path:(/.*)?}", self._data)
        self._runner = web.AppRunner(self.application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, **_SERVER_LIMITS)
        self._port = 0

    @property
    def url(self) -> str:
        """Without a slash at its end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def org(self) -> PretendOrg:
        """The first one."""
        return next(iter(self.orgs.values()))

    def token(self, user_id: str | None = None, *, organization_id: str | None = None) -> str:
        """A session's token without asking for it by OAuth."""
        return self.sessions.issue(self.orgs[organization_id] if organization_id else self.org, user_id)

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; 0 takes a free port. After ``stop`` it can be started again, with all it had.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _date(self, _: web.Request, response: web.StreamResponse) -> None:
        response.headers["Date"] = format_datetime(self.now().replace(microsecond=0), usegmt=True)

    async def _versions(self, request: web.Request) -> web.Response:
        call = self._noted(request, "versions")
        call.status = 200
        return web.json_response([{"label": f"v{name}", "url": f"/services/data/v{name}", "version": name} for name in VERSIONS])

    async def _token(self, request: web.Request) -> web.StreamResponse:
        call = self._noted(request, "token")
        said = {name: str(value) for name, value in (await request.post()).items()}
        if "authorization" in request.headers:
            said |= _by_header(request.headers["authorization"])
        call.object_name = said.get("client_id", "")
        try:
            answer = Answer(self.sessions.granted(said, self.url))
        except Refused as refusal:
            return _refusal(call, refusal)
        return await self._finished(request, call, TOKEN, answer)

    async def _data(self, request: web.Request) -> web.StreamResponse:
        call = self._noted(request, name_of(request.match_info["path"]))
        headers: dict[str, str] = {}
        try:
            _check_length(request)
            org = self._org_of(request, call, headers)
            body = await _body(request)
            operation = Asked(self, org, request, body, call).operation()
            return await self._done(request, call, operation, headers)
        except Refused as refusal:
            return _refusal(call, refusal, headers)

    def _org_of(self, request: web.Request, call: Call, headers: dict[str, str]) -> PretendOrg:
        """Whose call it is; it is counted, and the count goes into the headers."""
        session = self.sessions.session_of(request.headers.get("authorization", ""))
        call.organization_id = session.organization_id
        usage = self.usage[session.organization_id]
        is_allowed = usage.spend()
        headers["Sforce-Limit-Info"] = usage.header()
        if not is_allowed:
            raise refusals.request_limit_exceeded()
        if request.match_info["version"] not in VERSIONS:
            raise refusals.not_found()
        return self.orgs[session.organization_id]

    async def _done(self, request: web.Request, call: Call, operation: Operation, headers: Mapping[str, str]) -> web.StreamResponse:
        if not operation.writes:
            answer = operation.run()
            answer.headers |= headers
            return await self._finished(request, call, operation.place, answer) if operation.place else self._plain(call, answer)
        fault = self.faults.strike(operation.place, call.object_name, kinds=possible(operation.place, None))
        is_done = fault is None or fault.applied or fault.kind in {Kind.DELAY, Kind.MALFORMED}
        answer = operation.run() if is_done else Answer()
        answer.headers |= headers
        return await self._answered(request, call, operation.place, answer, fault)

    async def _finished(self, request: web.Request, call: Call, place: str, answer: Answer) -> web.StreamResponse:
        fault = self.faults.strike(place, call.object_name, kinds=possible(place, answer))
        return await self._answered(request, call, place, answer, fault)

    async def _answered(self, request: web.Request, call: Call, place: str, answer: Answer, fault: Any) -> web.StreamResponse:
        call.fault = fault
        call.rows = len(answer.items) if fault is None or fault.kind in _HARMLESS else 0
        response = await spoilt(request, place, fault, answer, self.faults.rng) if fault else response_of(answer)
        if "Sforce-Limit-Info" in answer.headers:
            response.headers["Sforce-Limit-Info"] = answer.headers["Sforce-Limit-Info"]
        call.status = response.status
        return response

    def _plain(self, call: Call, answer: Answer) -> web.Response:
        call.status = answer.status
        return response_of(answer)

    def _noted(self, request: web.Request, operation: str) -> Call:
        call = Call(request.method, operation, self.now())
        self.ledger.calls.append(call)
        return call


def _refusal(call: Call, refusal: Refused, headers: Mapping[str, str] | None = None) -> web.Response:
    call.status = refusal.status
    return response_of(Answer(refusal.body, refusal.status, {**(headers or {}), **refusal.headers}))


def _check_length(request: web.Request) -> None:
    sent = len(request.raw_path) + sum(len(name) + len(value) + 4 for name, value in request.raw_headers)
    if sent > LONGEST_REQUEST_BYTES:
        raise Refused(414, refusals.TOO_LONG)


async def _body(request: web.Request) -> dict[str, Any]:
    text = await request.text()
    try:
        said = json.loads(text) if text else {}
    except ValueError as error:
        raise refusals.refused(400, "JSON_PARSER_ERROR", "The HTTP entity body is required and must be JSON.") from error
    if not isinstance(said, dict):
        raise refusals.refused(400, "JSON_PARSER_ERROR", "The HTTP entity body must be an object.")
    return said


def _by_header(authorization: str) -> dict[str, str]:
    """Client id and secret as HTTP's Basic has them."""
    try:
        basic = BasicAuth.decode(authorization)
    except ValueError:
        return {}
    return {"client_id": basic.login, "client_secret": basic.password}
