"""Many records at once, for benchmarks: a few invented patterns, varied, in a second or so for a hundred thousand.

Lacks: what takes time when records are created one by one. Patterns repeat after ``PATTERNS``, ids are numbered, nothing is implied anew.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from devtools.vendors.salesforce.fields import Fields
from devtools.vendors.salesforce.implications import Value
from devtools.vendors.salesforce.store import Record

PATTERNS: Final = 64

Invent = Callable[[Random, date], dict[str, Value]]


def many(
    object_name: str,
    count: int,
    *,
    pattern: Callable[[], dict[str, Value]],
    new_id: Callable[[int], str],
    began_at: datetime,
    per_second: int,
    account_ids: Sequence[str],
) -> list[Record]:
    """So many new records, ``per_second`` of which share each SystemModstamp. ``pattern`` invents the fields of one to copy.

    ``new_id`` makes the id of the first, the second …
    """
    patterns = [pattern() for _ in range(min(count, PATTERNS))]
    made = []
    for number in range(count):
        fields = patterns[number % PATTERNS]
        stamp = began_at + timedelta(seconds=number // per_second)
        record_id = new_id(number)
        own: dict[str, Value] = {"Id": record_id, "CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
        if "LastName" not in fields:
            own["Name"] = f"{fields['Name'] or object_name} {number}"
        if "AccountId" in fields:
            own["AccountId"] = account_ids[number % len(account_ids)] if account_ids else None
        own |= {name: _of_their_own(fields[name], number) for name in ("Email", "Username") if fields.get(name)}
        made.append(Record(object_name, record_id, Fields({**fields, **own})))
    return made


def _of_their_own(address: Value, number: int) -> str:
    mailbox, _, host = str(address).partition("@")
    return f"{mailbox}.{number}@{host}"
