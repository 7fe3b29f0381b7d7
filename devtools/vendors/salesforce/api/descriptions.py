"""``describe``: what objects and fields there are, for whoever builds queries. Lacks: layouts, record types, picklist values, actions."""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from devtools.vendors.salesforce.api.misbehaviour import Answer
from devtools.vendors.salesforce.objects import Objects, ObjectType, child_relationships


def all_objects(objects: Objects, version: str) -> Answer:
    """Those that are not hidden."""
    seen = [_object(known, version) for known in objects if not known.hidden]
    return Answer({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": seen})


def one_object(objects: Objects, known: ObjectType, version: str, *, since: str | None) -> Answer:
    """All about one, or 304 where it has not changed since (``If-Modified-Since``)."""
    headers = {"Last-Modified": format_datetime(known.changed_at.replace(microsecond=0), usegmt=True)}
    if since and known.changed_at.replace(microsecond=0) <= _moment(since, known.changed_at):
        return Answer(None, 304, headers)
    body = {
        **_object(known, version),
        "fields": [one.described() for one in known.seen_fields],
        "childRelationships": child_relationships(objects, known.name),
        "recordTypeInfos": [],
    }
    return Answer(body, headers=headers)


def _object(known: ObjectType, version: str) -> dict[str, Any]:
    address = f"/services/data/v{version}/sobjects/{known.name}"
    label = known.name.removesuffix("__c")
    return {
        "name": known.name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": known.key_prefix,
        "custom": known.custom,
        "customSetting": False,
        "createable": True,
        "updateable": True,
        "deletable": known.name != "User",
        "deprecatedAndHidden": False,
        "mergeable": known.mergeable,
        "queryable": True,
        "replicateable": known.replicateable,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": known.undeletable,
        "urls": {"sobject": address, "describe": f"{address}/describe", "rowTemplate": f"{address}/{{ID}}"},
    }


def _moment(text: str, otherwise: datetime) -> datetime:
    """A header that is no date counts for nothing."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return otherwise.replace(year=1970)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
