"""The change feed without a server: what is refused, and that nobody who reads it to its end has missed anything."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from devtools.emulators.cosmos.changefeed import read_changes
from devtools.emulators.cosmos.containers import Container
from devtools.emulators.cosmos.ranges import even_ranges
from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.store import Store
from devtools.emulators.cosmos.transaction import Conditions, Transaction
from devtools.emulators.cosmos.wire import Reply, Request, decode

DEFINITION: Final = {"id": "c", "partitionKey": {"paths": ["/key"], "kind": "Hash", "version": 2}}
IDS = st.sampled_from("abcd")
KEYS = st.sampled_from(["k", "l", "m"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), KEYS, st.sets(IDS, min_size=1)),
        st.tuples(st.just("delete"), KEYS, st.sets(IDS, min_size=1)),
        st.tuples(st.just("page"), KEYS, st.just(set[str]())),
    ),
    max_size=25,
)


def filled() -> tuple[Store, Container]:
    store = Store(now=lambda: 1000.0, ranges=even_ranges(2))
    return store, store.create_container(store.create_database({"id": "d"}, None), DEFINITION, None)


def asked(store: Store, container: Container, token: str | None = None, most: int = 100, **headers: Any) -> Reply:
    named = {"A-IM": "Incremental Feed", "x-ms-max-item-count": f"{most}"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    if token is not None:
        named["If-None-Match"] = token
    return read_changes(store, Request("GET", (), CIMultiDict(named), b"", ""), container)


def written(store: Store, container: Container, key: str, ids: set[str], n: int) -> None:
    transaction = Transaction(store, container, container.key.effective((key,)))
    for id_ in sorted(ids):
        transaction.upsert({"id": id_, "key": key, "n": n}, Conditions())
    transaction.commit()


def deleted(store: Store, container: Container, key: str, ids: set[str]) -> None:
    transaction = Transaction(store, container, container.key.effective((key,)))
    for id_ in sorted(ids):
        if container.find(container.key.effective((key,)), id_, store.now()) is not None:
            transaction.delete(id_, Conditions())
    transaction.commit()


@pytest.mark.parametrize(
    "headers",
    [
        {"A_IM": "Full-Fidelity Feed"},
        {"If_None_Match": "nonsense"},
        {"If_None_Match": '"-1"'},
        {"If_None_Match": '"1'},
        {"If_None_Match": ""},
        {"If_Modified_Since": "yesterday"},
        {"x_ms_max_item_count": "0"},
    ],
)
def test_what_cannot_be_read_is_refused(headers: dict[str, Any]) -> None:
    store, container = filled()

    with pytest.raises(RefusedError) as refused:
        asked(store, container, **headers)

    assert refused.value.status == 400


def test_where_nothing_is_new_the_answer_still_says_where_to_go_on() -> None:
    store, container = filled()
    written(store, container, "k", {"a"}, 1)
    deleted(store, container, "k", {"a"})

    reply = asked(store, container)

    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", '"2"')


@settings(deadline=None)
@given(STEPS, st.sampled_from([1, 2, 3, -1]), st.sampled_from([None, "0", "1"]))
def test_whoever_reads_to_the_end_has_every_item_as_it_is(steps: list[Any], most: int, range_id: str | None) -> None:
    store, container = filled()
    scope: dict[str, Any] = {} if range_id is None else {"x_ms_documentdb_partitionkeyrangeid": range_id}
    seen: dict[tuple[str, str], int] = {}
    token = None

    def read_page(token: str | None) -> Reply:
        reply = asked(store, container, token, most, **scope)
        rows = decode(reply.body)["Documents"] if reply.status == 200 else []
        assert [row["_lsn"] for row in rows] == sorted(row["_lsn"] for row in rows)
        seen.update({(row["key"], row["id"]): row["n"] for row in rows})
        return reply

    for n, (step, key, ids) in enumerate(steps):
        if step == "page":
            token = read_page(token).headers["etag"]
        else:
            written(store, container, key, ids, n) if step == "write" else deleted(store, container, key, ids)
    while (reply := read_page(token)).status == 200:
        token = reply.headers["etag"]

    ranges = {one.id: (one.low, one.high) for one in store.ranges}
    low, high = ranges.get(range_id or "", ("", "FF"))
    there = {(r.document["key"], r.id): r.document["n"] for r in container.within(low, high, store.now())}
    assert {place: seen.get(place) for place in there} == there
