"""Channel → ``c_channel``: a public or private channel, as ``conversations.info`` and ``conversations.members`` give it.

An event tells a few fields of it, ``id`` always among them, and of the members one alone: ``members.<id>``. An id changes when a private
channel is shared with another organization; ``previous_id`` and ``is_lost`` are ours, and say so as the vendor would. ``num_members`` is
not read: the members are, and are counted.
"""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import Address, Constant, EitherOf, Fallback, MemberCount
from shared.conversions.fields import EpochSeconds, Flag, Identifier, Text
from shared.conversions.lists import Identifiers, Roster

SOURCE: Final = "slack"

CHANNEL: Final = Conversion(
    source=SOURCE,
    record_type="Channel",
    shard_type_id="c_channel",
    system_type="messaging",
    scope="account",
    readers="channel",
    has_versions=False,
    renamed_from="previous_id",
    lost_flag="isLost",
    fields={
        "name": Text(field="name"),
        "externalId": Identifier(field="id"),
        "teamExternalId": Identifier(field="context_team_id"),
        "topic": Text(field="topic.value"),
        "description": Text(field="purpose.value"),
        "purpose": Text(field="purpose.value"),
        "isPrivate": Flag(field="is_private"),
        "isArchived": Flag(field="is_archived"),
        "isExternallyShared": Flag(field="is_ext_shared"),
        "externalTeams": Identifiers(field="connected_team_ids"),
        "workspaces": Identifiers(field="internal_team_ids"),
        "creatorId": Identifier(field="creator"),
        "createdDate": EpochSeconds(field="created"),
        "members": Roster(field="members"),
        "isLost": Flag(field="is_lost"),
    },
    derived={
        "platform": Constant(value=SOURCE),
        "name": Fallback(by="externalId"),
        "type": EitherOf(flag="isPrivate", true="private", false="public"),
        "memberCount": MemberCount(of="members"),
        # Documented under "Deep linking into Slack". It needs no workspace's address, which the channel does not say.
        "webUrl": Address(begins="https://slack.com/app_redirect?channel=", ends="externalId"),
    },
)
