"""A request in, an answer out, nothing awaited between: the signature, the route, a fault if one was asked for, the counters."""

import logging
import uuid
from collections.abc import Callable
from email.utils import formatdate
from typing import TypeVar

from devtools.emulators.cosmos.auth import verify
from devtools.emulators.cosmos.observation import Faults, Operations, answer_private
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.routes import Route, route
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, refusal

log = logging.getLogger(__name__)

API_VERSION = "2020-07-15"

Answer = TypeVar("Answer")


class Service:
    """One account and its key."""

    def __init__(self, store: Store, *, key: str) -> None:
        self.store = store
        self.operations = Operations()
        self.faults = Faults()
        self._key = key

    def answer(self, request: Request) -> Reply:
        """The answer, with the headers every answer has. Never raises."""
        found = route(request)
        private = self._guarded(lambda: answer_private(request, self.operations, self.faults), found)
        if private is not None:
            return private
        reply = self._guarded(lambda: self._answered(request, found), found)
        self.operations.count(found, reply)
        return reply.with_headers(self._headers(request, reply))

    def _guarded(self, answer: Callable[[], Answer], found: Route) -> Answer | Reply:
        try:
            return answer()
        except RefusedError as error:
            return refusal(error)
        except RecursionError:
            return refusal(RefusedError(400, "The request is nested too deeply for this stand-in."))
        except Exception:  # whatever it is, it is a bug here: the client would retry a bare 500 in silence, so it is told and counted
            log.exception("the Cosmos stand-in failed", extra={"kind": found.kind})
            self.operations.server_errors += 1
            return refusal(RefusedError(500, "The stand-in has a bug; its traceback is in its log."))

    def _answered(self, request: Request, found: Route) -> Reply:
        verify(request, self._key)
        fault = self.faults.take(request.method, found)
        if fault is None:
            return found.answer(self.store, request)
        if fault.applied:
            found.answer(self.store, request)
        return fault.reply()

    def _headers(self, request: Request, reply: Reply) -> dict[str, str]:
        return {
            "Date": formatdate(self.store.now(), usegmt=True),
            "x-ms-version": API_VERSION,
            "x-ms-activity-id": request.headers.get("x-ms-activity-id") or str(uuid.uuid4()),
            "x-ms-request-charge": f"{reply.charge:.2f}",
        }
