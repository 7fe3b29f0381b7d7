"""Salesforce's labels that more than one object has, and the canonical values they stand for."""

from typing import Final

LEAD_SOURCES: Final = {
    "Web": "web",
    "Phone Inquiry": "phone_inquiry",
    "Partner Referral": "partner_referral",
    "Purchased List": "purchased_list",
    "Other": "other",
}
INDUSTRIES: Final = {
    "Technology": "technology",
    "Banking": "finance",
    "Finance": "finance",
    "Healthcare": "healthcare",
    "Retail": "retail",
    "Manufacturing": "manufacturing",
    "Education": "education",
    "Consulting": "consulting",
    "Energy": "energy",
    "Telecommunications": "telecommunications",
    "Media": "media",
    "Transportation": "transportation",
    "Hospitality": "hospitality",
    "Government": "government",
    "Not For Profit": "nonprofit",
    "Other": "other",
}
RATINGS: Final = {"Hot": "hot", "Warm": "warm", "Cold": "cold"}
