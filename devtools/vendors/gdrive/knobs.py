"""What differs between what the vendor says and what people see of it: to be turned by whoever tests a client against either."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Knobs:
    """All may be changed at any time; what is about changes holds for those made from then on."""

    trash_reaches_below: bool = True
    """What lies in a folder that is trashed or restored has a new version, and an entry in the logs."""
    sharing_reaches_below: bool = True
    """The same for a folder that is shared or not shared any more."""
    moves_reach_below: bool = False
    """The same for a folder that is moved within a drive: at the vendor what lies in it stays silent, whoever can see it by then. Between
    drives every item is moved by itself, and this does not matter."""
    groups_reach_files: bool = False
    """Somebody who joins or leaves a group finds what was shared with it in their log. Otherwise they are told of drives alone."""
    drive_items_in_user_log: bool = True
    """A person's own log has what changes in the shared drives they are members of. The vendor says not to rely on that."""
    log_lag: timedelta = timedelta()
    """How long after a change its entry can be read."""
    index_lag: timedelta = timedelta()
    """How far ``files.list`` is behind. Set before the changes that it is to be behind."""
    incomplete_searches: int = 0
    """How many of the next listings by ``files.list`` leave every third file out, and say ``incompleteSearch``."""
