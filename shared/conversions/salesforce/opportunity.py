"""Opportunity → ``c_opportunity``.

Of the canonical fields Salesforce has none for: the opportunity's number, reasons for a loss, the lead, competitors, the next step's date,
total price, tags and rating. ``isExcludedFromForecast`` is the forecast category ``omitted``.
"""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import DealStatus
from shared.conversions.fields import Choice, Day, Flag, Moment, Number, Text, WholeNumber
from shared.conversions.salesforce.labels import LEAD_SOURCES
from shared.conversions.salesforce.rows import AUDIT, SOURCE, USER_PREFIX, names_of, referred

STAGES: Final = {
    "Prospecting": "prospecting",
    "Qualification": "qualification",
    "Needs Analysis": "needs_analysis",
    "Value Proposition": "value_proposition",
    "Id. Decision Makers": "id_decision_makers",
    "Perception Analysis": "perception_analysis",
    "Proposal/Price Quote": "proposal_price_quote",
    "Negotiation/Review": "negotiation_review",
    "Closed Won": "closed_won",
    "Closed Lost": "closed_lost",
}
TYPES: Final = {
    "New Customer": "new_business",
    "New Business": "new_business",
    "Existing Business": "existing_business",
    "Existing Customer - Upgrade": "upsell",
    "Existing Customer - Replacement": "existing_business",
    "Existing Customer - Downgrade": "existing_business",
    "Renewal": "renewal",
    "Other": "other",
}
FORECAST_CATEGORIES: Final = {
    "Pipeline": "pipeline",
    "Best Case": "best_case",
    "BestCase": "best_case",
    "Commit": "commit",
    "Forecast": "commit",
    "Closed": "closed",
    "Omitted": "omitted",
}

OPPORTUNITY: Final = Conversion(
    source=SOURCE,
    record_type="Opportunity",
    shard_type_id="c_opportunity",
    system_type="crm",
    scope="account",
    id_form="salesforce",
    readers="owner",
    owner_field="ownerId",
    owner_prefix=USER_PREFIX,
    deleted_flag="IsDeleted",
    fields={
        "name": Text(field="Name"),
        "type": Choice(field="Type", labels=TYPES),
        "stage": Choice(field="StageName", labels=STAGES),
        "isWon": Flag(field="IsWon"),
        "isClosed": Flag(field="IsClosed"),
        "isPrivate": Flag(field="IsPrivate"),
        "amount": Number(field="Amount"),
        "expectedRevenue": Number(field="ExpectedRevenue"),
        "currency": Text(field="CurrencyIsoCode"),
        "probability": Number(field="Probability"),
        "closeDate": Day(field="CloseDate"),
        "lastStageChangeDate": Moment(field="LastStageChangeDate"),
        "fiscalYear": WholeNumber(field="FiscalYear"),
        "fiscalQuarter": WholeNumber(field="FiscalQuarter"),
        **referred("account", "Account"),
        **referred("contact", "Contact"),
        **referred("campaign", "Campaign"),
        "forecastCategory": Choice(field="ForecastCategory", labels=FORECAST_CATEGORIES),
        "forecastCategoryName": Text(field="ForecastCategoryName"),
        "leadSource": Choice(field="LeadSource", labels=LEAD_SOURCES),
        "hasOpportunityLineItem": Flag(field="HasOpportunityLineItem"),
        "hasOpportunitySplits": Flag(field="IsSplit"),
        "totalOpportunityQuantity": Number(field="TotalOpportunityQuantity"),
        "description": Text(field="Description"),
        "nextStep": Text(field="NextStep"),
        **AUDIT,
    },
    derived={"status": DealStatus(closed="isClosed", won="isWon")},
    belongs=names_of("account", "contact", "campaign", "owner", "createdBy", "lastModifiedBy"),
)
