"""``linking``: how a tenant's shards are linked, shown and set; and everything linked anew."""

import argparse
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from devtools.local.output import show_json
from devtools.local.tables import table
from ops.anchors import anchors_counted
from ops.linking_options import NUMBERS
from ops.ports import Ports
from ops.refusals import Misused, Refused
from ops.relinking import relink
from shared.errors import Conflict
from shared.linking.policy import LinkingPolicy, StoredPolicy

TRIES: Final = 5
OPERATOR: Final = "operator"
FIRST: Final = LinkingPolicy()
SWITCHES: Final = {"automatic": "links_automatically", "suggestions": "suggests"}
AS_IT_IS: Final = {**{name: name for name in NUMBERS}, **SWITCHES, "country": "default_country", "max_suggestions": "max_suggestions"}
"""Option → the field of the policy it sets."""


async def command(options: argparse.Namespace, ports: Ports) -> int:
    """Carry out one of the verbs."""
    match options.verb:
        case "show":
            return await _show(options, ports)
        case "set":
            return await _set(options, ports)
        case "reset":
            return await _reset(options, ports)
        case _:
            return await relink(options, ports)


def changed(policy: LinkingPolicy, options: argparse.Namespace) -> LinkingPolicy:
    """The policy as the options of ``set`` make it.

    Raises:
        Misused: it would be none; naming what is wrong.
    """
    said: dict[str, Any] = {field: value for name, field in AS_IT_IS.items() if (value := getattr(options, name)) is not None}
    said["weights"] = {**policy.weights, **dict(options.weight)}
    said["ceilings"] = {**policy.ceilings, **dict(options.ceiling)}
    said["switched_off"] = (policy.switched_off | set(options.off)) - set(options.on)
    without = set(LinkingPolicy(own_domains=tuple(options.no_own_domain)).own_domains)
    said["own_domains"] = tuple(
        domain for domain in LinkingPolicy(own_domains=(*policy.own_domains, *options.own_domain)).own_domains if domain not in without
    )
    try:
        return LinkingPolicy.model_validate({**policy.model_dump(), **said})
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}".removeprefix(": ") for fault in error.errors(include_url=False)]
        raise Misused("; ".join(faults)) from None


def rows_of(policy: LinkingPolicy) -> list[tuple[str, object, object]]:
    """Everything there is to set: its name, what it is, and what it is at first."""
    now, first = flat(policy), flat(FIRST)
    return [(name, value, first[name]) for name, value in now.items()]


def flat(policy: LinkingPolicy) -> dict[str, object]:
    """A policy as names and values, as they are called on the command line."""
    on = {f"{feature} is looked for": feature not in policy.switched_off for feature in policy.weights}
    return {
        "link from": policy.link_from,
        "suggest from": policy.suggest_from,
        "margin": policy.margin,
        **{f"weight {feature}": weight for feature, weight in policy.weights.items()},
        **{f"ceiling {source}": ceiling for source, ceiling in policy.ceilings.items()},
        **on,
        "links automatically": policy.links_automatically,
        "suggests": policy.suggests,
        "own domains": ", ".join(policy.own_domains) or "none",
        "country": policy.default_country,
        "max suggestions": policy.max_suggestions,
    }


async def _show(options: argparse.Namespace, ports: Ports) -> int:
    stored = await ports.policies.read(options.tenant)
    counted = await anchors_counted(options.tenant, ports.anchor_rows()) if options.anchors else None
    policy = FIRST if stored is None else stored.policy
    if options.json:
        show_json({**plain(options.tenant, policy, stored), **({} if counted is None else {"anchors": counted.plain()})})
        return 0
    rows = [(name, said(value), "" if value == first else f"differs: {said(first)} at first") for name, value, first in rows_of(policy)]
    print(table(("", "value", ""), rows), end="\n\n")
    by = "the first values" if stored is None else f"set by {stored.updated_by} at {stored.updated_at:%Y-%m-%d %H:%M} UTC"
    print(f"{options.tenant}: {by}; version {policy.version[:12]}")
    if counted is not None:
        print(counted.rendered())
    return 0


def plain(tenant_id: str, policy: LinkingPolicy, stored: StoredPolicy | None) -> dict[str, Any]:
    """For machines."""
    return {
        "tenantId": tenant_id,
        "isStored": stored is not None,
        "updatedBy": None if stored is None else stored.updated_by,
        "updatedAt": None if stored is None else stored.model_dump(mode="json", by_alias=True)["updatedAt"],
        "version": policy.version,
        "policy": document(policy),
        "differs": [name for name, value, first in rows_of(policy) if value != first],
    }


def document(policy: LinkingPolicy) -> dict[str, Any]:
    """A policy as JSON, sets in order."""
    return {**policy.model_dump(mode="json", by_alias=True), "switchedOff": sorted(policy.switched_off)}


def said(value: object) -> str:
    """One value, for people."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


async def _set(options: argparse.Namespace, ports: Ports) -> int:
    before, after = await _stored(options, ports)
    if options.json:
        show_json({"tenantId": options.tenant, "before": document(before), "after": document(after), "isStored": not options.dry_run})
        return 0
    rows = differences(before, after)
    if not rows:
        print(f"{options.tenant}: nothing changes")
        return 0
    print(table(("", "before", "after"), rows), end="\n\n")
    print("would be set" if options.dry_run else AFTERWARDS.format(tenant=options.tenant))
    return 0


AFTERWARDS: Final = (
    "set. Workers follow within a minute; links that are there change when their shard does, or now:\n"
    "python -m ops linking relink --tenant {tenant}"
)


def differences(before: LinkingPolicy, after: LinkingPolicy) -> list[tuple[str, str, str]]:
    """What is not as it was."""
    now = flat(after)
    return [(name, said(value), said(now[name])) for name, value in flat(before).items() if value != now[name]]


async def _stored(options: argparse.Namespace, ports: Ports) -> tuple[LinkingPolicy, LinkingPolicy]:
    for left in reversed(range(TRIES)):
        stored = await ports.policies.read(options.tenant)
        before = FIRST if stored is None else stored.policy
        after = changed(before, options)
        if options.dry_run or after == before:
            return before, after
        etag = None if stored is None else stored.etag
        wanted = StoredPolicy(tenant_id=options.tenant, policy=after, updated_by=OPERATOR, updated_at=ports.now(), etag=etag)
        try:
            await ports.policies.write(wanted)
        except Conflict:
            if not left:
                raise
        else:
            return before, after
    raise AssertionError("the last try returns or raises")


async def _reset(options: argparse.Namespace, ports: Ports) -> int:
    if not options.yes and not options.dry_run:
        raise Refused(f"what was set for {options.tenant} would be gone: say --yes, or --dry-run to see it")
    # what is stored may be no policy at all: it need not be read to be removed
    removed = False if options.dry_run else await ports.policies.remove(options.tenant)
    shown: Mapping[str, Any] = {"tenantId": options.tenant, "isRemoved": removed}
    if options.dry_run:
        stored = await ports.policies.read(options.tenant)
        rows = [] if stored is None else differences(stored.policy, FIRST)
        print(table(("", "before", "after"), rows) if rows and not options.json else "", end="\n\n" if rows and not options.json else "")
        shown = {**shown, "wouldChange": [name for name, *_ in rows]}
    if options.json:
        show_json(shown)
    elif options.dry_run:
        print("would be reset")
    else:
        print(
            AFTERWARDS.format(tenant=options.tenant).replace("set.", "the first values again.", 1)
            if removed
            else f"{options.tenant}: nothing was set"
        )
    return 0
