"""The condition of a patch: a query without its SELECT, asked of one item."""

from typing import Any

from devtools.emulators.cosmos.refusals import RefusedError
from devtools.emulators.cosmos.sql.evaluate import matches
from devtools.emulators.cosmos.sql.parser import parse
from devtools.emulators.cosmos.values import Document


def holds(condition: Any, document: Document) -> bool:
    """Whether `FROM c WHERE ...` keeps `document`; 400 when it is not understood."""
    if not isinstance(condition, str):
        raise RefusedError(400, "The condition of a patch is a text.")
    query = parse(f"SELECT * {condition}")
    if query.parameters or query.distances:
        raise RefusedError(400, "The condition of a patch has neither parameters nor VectorDistance.")
    return any(True for _ in matches(query, {query.root or "": document}))
