"""``updated`` and ``deleted``: what changed and what went between two times.

Times are taken without their seconds. Nothing is covered that an open transaction, or the last second, may still change
(``PretendOrg.settled_until``), so ``latestDateCovered`` may lie before the end that was asked for, and even before the start: then
nothing is covered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from devtools.vendors.salesforce.api import refusals
from devtools.vendors.salesforce.api.misbehaviour import Answer
from devtools.vendors.salesforce.objects import ObjectType
from devtools.vendors.salesforce.records import PretendOrg
from devtools.vendors.salesforce.soql.rows import time_text

UPDATED_FOR: Final = timedelta(days=30)
DELETED_FOR: Final = timedelta(days=15)
SHORTEST: Final = timedelta(minutes=1)
MOST_IDS: Final = 600_000


def updated(org: PretendOrg, known: ObjectType, said: Mapping[str, str], now: datetime, *, most: int) -> Answer:
    """Ids of records that were saved or undeleted.

    Raises:
        Refused: 400, for times or an object that cannot be asked for, or for too many ids.
    """
    start, end = _span(known, said)
    if start < now - UPDATED_FOR:
        raise refusals.invalid_replication_date("startDate cannot be more than 30 days ago")
    covered = min(end, org.settled_until())
    rows = (org.store[record_id] for record_id in org.store.table(known.name).stamped(start, covered))
    ids = [row.id for row in rows if not row.is_deleted]
    _check_count(len(ids), most)
    return Answer({"ids": ids, "latestDateCovered": time_text(covered)}, items=ids, ties=[list(range(len(ids)))])


def deleted(org: PretendOrg, known: ObjectType, said: Mapping[str, str], now: datetime, *, most: int) -> Answer:
    """Ids and times of records that were deleted, and are.

    Raises:
        Refused: 400, for times that the log does not cover, for an object that cannot be asked for, or for too many ids.
    """
    start, end = _span(known, said)
    purged = org.deletion_log.purged_before(known.name)
    earliest = max(now - DELETED_FOR, purged or now - DELETED_FOR)
    if start < (now - DELETED_FOR).replace(second=0, microsecond=0) or (purged is not None and start < purged):
        raise refusals.invalid_replication_date(f"startDate before org's earliest date available: {time_text(earliest)}")
    covered = min(end, org.settled_until())
    found = org.deletion_log.between(known.name, start, covered)
    _check_count(len(found), most)
    rows = [{"deletedDate": time_text(at), "id": record_id} for record_id, at in found]
    body = {"deletedRecords": rows, "earliestDateAvailable": time_text(earliest), "latestDateCovered": time_text(covered)}
    return Answer(body, items=rows, ties=[list(range(len(rows)))])


def _span(known: ObjectType, said: Mapping[str, str]) -> tuple[datetime, datetime]:
    if not known.replicateable:
        raise refusals.refused(400, "INVALID_TYPE", f"entity type {known.name} does not support replication")
    start, end = _time(said, "start"), _time(said, "end")
    if end - start <= SHORTEST:
        raise refusals.invalid_replication_date("startDate must precede endDate by more than one minute")
    return start, end


def _time(said: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said[name].replace(" ", "+"))  # a plus that was not written as %2B
    except (KeyError, ValueError) as error:
        raise refusals.refused(400, "MALFORMED_QUERY", f"{name} is missing, or no time in ISO 8601") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _check_count(count: int, most: int) -> None:
    if count > most:
        raise refusals.refused(400, "EXCEEDED_ID_LIMIT", f"more than {most} ids: choose dates that are closer together")
