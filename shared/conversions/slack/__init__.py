"""Slack's objects as shards: one table for each, field by field against the reference of Slack's conversation and user objects."""

from typing import Final

from shared.conversions.slack.channel import CHANNEL
from shared.conversions.slack.user import USER

__all__ = ["CHANNEL", "SLACK", "USER"]

SLACK: Final = (CHANNEL, USER)
