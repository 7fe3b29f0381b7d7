"""Salesforce's objects as shards: one table for each, field by field against "Object Reference for the Salesforce Platform".

A field that an organization or an edition does not have is not in its describe, and is not asked for.
"""

from typing import Final

from shared.conversions.salesforce.account import ACCOUNT
from shared.conversions.salesforce.contact import CONTACT
from shared.conversions.salesforce.lead import LEAD
from shared.conversions.salesforce.opportunity import OPPORTUNITY
from shared.conversions.salesforce.user import USER

__all__ = ["ACCOUNT", "CONTACT", "LEAD", "OPPORTUNITY", "SALESFORCE", "USER"]

SALESFORCE: Final = (ACCOUNT, CONTACT, LEAD, OPPORTUNITY, USER)
