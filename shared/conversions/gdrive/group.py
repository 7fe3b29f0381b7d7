"""Group → ``c_group``: a group of the Workspace with everybody who is in it, by way of other groups too. Its id is its address."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Email, Members, Text

GROUP: Final = Conversion(
    source="gdrive",
    record_type="Group",
    shard_type_id="c_group",
    system_type="storage",
    scope="none",
    id_form="address",
    readers="members",
    fields={
        "name": Text(field="name"),
        "email": Email(field="email"),
        "description": Text(field="description"),
        "members": Members(field="members", source="gdrive"),
    },
)
