"""Who people are at the sources: what expands a caller's address into the principals that access lists hold by reference."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final, Protocol

from shared.access.acl import ADMINS, Principal, user
from shared.access.acl import person as person_of
from shared.access.attendance import ids_in
from shared.access.tokens import Caller
from shared.shards.model import Shard

PERSON: Final = "c_person"
"""The shard type of a vendor's users."""
MOST_STEPS: Final = 5
"""A person in a group, to which a folder is open, takes two; and one more to see that there are no more. Groups name all their members,
those of groups within them too, so that a longer way is none a source has."""


class Directory(Protocol):
    """The people of a tenant."""

    async def principals_of(self, tenant_id: str, email: str) -> frozenset[Principal]:
        """The principals that stand for whoever has this verified address (lower case): one for each active person at a source.

        Raises:
            TransientError: when it cannot be looked up now.
        """

    async def audiences_of(self, tenant_id: str, members: Collection[Principal]) -> frozenset[Principal]:
        """The audiences that any of these principals is in, as they are now: folders, shared drives, groups. Not those of these again.

        Raises:
            TransientError: when it cannot be looked up now.
        """


async def expanded(caller: Caller, directory: Directory) -> Caller:
    """The caller with the principals the sources know them by. Whose address nobody has verified is nobody at any source.

    Raises:
        TransientError: when it cannot be looked up now: to go on without would hide what they may see.
    """
    if caller.email is None:
        return caller
    people = await directory.principals_of(caller.tenant_id, caller.email)
    known = caller.principals | people
    asked: frozenset[Principal] = frozenset()
    for _ in range(MOST_STEPS):
        fresh = frozenset(principal for principal in known - asked if principal in people or _may_be_member(principal))
        if not fresh:
            break
        asked |= fresh
        known |= await directory.audiences_of(caller.tenant_id, fresh)
    return replace(caller, principals=known)


def _may_be_member(principal: Principal) -> bool:
    """Whether an audience may have it for a member: people by their address, domains, and groups with an address. A folder or a channel is
    in no other one's list; people by reference are, and those the caller is, the directory has told."""
    return principal != ADMINS and (not principal.startswith("group:") or "@" in principal)


def principals_of_person(person: Shard, email: str) -> frozenset[Principal]:
    """One principal for each vendor record of the person, ``group:<system>:<scope>/<id>``, if the address is theirs and they are active.

    And one for each workspace they are a full member of, in the same form. Addresses are compared as ``user`` compares them, whatever a
    store takes for equal: it decides who is shown what.
    """
    theirs, is_active = person.structured_data.get("email"), person.structured_data.get("isActive")
    if person.status != "active" or is_active is False or not isinstance(theirs, str):
        return frozenset()
    try:
        if user(theirs) != user(email):
            return frozenset()
    except ValueError:  # what the vendor holds for an address, or the caller's, is none
        return frozenset()
    workspaces = ids_in(person.structured_data.get("workspaces"))
    edges = person.external_relationships
    return frozenset(person_of(edge.system, edge.scope, one) for edge in edges for one in (edge.external_id, *workspaces))
