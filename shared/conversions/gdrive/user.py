"""User → ``c_person``: who owns files, as Drive names them. The id is the ``permissionId``, the same wherever the person is named."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Email, Text

USER: Final = Conversion(
    source="gdrive",
    record_type="User",
    shard_type_id="c_person",
    system_type="storage",
    scope="none",
    readers="self",
    fields={
        "name": Text(field="displayName"),
        "email": Email(field="emailAddress"),
        "photoUrl": Text(field="photoLink"),
    },
)
