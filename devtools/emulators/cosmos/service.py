"""A request in, an answer out, nothing awaited between: the signature, the route, what goes wrong on purpose, the counters."""

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from typing import TypeVar

from devtools.emulators.cosmos.auth import verify
from devtools.emulators.cosmos.misbehaviour import Answer, Misbehaviour
from devtools.emulators.cosmos.observation import Operations, answer_private
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.routes import Route, route
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.wire import Reply, Request, refusal
from devtools.emulators.identities import Identities
from devtools.faults.injector import Injector

log = logging.getLogger(__name__)

API_VERSION = "2020-07-15"

Found = TypeVar("Found")


class Service:
    """One account and its key."""

    def __init__(self, store: Store, *, key: str | None, faults: Injector, identities: Identities | None = None) -> None:
        self.store = store
        self.operations = Operations()
        self.faults = faults
        self._misbehaviour = Misbehaviour(store, faults)
        self._key = key
        self._identities = identities

    def answer(self, request: Request) -> Answer:
        """The answer, with the headers every answer has. Never raises."""
        found = route(request)
        private = self._guarded(lambda: answer_private(request, self.operations, self.faults), found)
        if private is not None:
            return Answer(private)
        refused = self._guarded(lambda: verify(request, self._key, self._identities), found)
        if refused is not None:
            log.warning("a request was refused for its signature or token", extra={"kind": found.kind, "status": refused.status})
        answer = Answer(refused) if refused is not None else self._misbehaved(request, found)
        self.operations.count(found, answer.reply)
        return replace(answer, reply=answer.reply.with_headers(self._headers(request, answer.reply)))

    def _misbehaved(self, request: Request, found: Route) -> Answer:
        answer = self._guarded(lambda: self._misbehaviour.answer(request, found, lambda: self._carried_out(request, found)), found)
        return Answer(answer) if isinstance(answer, Reply) else answer

    def _carried_out(self, request: Request, found: Route) -> Reply:
        return self._guarded(lambda: found.answer(self.store, request), found)

    def _guarded(self, answer: Callable[[], Found], found: Route) -> Found | Reply:
        try:
            return answer()
        except RefusedError as error:
            return refusal(error)
        except (RecursionError, OverflowError):
            return refusal(RefusedError(400, "The request is nested too deeply for this stand-in, or has a number beyond a double."))
        except OSError as error:  # the journal's, which was written before anything was changed
            log.warning("nothing was changed, for the journal cannot be written: %s", error.strerror, extra={"kind": found.kind})
            return refusal(RefusedError(503, "The service is currently unavailable: it cannot store anything."))
        except Exception:  # whatever it is, it is a bug here: the client would retry a bare 500 in silence, so it is told and counted
            log.exception("the Cosmos stand-in failed", extra={"kind": found.kind})
            self.operations.server_errors += 1
            return refusal(RefusedError(500, "The stand-in has a bug; its traceback is in its log."))

    def _headers(self, request: Request, reply: Reply) -> dict[str, str]:
        return {
            "Date": formatdate(self.store.now(), usegmt=True),
            "x-ms-version": API_VERSION,
            "x-ms-activity-id": request.headers.get("x-ms-activity-id") or str(uuid.uuid4()),
            "x-ms-request-charge": f"{reply.charge:.2f}",
        }
