"""The pretend Azure Resource Manager's addresses."""

import base64
import binascii
import json
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from devtools.emulators.resource_manager.cosmos_db import stored_container
from devtools.emulators.resource_manager.operations import Operations
from devtools.emulators.resource_manager.refusals import RefusedError, bad_request, not_found
from devtools.emulators.resource_manager.service_bus import stored_queue

HOST: Final = "127.0.0.1"
AUDIENCES: Final = ("https://management.azure.com", "https://management.azure.com/", "https://management.core.windows.net/")
VERSIONS: Final[Mapping[str, frozenset[str]]] = {
    "Microsoft.ServiceBus": frozenset({"2021-11-01", "2024-01-01", "2026-01-01"}),
    "Microsoft.DocumentDB": frozenset({"2024-11-15", "2025-04-15", "2026-03-15"}),
    "Microsoft.Storage": frozenset({"2023-05-01", "2024-01-01", "2025-08-01"}),
}
"""Those of ``ops provision``, of ``infra/modules``, and of Microsoft's own clients."""
TYPES: Final = {
    "Microsoft.ServiceBus": "Microsoft.ServiceBus/namespaces/queues",
    "Microsoft.DocumentDB": "Microsoft.DocumentDB/databaseAccounts/sqlDatabases",
    "Microsoft.Storage": "Microsoft.Storage/storageAccounts/blobServices/containers",
}

Resources = dict[str, dict[str, Any]]


@dataclass
class PretendResourceManager:
    """What there is, and how it behaves."""

    subscription: str
    group: str
    port: int = 0
    queues: dict[str, Resources] = field(default_factory=dict)
    """By namespace; the properties by name."""
    databases: dict[str, dict[str, Resources]] = field(default_factory=dict)
    """By account and database; the containers' resources by name."""
    blob_containers: dict[str, Resources] = field(default_factory=dict)
    """By storage account."""
    forbidden: set[str] = field(default_factory=set)
    """Providers that refuse everybody, as for want of a role."""
    busy: int = 0
    """So many requests are answered 429 before one is answered."""
    lasts: int = 3
    """Requests after which an operation of Cosmos DB ends."""
    tells_where: bool = True
    """Whether it names the address at which an operation is asked after."""
    page_size: int = 4
    retry_after: int = 0
    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""
    operations: Operations = field(default_factory=Operations)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def changes(self) -> list[str]:
        """What was asked for that is more than looking."""
        return [one for one in self.asked if not one.startswith("GET ")]

    async def answer(self, request: web.Request) -> web.Response:
        """Any request."""
        self.asked.append(f"{request.method} {request.path}")
        self.operations.go_on()
        try:
            _check_token(request.headers.get("authorization"))
            self._throttle()
            return await self._answer(request)
        except RefusedError as error:
            return error.answer()

    def _throttle(self) -> None:
        if self.busy:
            self.busy -= 1
            message = "The request is being throttled as the limit has been reached for operation type."
            raise RefusedError(429, "TooManyRequests", message, {"Retry-After": str(self.retry_after)})

    async def _answer(self, request: web.Request) -> web.Response:
        parts = request.path.strip("/").split("/")
        body = await request.json() if request.can_read_body else {}
        match parts:
            case ["subscriptions", subscription, *_] if subscription != self.subscription:
                raise not_found("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
            case ["subscriptions", _, "providers", "Microsoft.DocumentDB", "locations", _, kind, operation]:
                return self._operation(kind, operation)
            case ["subscriptions", _, "resourceGroups", group, "providers", provider, _, parent, *rest] if provider in VERSIONS:
                if group != self.group:
                    raise not_found("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
                self._check(provider, request)
                return self._of_provider(provider, parent, rest, request, body)
            case _:
                raise not_found("InvalidResourceType", "The resource type could not be found.")

    def _check(self, provider: str, request: web.Request) -> None:
        version = request.query.get("api-version")
        if version is None:
            raise bad_request("The api-version query parameter (?api-version=) is required for all requests.", "MissingApiVersionParameter")
        if version not in VERSIONS[provider]:
            raise bad_request(f"No registered resource provider found for API version '{version}'.", "NoRegisteredProviderFound")
        if provider in self.forbidden:
            verb = "read" if request.method == "GET" else "write"
            action = f"{TYPES[provider]}/{verb}"
            message = f"The client 'somebody' does not have authorization to perform action '{action}' over scope '{request.path}'."
            raise RefusedError(403, "AuthorizationFailed", message)

    def _of_provider(self, provider: str, parent: str, rest: list[str], request: web.Request, body: dict[str, Any]) -> web.Response:
        match provider, rest:
            case "Microsoft.ServiceBus", ["queues", *names] if len(names) <= 1:
                return self._queue(_in(self.queues, parent, request), names, request, body)
            case "Microsoft.Storage", ["blobServices", "default", "containers", *names] if len(names) <= 1:
                return self._blob_container(_in(self.blob_containers, parent, request), names, request, body)
            case "Microsoft.DocumentDB", ["sqlDatabases", *names] if len(names) <= 1:
                return self._database(parent, _in(self.databases, parent, request), names, request)
            case "Microsoft.DocumentDB", ["sqlDatabases", database, "containers", *names] if len(names) <= 1:
                databases = _in(self.databases, parent, request)
                if database not in databases:
                    raise not_found("NotFound", 'Message: {"Errors":["Owner resource does not exist"]}')
                return self._container(parent, databases[database], names, request, body)
            case _:
                raise not_found("InvalidResourceType", "The resource type could not be found.")

    def _queue(self, queues: Resources, names: list[str], request: web.Request, body: dict[str, Any]) -> web.Response:
        if not names:
            return self._page(request, [_shown(f"{request.path}/{name}", properties) for name, properties in queues.items()])
        if request.method == "PUT":
            queues[names[0]] = stored_queue(body, queues.get(names[0]))
        elif request.method != "GET":
            raise _no_such_method()
        if names[0] not in queues:
            raise not_found("MessagingGatewayNotFoundStatusCode", f"The requested resource {names[0]} does not exist.")
        return web.json_response(_shown(request.path, queues[names[0]]))

    def _blob_container(self, containers: Resources, names: list[str], request: web.Request, body: dict[str, Any]) -> web.Response:
        if not names:
            return self._page(request, [_shown(f"{request.path}/{name}", properties) for name, properties in containers.items()])
        is_new = names[0] not in containers
        if request.method == "PUT" or (request.method == "PATCH" and not is_new):
            containers[names[0]] = {"publicAccess": "None", **containers.get(names[0], {}), **(body.get("properties") or {})}
        if names[0] not in containers:
            raise not_found("ContainerNotFound", "The specified container does not exist.")
        return web.json_response(_shown(request.path, containers[names[0]]), status=201 if is_new else 200)

    def _database(self, account: str, databases: dict[str, Resources], names: list[str], request: web.Request) -> web.Response:
        if not names:
            return self._page(request, [_shown(f"{request.path}/{name}", {"resource": {"id": name}}) for name in databases])
        if request.method == "PUT":
            return self._begun(account, request, lambda: databases.setdefault(names[0], {}) and None)
        if names[0] not in databases:
            raise not_found("NotFound", 'Message: {"Errors":["Resource Not Found"]}')
        return web.json_response(_shown(request.path, {"resource": {"id": names[0]}}))

    def _container(self, account: str, containers: Resources, names: list[str], request: web.Request, body: dict[str, Any]) -> web.Response:
        if not names:
            return self._page(request, [_shown(f"{request.path}/{name}", {"resource": _stamped(one)}) for name, one in containers.items()])
        if request.method == "PUT":

            def end() -> None:
                containers[names[0]] = stored_container(names[0], body, containers.get(names[0]))

            return self._begun(account, request, end)
        if names[0] not in containers:
            raise not_found("NotFound", 'Message: {"Errors":["Resource Not Found"]}')
        return web.json_response(_shown(request.path, {"resource": _stamped(containers[names[0]])}))

    def _begun(self, account: str, request: web.Request, end: Any) -> web.Response:
        begun = self.operations.begin(account, self.lasts, end)
        where = f"{self.url}/subscriptions/{self.subscription}/providers/Microsoft.DocumentDB/locations/westeurope"
        version = request.query["api-version"]
        if not self.tells_where:
            return web.json_response({"status": "Enqueued"}, status=202)
        headers = {
            "Azure-AsyncOperation": f"{where}/operationsStatus/{begun.id}?api-version={version}",
            "Location": f"{where}/operationResults/{begun.id}?api-version={version}",
            "Retry-After": str(self.retry_after),
        }
        return web.json_response({"status": "Enqueued"}, status=202, headers=headers)

    def _operation(self, kind: str, name: str) -> web.Response:
        found = self.operations.by_id.get(name)
        if found is None or kind not in {"operationsStatus", "operationResults"}:
            raise not_found("NotFound", "There is no such operation.")
        again = {"Retry-After": str(self.retry_after)}
        if kind == "operationsStatus":
            return web.json_response(found.document, headers=again)
        if found.error is not None:
            raise found.error
        return web.json_response({}, status=200) if found.has_ended else web.json_response({}, status=202, headers=again)

    def _page(self, request: web.Request, all_of_them: Iterable[dict[str, Any]]) -> web.Response:
        if request.method != "GET":
            raise _no_such_method()
        listed = sorted(all_of_them, key=lambda one: str(one["name"]))
        begin = int(request.query.get("$skipToken", "0"))
        page: dict[str, Any] = {"value": listed[begin : begin + self.page_size]}
        if begin + self.page_size < len(listed):
            version = request.query["api-version"]
            page["nextLink"] = f"{self.url}{request.path}?api-version={version}&$skipToken={begin + self.page_size}"
        return web.json_response(page)


def _in(parents: Mapping[str, Any], name: str, request: web.Request) -> Any:
    if name not in parents:
        message = f"Failed to perform the operation on '{request.path}', because the parent resource '{name}' could not be found."
        raise not_found("ParentResourceNotFound", message)
    return parents[name]


def _shown(path: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    parts = path.strip("/").split("/")
    kind = "/".join([parts[5], *parts[6::2]])
    return {"id": path, "name": parts[-1], "type": kind, "properties": dict(properties)}


def _stamped(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**resource, "_rid": "rid", "_ts": 1_795_262_400, "_etag": '"etag"'}


def _no_such_method() -> RefusedError:
    return RefusedError(405, "MethodNotAllowed", "The pretend Resource Manager does not know this.")


def _check_token(authorization: str | None) -> None:
    if not authorization or not authorization.startswith("Bearer "):
        raise RefusedError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    try:
        payload = authorization.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        audience = claims["aud"]
    except (IndexError, ValueError, binascii.Error, KeyError, TypeError):
        raise RefusedError(401, "InvalidAuthenticationToken", "The access token is invalid.") from None
    if audience not in AUDIENCES:
        message = f"The access token has been obtained for wrong audience or resource '{audience}'."
        raise RefusedError(401, "InvalidAuthenticationTokenAudience", message)


@asynccontextmanager
async def running_resource_manager(
    subscription: str, group: str, *, service_bus: str, cosmos: str, storage: str, port: int = 0
) -> AsyncIterator[PretendResourceManager]:
    """One that listens while the block runs, with an empty namespace and two empty accounts.

    Raises:
        OSError: the port is taken.
    """
    manager = PretendResourceManager(subscription, group, queues={service_bus: {}}, databases={cosmos: {}}, blob_containers={storage: {}})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", manager.answer)
    runner = web.AppRunner(app, access_log=None)
    listener = socket.create_server((HOST, port))
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        manager.port = listener.getsockname()[1]
        yield manager
    finally:
        await runner.cleanup()
        listener.close()
