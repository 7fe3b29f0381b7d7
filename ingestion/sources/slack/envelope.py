"""What is around an event: whose app and account it is for, who else may be concerned, and when it was.

Slack's outer types are ``event_callback``, ``app_rate_limited`` and ``url_verification``. A call of another type, or an ``event_callback``
without an event, is not Slack's. What is in the event itself is looked at elsewhere.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

from ingestion.sources.slack.signature import TOLERANCE
from shared.errors import ContractViolation, SignatureMismatch

MOST_OF_A_CHALLENGE: Final = 1024
LOST_MINUTES: Final = "app_rate_limited"

_OUTER: Final = frozenset({"event_callback", LOST_MINUTES, "url_verification"})
_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CHALLENGE: Final = re.compile(rf"[!-~]{{1,{MOST_OF_A_CHALLENGE}}}")
_CONTEXT: Final = re.compile(r"[!-~]{1,2048}")
_STAMP: Final = re.compile(r"([0-9]{1,12})\.([0-9]{6})")
_ELSEWHERE: Final = ("team", "enterprise", "connected_team_id", "previously_connected_team_id")
"""Fields of an event that may name another account than the one it is delivered for."""


@dataclass(frozen=True)
class Envelope:
    """One call, read."""

    outer: str
    app: str
    accounts: tuple[str, ...]
    """The id under which the installation may be connected. Empty: the call names no account."""
    others: tuple[str, ...]
    """Ids of further workspaces and organizations it names: they may have installed the app, too, and see the same channel."""
    event: Any = field(repr=False)
    """Of an ``event_callback``, as it came: whatever it is. It holds what people write and their addresses: a log must not."""
    event_id: str | None = None
    event_context: str | None = None
    event_time: int | None = None
    """Seconds."""
    may_be_shared: bool = False
    """Further installations may see the same: Slack delivers for one of them."""
    bot: str | None = None
    """The user the app is where it is installed."""
    challenge: str | None = None

    @property
    def handles(self) -> tuple[str, ...]:
        """The handles under which the connection may be found, the closest first. Of ``app_rate_limited`` an organization that has the
        workspace, too: it names a workspace whoever has installed the app."""
        own = tuple(handle_of(self.app, account) for account in self.accounts)
        within = (handle_within(self.app, account) for account in self.accounts)
        return (*own, *within) if self.outer == LOST_MINUTES else own

    def observed_at(self, received_at: datetime) -> datetime:
        """When the event was, by Slack's clock: ``event_ts``, or the ``ts`` of a message; else the end of the second ``event_time`` names,
        but not after it was received, or a read right after it could be taken for an older one; else when it was received.

        A stamp that lies further ahead of us than a call may is none: the call's own moment was checked against our clock.
        """
        named = self.event if isinstance(self.event, Mapping) else {}
        stamps = (named.get("event_ts"), named.get("ts") if named.get("type") == "message" else None)
        for moment in map(_moment, stamps):
            if moment is not None and moment <= received_at + TOLERANCE:
                return moment
        second = None if self.event_time is None else _at(self.event_time, 999_999)
        return received_at if second is None else min(second, received_at)


def handle_of(app: str, account: str) -> str:
    """The handle under which the connection of a workspace or an organization is found: another app's is another one."""
    return f"slack:{app}:{account}"


def handle_within(app: str, workspace: str) -> str:
    """The handle under which the connection of an organization is found by one of its workspaces: for lost minutes alone. What else names
    the workspace is of an installation in the workspace, and not the organization's."""
    return f"slack:{app}:in:{workspace}"


def read(body: bytes, signed_by: frozenset[str]) -> Envelope:
    """The envelope of a call that these apps have signed.

    Raises:
        ContractViolation: when it is not what Slack sends.
        SignatureMismatch: when it is of an app that has not signed it: one app must not speak for another.
    """
    said = parsed(body)
    outer = said.get("type")
    if not isinstance(outer, str) or outer not in _OUTER:
        raise ContractViolation("the body is of no type that Slack sends")
    app = _app(said.get("api_app_id"), signed_by)
    if outer == "url_verification":
        return Envelope(outer, app, (), (), None, challenge=_challenge(said.get("challenge")))
    event = said.get("event")
    if outer == "event_callback" and not isinstance(event, Mapping):
        raise ContractViolation("an event_callback without an event")
    authorization = _first(said.get("authorizations"))
    accounts = tuple(dict.fromkeys(_accounts(said, authorization)))
    others = tuple(one for one in dict.fromkeys(_others(said, event)) if one not in {*accounts, *_of_the_same(said, authorization)})
    seconds = said.get("event_time")
    is_in_a_grid = _id(authorization.get("enterprise_id")) is not None and not _is_org_wide(authorization)
    return Envelope(
        outer=outer,
        app=app,
        accounts=accounts,
        others=others,
        event=event,
        event_id=_id(said.get("event_id")),
        event_context=_matching(_CONTEXT, said.get("event_context")),
        event_time=seconds if type(seconds) is int else None,
        may_be_shared=said.get("is_ext_shared_channel") is True or is_in_a_grid or bool(others),
        bot=_id(authorization.get("user_id")) if authorization.get("is_bot") is True else None,
    )


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Half of a surrogate pair, such as of an emoji cut in two, becomes U+FFFD: no later encoding has to fail.

    Raises:
        ContractViolation: for anything else: no JSON, not UTF-8, nested too deeply, NaN, not an object.
    """
    try:
        said = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        if b"\\ud" in body or b"\\uD" in body:
            text = json.dumps(said, ensure_ascii=False)
            said = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    except (ValueError, RecursionError):
        raise ContractViolation("the body is not JSON") from None
    if not isinstance(said, dict):
        raise ContractViolation("the body is not a JSON object")
    return said


def _app(named: Any, signed_by: frozenset[str]) -> str:
    """The app a call is of. One that names none, as ``url_verification``, is of whoever signed it."""
    apps = sorted(signed_by) if named is None else [named] if isinstance(named, str) and named in signed_by else []
    if not apps:
        raise SignatureMismatch("the call names another app than the one that signed it")
    return apps[0]


def _challenge(said: Any) -> str:
    challenge = _matching(_CHALLENGE, said)
    if challenge is None:
        raise ContractViolation(f"the challenge is not a text of at most {MOST_OF_A_CHALLENGE} visible characters")
    return challenge


def _first(authorizations: Any) -> Mapping[str, Any]:
    first = authorizations[0] if isinstance(authorizations, list) and authorizations else None
    return first if isinstance(first, Mapping) else {}


def _is_org_wide(authorization: Mapping[str, Any]) -> bool:
    return authorization.get("is_enterprise_install") is True


def _accounts(said: Mapping[str, Any], authorization: Mapping[str, Any]) -> Iterator[str]:
    """The account that installed the app, as ``authorizations`` says; the outer ids may be those of whoever did something.

    The organization alone where the app was installed in it as a whole, or nothing else is named: what one of its workspaces is told, and
    that the app is uninstalled there, says nothing of the organization's own installation.
    """
    team, enterprise = _id(authorization.get("team_id")), _id(authorization.get("enterprise_id"))
    outer_team, outer_enterprise = _id(said.get("team_id")), _id(said.get("enterprise_id"))
    if _is_org_wide(authorization):
        account = enterprise or outer_enterprise
    elif team is not None or enterprise is not None:
        account = team
    else:
        account = outer_team or outer_enterprise
    if account is not None:
        yield account


def _others(said: Mapping[str, Any], event: Any) -> Iterator[str]:
    named = event if isinstance(event, Mapping) else {}
    outer = (said.get(name) for name in ("team_id", "enterprise_id", "context_team_id", "context_enterprise_id"))
    yield from (one for one in map(_id, (*outer, *(named.get(name) for name in _ELSEWHERE))) if one is not None)


def _of_the_same(said: Mapping[str, Any], authorization: Mapping[str, Any]) -> Iterator[str]:
    """Workspaces of the organization that installed the app as a whole: they are not connected by themselves."""
    own = _id(authorization.get("enterprise_id"))
    if own is None or not _is_org_wide(authorization):
        return
    for team, enterprise in (("team_id", "enterprise_id"), ("context_team_id", "context_enterprise_id")):
        if said.get(enterprise) == own and (workspace := _id(said.get(team))) is not None:
            yield workspace


def _id(said: Any) -> str | None:
    return _matching(_ID, said)


def _matching(form: re.Pattern[str], said: Any) -> str | None:
    return said if isinstance(said, str) and form.fullmatch(said) else None


def _moment(stamp: Any) -> datetime | None:
    match = _STAMP.fullmatch(stamp) if isinstance(stamp, str) else None
    return None if match is None else _at(int(match[1]), int(match[2]))


def _at(seconds: int, microseconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
    except (OverflowError, ValueError, OSError):  # outside the calendar
        return None


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)
