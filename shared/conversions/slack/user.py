"""User → ``c_person``: who is in a workspace, or in a channel that is shared with one; bots too.

A user cannot be deleted, only deactivated, which Slack calls ``deleted``. A guest (``is_restricted``) sees the channels they are in and no
others. Whether somebody is a full member, and of which workspaces, is what public channels ask for.

Slack has no flag for people of other organizations who share a channel with ours: ``is_external`` is the source's own, worked out from the
team they are of. Slack's ``is_stranger`` says more, that no channel is shared with them, so whoever is one is external as well.
"""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.derivations import FirstTrue
from shared.conversions.fields import AnyFlag, Email, FirstText, Flag, NotFlag, Text
from shared.conversions.lists import Teams

USER: Final = Conversion(
    source="slack",
    record_type="User",
    shard_type_id="c_person",
    system_type="messaging",
    scope="account",
    readers="self",
    has_versions=False,
    fields={
        "name": FirstText(field="real_name", others=("profile.real_name", "profile.display_name", "name", "id")),
        "firstName": Text(field="profile.first_name"),
        "lastName": Text(field="profile.last_name"),
        "email": Email(field="profile.email"),
        "username": Text(field="name"),
        "alias": Text(field="profile.display_name"),
        "title": Text(field="profile.title"),
        "phone": Text(field="profile.phone"),
        "isActive": NotFlag(field="deleted"),
        "isBot": Flag(field="is_bot"),
        "isGuest": AnyFlag(field="is_restricted", others=("is_ultra_restricted",)),
        "isExternal": AnyFlag(field="is_external", others=("is_stranger",)),
        "workspaces": Teams(
            field="team_id",
            several="enterprise_user.teams",
            unless=("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_external", "is_stranger"),
        ),
        "timeZone": Text(field="tz"),
        "locale": Text(field="locale"),
        "photoUrl": Text(field="profile.image_192"),
    },
    derived={"userType": FirstTrue(flags=(("isBot", "bot"), ("isGuest", "guest"), ("isExternal", "external")), none="member")},
)
