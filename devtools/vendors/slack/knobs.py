"""What differs between what the vendor says and what people see of it: to be turned by whoever tests a client against either."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Knobs:
    """All may be changed at any time."""

    membership_has_event_ts: bool = True
    """``member_joined_channel``, ``member_left_channel``, ``channel_left`` and ``group_left`` say ``event_ts``. Recorded ones do not."""
    membership_has_channel_type: bool = True
    """The first two say ``channel_type``. Recorded ones of Slack Connect do not."""
    group_subtypes: bool = True
    """What is written into a private channel says ``group_topic``, ``group_join`` …; otherwise ``channel_topic`` …, as newer ones do."""
    thread_notices: bool = True
    """A reply tells of its parent, too (``message_replied``)."""
    thread_notices_have_subtype: bool = False
    """That notice says what it is. The vendor forgets to."""
    outer_team: Literal["actor", "host", "installed"] = "actor"
    """Whose the outer ``team_id`` is, in a channel of several workspaces. ``authorizations`` has the installing one in any case."""
    org_authorizations_have_team: bool = True
    """``authorizations[0].team_id`` of an org-wide installation names the workspace; otherwise it is null."""
    has_event_context: bool = True
    has_context_team: bool = True
    """``context_team_id`` and ``context_enterprise_id``. Both are absent in older payloads."""
    old_ids_answer: bool = False
    """``conversations.info`` of an id that was replaced answers the channel under its new one; otherwise ``channel_not_found``."""
    short_pages: int | None = None
    """No page has more rows, whatever was asked for."""
    empty_pages: int = 0
    """How many of the next pages have no row at all, and a cursor."""
