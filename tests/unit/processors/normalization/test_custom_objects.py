"""A custom object is one table in the list of conversions: nothing else is written for it."""

import pytest

from devtools.fakes.pipeline import InMemoryPipeline
from shared.conversions import registry
from shared.conversions.conversion import Conversion
from shared.conversions.fields import Day, Identifier, Number, Text
from tests.unit.processors.normalization.opportunities import feed, opportunity, the_shard

INVOICE = Conversion(
    source="salesforce",
    record_type="Invoice__c",
    shard_type_id="c_opportunity",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    readers="owner",
    owner_field="ownerId",
    owner_prefix="005",
    deleted_flag="IsDeleted",
    fields={
        "name": Text(field="Name"),
        "amount": Number(field="Total__c"),
        "closeDate": Day(field="Due__c"),
        "accountId": Identifier(field="Customer__c", form="salesforce"),
        "accountName": Text(field="Customer__r.Name"),
        "ownerId": Identifier(field="OwnerId", form="salesforce"),
    },
)
RECORD = "a005g00000InVo1AAF"


async def test_a_record_of_a_custom_object_becomes_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CONVERSIONS", (*registry.CONVERSIONS, INVOICE))
    pipeline = InMemoryPipeline()
    event = opportunity(record=RECORD).model_copy(
        update={
            "record_type": "Invoice__c",
            "payload": {
                "attributes": {"type": "Invoice__c"},
                "Id": RECORD,
                "IsDeleted": False,
                "Name": "INV-7",
                "Total__c": 1200.5,
                "Due__c": "2026-12-01",
                "Customer__c": "0015g00000QrStu",
                "Customer__r": {"attributes": {"type": "Account"}, "Name": "Northwind"},
                "OwnerId": "0055g00000HjKlm",
            },
        }
    )

    await feed(pipeline, event)

    shard = the_shard(pipeline)
    assert shard.structured_data == {
        "name": "INV-7",
        "amount": 1200.5,
        "closeDate": "2026-12-01",
        "accountId": "0015g00000QrStuAAF",
        "accountName": "Northwind",
        "ownerId": "0055g00000HjKlmAAF",
    }
    assert [(edge.record_type, edge.external_id) for edge in shard.external_relationships] == [("Invoice__c", RECORD)]
    assert [entry.subject for entry in shard.acl] == ["admins", "group:salesforce:00D000000000062EAA/0055g00000HjKlmAAF"]
    assert INVOICE.vendor_fields == {"Name", "Total__c", "Due__c", "Customer__c", "Customer__r.Name", "OwnerId", "IsDeleted"}
