"""A query on the rows of an organization.

Rows come in the order of ids where none is asked for (the vendor promises none). A query that is bounded by SystemModstamp or Id looks
only at the rows between, and stops at its LIMIT where it asks for their order: reading a hundred thousand rows page after page stays
fast. Lacks: selectivity limits, timeouts (a fault plan has them).
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from devtools.vendors.salesforce.objects import Objects, ObjectType
from devtools.vendors.salesforce.soql.conditions import bounds, compiled, named_ids
from devtools.vendors.salesforce.soql.paths import Resolved, object_type, resolve
from devtools.vendors.salesforce.soql.tree import Order, Query, SoqlError
from devtools.vendors.salesforce.store import Record, Store

MOST_OFFSET: Final = 2000
_STAMP: Final = "SystemModstamp"
_BY_ID: Final = (("id",),)
_BY_STAMP: Final = (("systemmodstamp",), ("systemmodstamp", "id"))


def run(query: Query, objects: Objects, store: Store, *, deleted: bool) -> list[Record]:
    """The rows; ``deleted``: those in the recycle bin, too.

    Raises:
        SoqlError: an object or field that is not there, or hidden; a comparison that cannot be.
    """
    known = object_type(objects, query.object_name)
    find = partial(resolve, known=known, objects=objects, store=store)
    if query.offset > MOST_OFFSET:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    test = compiled(query.where, find) if query.where is not None else None
    orders = [(order, _sortable(find(order.path))) for order in query.order]
    rows, is_ordered = _candidates(query, known, store)
    seen: Iterator[Record] = (row for row in rows if (deleted or not row.is_deleted) and (test is None or test(row)))
    if not is_ordered:
        seen = iter(_sorted(seen, orders))
    return list(islice(seen, query.offset, None if query.limit is None else query.offset + query.limit))


def _candidates(query: Query, known: ObjectType, store: Store) -> tuple[Iterator[Record], bool]:
    """Rows among which all that are wanted are, and whether they come in the order that was asked for."""
    table, order = store.table(known.name), _order(query)
    id_field, stamp_field = known.fields["Id"], known.fields[_STAMP]
    named = named_ids(query.where, id_field)
    if named is not None:
        rows = (store.get(record_id) for record_id in sorted(named))
        return (row for row in rows if row is not None and row.object_name == known.name), order in _BY_ID
    stamps, ids = bounds(query.where, _STAMP, stamp_field), bounds(query.where, "Id", id_field)
    by_stamp = order in _BY_STAMP or (order not in _BY_ID and stamps != (None, None) and ids == (None, None))
    found = table.stamped(*stamps) if by_stamp else table.identified(*ids)
    return (store[record_id] for record_id in found), order in (_BY_STAMP if by_stamp else _BY_ID)


def _order(query: Query) -> tuple[str, ...]:
    """The fields that it is ordered by, a minus before those that descend; by Id where nothing is said."""
    said = tuple(f"{'-' if order.descending else ''}{'.'.join(order.path).lower()}" for order in query.order)
    return said or ("id",)


def _sortable(target: Resolved) -> Resolved:
    if not target.field.filterable:
        raise SoqlError("MALFORMED_QUERY", f"field '{target.field.name}' can not be sorted in a query call")
    return target


def _sorted(rows: Iterable[Record], orders: list[tuple[Order, Resolved]]) -> list[Record]:
    ordered = sorted(rows, key=lambda row: row.id)
    for order, target in reversed(orders):
        filled = [row for row in ordered if target.read(row) is not None]
        empty = [row for row in ordered if target.read(row) is None]
        filled.sort(key=partial(_key, target), reverse=order.descending)
        ordered = [*filled, *empty] if order.nulls_last else [*empty, *filled]
    return ordered


def _key(target: Resolved, row: Record) -> Any:
    value = target.read(row)
    return value.casefold() if isinstance(value, str) and target.field.type not in {"id", "reference"} else value
