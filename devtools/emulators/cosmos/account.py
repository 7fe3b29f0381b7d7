"""The account document, databases, containers, key ranges and offers over HTTP."""

import json
from typing import Any, Final

from devtools.emulators.cosmos.containers import Container, Database
from devtools.emulators.cosmos.queries import query_resources
from devtools.emulators.cosmos.ranges import KeyRange
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.values import Document
from devtools.emulators.cosmos.wire import Reply, Request

OFFER_SUFFIX: Final = "-offer"


def read_account(_store: Store, request: Request) -> Reply:
    """GET /. All further traffic goes to the endpoint named here, so it is the one the client used."""
    location = [{"name": "local", "databaseAccountEndpoint": request.endpoint}]
    document = {
        "_self": "",
        "id": "local",
        "_rid": "local",
        "media": "//media/",
        "addresses": "//addresses/",
        "_dbs": "//dbs/",
        "writableLocations": location,
        "readableLocations": location,
        "enableMultipleWriteLocations": False,
        "userConsistencyPolicy": {"defaultConsistencyLevel": "Session"},
        "userReplicationPolicy": {"minReplicaSetSize": 1, "maxReplicasetSize": 1},
        "systemReplicationPolicy": {"minReplicaSetSize": 1, "maxReplicasetSize": 1},
        "readPolicy": {"primaryReadCoefficient": 1, "secondaryReadCoefficient": 1},
        "queryEngineConfiguration": "{}",
    }
    return Reply.of(200, document)


def databases(store: Store, request: Request) -> Reply:
    """GET or POST /dbs: list, query, create."""
    documents = [database.document for database in store.databases.values()]
    if request.method == "GET":
        return _feed("Databases", "", documents)
    if request.flag("x-ms-documentdb-isquery"):
        return _feed("Databases", "", query_resources(documents, request.object()))
    return _resource(201, store.create_database(request.object(), _throughput(request)).document)


def database(store: Store, request: Request) -> Reply:
    """GET or DELETE /dbs/{database}."""
    name = request.segments[1]
    if request.method == "DELETE":
        store.drop_database(name)
        return Reply(204)
    return _resource(200, store.database(name).document)


def containers(store: Store, request: Request) -> Reply:
    """GET or POST .../colls: list, query, create."""
    owner = store.database(request.segments[1], is_owner=True)
    documents = [container.document for container in owner.containers.values()]
    if request.method == "GET":
        return _feed("DocumentCollections", owner.rid, documents)
    if request.flag("x-ms-documentdb-isquery"):
        return _feed("DocumentCollections", owner.rid, query_resources(documents, request.object()))
    return _resource(201, store.create_container(owner, request.object(), _throughput(request)).document)


def container(store: Store, request: Request) -> Reply:
    """GET, PUT or DELETE .../colls/{container}."""
    found = store.container(request.segments[1], request.segments[3])
    if request.method == "DELETE":
        store.drop_container(store.database(request.segments[1]), found)
        return Reply(204)
    if request.method == "PUT":
        store.replace_container(found, request.object())
    reply = _resource(200, found.document)
    if request.flag("x-ms-documentdb-populatequotainfo"):
        count = sum(map(len, found.partitions.values()))
        return reply.with_headers({"x-ms-resource-quota": "documentsCount=-1;", "x-ms-resource-usage": f"documentsCount={count};"})
    return reply


def key_ranges(store: Store, request: Request, container: Container) -> Reply:
    """GET .../pkranges. The client asks until it is told that nothing changed: without the 304 it never stops."""
    etag = f'"{container.rid}-{len(store.ranges)}"'
    if request.headers.get("If-None-Match") == etag:
        return Reply(304, b"", {"etag": etag})
    documents = [_key_range(one, container, etag, share=1 / len(store.ranges)) for one in store.ranges]
    return _feed("PartitionKeyRanges", container.rid, documents).with_headers({"etag": etag})


def conflicts(_store: Store, _request: Request, container: Container) -> Reply:
    """GET .../conflicts: with one region there are none."""
    return _feed("Conflicts", container.rid, [])


def offers(store: Store, request: Request) -> Reply:
    """GET or POST /offers. A container without throughput of its own has no offer; the client cannot cope with that."""
    documents = [_offer(owner) for owner in _owners(store) if owner.throughput is not None]
    if request.method == "POST":
        documents = query_resources(documents, request.object())
    return _feed("Offers", "", documents)


def offer(store: Store, request: Request) -> Reply:
    """GET or PUT /offers/{rid}."""
    rid = request.segments[1]
    owner = next((one for one in _owners(store) if one.throughput is not None and _offer_rid(one) == rid), None)
    if owner is None:
        raise RefusedError(404, "The offer does not exist.")
    if request.method == "PUT":
        content = request.object().get("content")
        if not isinstance(content, dict):
            raise RefusedError(400, "An offer has a content.")
        store.set_throughput(owner, content)
    return _resource(200, _offer(owner))


def _key_range(one: KeyRange, container: Container, etag: str, *, share: float) -> Document:
    return {
        "id": one.id,
        "minInclusive": one.low,
        "maxExclusive": one.high,
        "_rid": container.rid,
        "_etag": etag,
        "_self": f"{container.document['_self']}pkranges/{one.id}/",
        "_ts": container.document["_ts"],
        "_lsn": 1,
        "ridPrefix": int(one.id),
        "throughputFraction": share,
        "status": "online",
        "parents": [],
    }


def _owners(store: Store) -> list[Database | Container]:
    found: list[Database | Container] = list(store.databases.values())
    for one in store.databases.values():
        found.extend(one.containers.values())
    return found


def _offer(owner: Database | Container) -> Document:
    return {
        "id": _offer_rid(owner),
        "_rid": _offer_rid(owner),
        "_self": f"offers/{_offer_rid(owner)}/",
        "resource": owner.document["_self"],
        "offerType": "Invalid",
        "offerVersion": "V2",
        "offerResourceId": owner.rid,
        "content": owner.throughput,
        "_etag": owner.document["_etag"],
        "_ts": owner.document["_ts"],
    }


def _offer_rid(owner: Database | Container) -> str:
    return owner.rid.rstrip("=") + OFFER_SUFFIX


def _throughput(request: Request) -> Document | None:
    manual, automatic = request.headers.get("x-ms-offer-throughput"), request.headers.get("x-ms-cosmos-offer-autopilot-settings")
    try:
        if automatic is not None:
            return {"offerThroughput": json.loads(automatic)["maxThroughput"] // 10, "offerAutopilotSettings": json.loads(automatic)}
        return None if manual is None else {"offerThroughput": int(manual)}
    except (ValueError, TypeError, KeyError):
        raise RefusedError(400, "The throughput is not understood.") from None


def _resource(status: int, document: Document) -> Reply:
    headers = {"etag": document["_etag"]} if "_etag" in document else {}
    return Reply.of(status, document, headers=headers)


def _feed(name: str, rid: str, documents: list[Any]) -> Reply:
    headers = {"x-ms-item-count": str(len(documents))}
    return Reply.of(200, {"_rid": rid, name: documents, "_count": len(documents)}, headers=headers, charge=0.0)
