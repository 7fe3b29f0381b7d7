"""``c_opportunity``: a deal.

Field names and known values are those of the product's core shard types; a value outside them is kept as it is.
"""

from typing import Annotated, Final

from pydantic import Field

from shared.shard_types.shard_type import ShardType, StructuredData
from shared.shard_types.text_template import TextTemplate

STAGES: Final = (
    "prospecting",
    "qualification",
    "needs_analysis",
    "value_proposition",
    "id_decision_makers",
    "perception_analysis",
    "proposal_price_quote",
    "negotiation_review",
    "closed_won",
    "closed_lost",
)
TYPES: Final = ("new_business", "existing_business", "renewal", "upsell", "cross_sell", "expansion", "other")
FORECAST_CATEGORIES: Final = ("pipeline", "best_case", "commit", "closed", "omitted")
LEAD_SOURCES: Final = ("web", "phone_inquiry", "partner_referral", "purchased_list", "other")


class OpportunityData(StructuredData):
    """The fields of a deal. Dates are ``YYYY-MM-DD``, moments ISO 8601 in UTC, ids the vendor's."""

    name: Annotated[str, Field(min_length=1)]
    type: Annotated[str | None, Field(json_schema_extra={"examples": list(TYPES)})] = None
    stage: Annotated[str | None, Field(json_schema_extra={"examples": list(STAGES)})] = None
    status: Annotated[str | None, Field(json_schema_extra={"examples": ["open", "won", "lost"]})] = None
    is_won: bool | None = None
    is_closed: bool | None = None
    is_private: bool | None = None
    amount: float | None = None
    expected_revenue: float | None = None
    currency: str | None = None
    probability: Annotated[float | None, Field(ge=0, le=100)] = None
    close_date: str | None = None
    created_date: str | None = None
    last_modified_date: str | None = None
    last_activity_date: str | None = None
    last_stage_change_date: str | None = None
    fiscal_year: int | None = None
    fiscal_quarter: Annotated[int | None, Field(ge=1, le=4)] = None
    account_id: str | None = None
    contact_id: str | None = None
    campaign_id: str | None = None
    owner_id: str | None = None
    created_by_id: str | None = None
    last_modified_by_id: str | None = None
    forecast_category: Annotated[str | None, Field(json_schema_extra={"examples": list(FORECAST_CATEGORIES)})] = None
    forecast_category_name: str | None = None
    lead_source: Annotated[str | None, Field(json_schema_extra={"examples": list(LEAD_SOURCES)})] = None
    has_opportunity_line_item: bool | None = None
    total_opportunity_quantity: float | None = None
    description: str | None = None
    next_step: str | None = None
    account_name: str | None = None
    contact_name: str | None = None
    campaign_name: str | None = None
    has_opportunity_splits: bool | None = None
    owner_name: str | None = None
    created_by_name: str | None = None
    last_modified_by_name: str | None = None


OPPORTUNITY: Final = ShardType(
    id="c_opportunity",
    name="Opportunity",
    description="A deal that is being worked on, won or lost.",
    schema_version=1,
    data=OpportunityData,
    text=TextTemplate(
        noun="Opportunity",
        title="name",
        facts=(
            ("Type", ("type",)),
            ("Stage", ("stage",)),
            ("Status", ("status",)),
            ("Amount", ("amount", "currency")),
            ("Close date", ("closeDate",)),
            ("Next step", ("nextStep",)),
        ),
        passages=("description",),
    ),
)
