"""Events of another producer than the webhook."""

from datetime import datetime
from typing import Any

from devtools.vendors.salesforce.records import Record
from tests.e2e.tenants import Tenant


def event(tenant: Tenant, record: Record, kind: str, at: str) -> dict[str, Any]:
    """A complete event of another producer, a back-fill say."""
    version = int(datetime.fromisoformat(at).timestamp() * 1000)
    return {
        "tenantId": tenant.id,
        "source": "salesforce",
        "sourceId": record.id,
        "eventType": kind,
        "observedAt": at,
        "payload": None if kind == "delete" else {"Id": record.id, "Name": "a deal", "Amount": None},
        "connectionId": f"salesforce:{tenant.org.organization_id}",
        "recordType": "Opportunity",
        "vendorVersion": f"{version:015d}",
    }
