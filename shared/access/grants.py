"""What a file store's sharing list comes to: roles as principals, those that come from a folder above told apart.

A list that can be read gives a list, entry for entry: what stands for nobody who could be found by search (a link that has to be known, an
account that is no more) keeps its place, without a principal. "Permissions", Google Drive API v3.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from shared.access.acl import TENANT, Principal, domain, group, user, without_capitals
from shared.contracts.message import Wire

NO_ROLE_OF_ITS_OWN: Final = ("published", "metadata")
"""Views: the item may be seen in a list, and not be opened."""


class Grant(Wire):
    """One entry."""

    type: str
    role: str
    principal: Principal | None = None
    """None: it makes the item findable for nobody."""
    address: str | None = None
    """As the vendor has it, of a person, a group or a domain."""
    is_inherited: bool = False


def granted(value: Any, *, source: str) -> list[Grant]:
    """The entries of a vendor's list, in one order.

    Raises:
        ValueError: when it is no such list.
    """
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError("not a list of permissions")
    found = [_grant(one, source) for one in value]
    return sorted(found, key=lambda grant: (grant.type, grant.address or "", grant.role, grant.is_inherited, grant.principal or ""))


def written(grants: Iterable[Grant]) -> str:
    """As a shard keeps them."""
    return json.dumps([grant.model_dump(mode="json", by_alias=True) for grant in grants], ensure_ascii=False)


def grants_in(text: object) -> list[Grant]:
    """What a shard keeps; none, where it keeps nothing that can be read."""
    try:
        kept = json.loads(text) if isinstance(text, str) else []
        return [Grant.model_validate(one) for one in kept]
    except (ValueError, TypeError):
        return []


def principals_in(grants: Iterable[Grant], *, with_inherited: bool = False) -> frozenset[Principal]:
    """Whom they let find the item: by itself, or whatever it comes from."""
    return frozenset(grant.principal for grant in grants if grant.principal is not None and (with_inherited or not grant.is_inherited))


def members(value: Any) -> list[Principal]:
    """The principals of a group's members, as Google's directory lists them; one without an address is left out.

    Raises:
        ValueError: when it is no list of members.
    """
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError("not a list of members")
    found = set()
    for one in value:
        with suppress(ValueError):
            if one.get("type") == "CUSTOMER":  # everybody of the Workspace
                found.add(TENANT)
            elif one.get("type", "USER") == "USER" and one.get("status", "ACTIVE") == "ACTIVE":
                found.add(user(str(one.get("email", ""))))
    return sorted(found)


def members_in(text: object) -> frozenset[Principal]:
    """What a shard keeps of a group's members."""
    try:
        kept = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return frozenset()
    return frozenset(Principal(one) for one in kept if isinstance(one, str)) if isinstance(kept, list) else frozenset()


def _grant(one: Mapping[str, Any], source: str) -> Grant:
    kind, address = str(one.get("type", "")), one.get("emailAddress") or one.get("domain")
    details = one.get("permissionDetails")
    ways = [way for way in details if isinstance(way, Mapping)] if isinstance(details, list) else []
    return Grant(
        type=kind,
        role=str(one.get("role", "")),
        principal=_principal(one, kind, address, source),
        address=address if isinstance(address, str) else None,
        is_inherited=bool(ways) and all(way.get("inherited") is True for way in ways),
    )


def _principal(one: Mapping[str, Any], kind: str, address: object, source: str) -> Principal | None:
    if one.get("deleted") is True or one.get("view") in NO_ROLE_OF_ITS_OWN:
        return None
    if kind in ("anyone", "domain") and one.get("allowFileDiscovery") is not True:
        return None  # who has the link may look, and nobody finds it
    if kind == "anyone":
        return TENANT
    made = {"user": user, "group": lambda address: group(source, without_capitals(address.strip())), "domain": domain}.get(kind)
    try:
        return made(address) if made is not None and isinstance(address, str) else None
    except ValueError:  # no address after all
        return None
