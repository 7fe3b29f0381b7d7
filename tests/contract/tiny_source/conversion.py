"""Card → ``c_contact``: it would be ``shared/conversions/cards.py``."""

from typing import Final

from shared.conversions.conversion import Conversion
from shared.conversions.fields import Moment, Text

CARD: Final = Conversion(
    source="cards",
    record_type="Card",
    shard_type_id="c_contact",
    system_type="other",
    scope="account",
    deleted_flag="thrownAway",
    fields={"name": Text(field="name"), "phone": Text(field="phone"), "lastModifiedDate": Moment(field="savedAt")},
)
