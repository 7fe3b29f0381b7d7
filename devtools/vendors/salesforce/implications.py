"""The fields Salesforce works out itself when others are saved, as in a new organization.

A stage sets probability, forecast category and two flags; amount and probability set the expected revenue; a close date sets the
fiscal period (a year that starts in January); first and last name make a person's name. Lacks: validation rules, formula fields,
and a picklist an administrator has changed: a stage of an unknown name is stored and implies nothing.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

Filled = str | bool | int | float | Decimal | date | datetime
Value = Filled | None  # None: the field is empty


class Stage(NamedTuple):
    probability_percent: int
    forecast_category: str
    is_closed: bool = False
    is_won: bool = False


STAGES: Mapping[str, Stage] = {
    "Prospecting": Stage(10, "Pipeline"),
    "Qualification": Stage(10, "Pipeline"),
    "Needs Analysis": Stage(20, "Pipeline"),
    "Value Proposition": Stage(50, "Pipeline"),
    "Id. Decision Makers": Stage(60, "Pipeline"),
    "Perception Analysis": Stage(70, "Pipeline"),
    "Proposal/Price Quote": Stage(75, "Pipeline"),
    "Negotiation/Review": Stage(90, "Pipeline"),
    "Closed Won": Stage(100, "Closed", is_closed=True, is_won=True),
    "Closed Lost": Stage(0, "Omitted", is_closed=True),
}


def implied(object_name: str, fields: Mapping[str, Value], saved: Collection[str]) -> dict[str, Value]:
    """What follows from ``fields`` when those named in ``saved`` were just set by somebody; what was set by hand is left alone."""
    if object_name in {"Contact", "Lead", "User"}:
        return {"Name": " ".join(str(part) for part in (fields["FirstName"], fields["LastName"]) if part)}
    if object_name != "Opportunity":
        return {}
    by_stage = _by_stage(fields["StageName"]) if "StageName" in saved else {}
    by_hand_kept = {name: value for name, value in by_stage.items() if name not in saved}
    settled = {**fields, **by_hand_kept}
    return by_hand_kept | {"ExpectedRevenue": _expected_revenue(settled)} | _fiscal_period(settled["CloseDate"])


def _by_stage(stage_name: Value) -> dict[str, Value]:
    stage = STAGES.get(str(stage_name))
    if stage is None:
        return {}
    return {
        "Probability": Decimal(stage.probability_percent),
        "ForecastCategoryName": stage.forecast_category,
        "IsClosed": stage.is_closed,
        "IsWon": stage.is_won,
    }


def _expected_revenue(fields: Mapping[str, Value]) -> Decimal | None:
    amount, probability = fields["Amount"], fields["Probability"]
    if not isinstance(amount, Decimal | int | float) or not isinstance(probability, Decimal | int | float):
        return None
    return (Decimal(str(amount)) * Decimal(str(probability)) / 100).quantize(Decimal("0.01"))


def _fiscal_period(close_date: Value) -> dict[str, Value]:
    if not isinstance(close_date, date):
        return {}
    return {"FiscalYear": close_date.year, "FiscalQuarter": (close_date.month + 2) // 3}
