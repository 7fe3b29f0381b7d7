"""Ids of records as their vendors write them: in links, in Slack's mark-up, and Salesforce's by themselves.

A link leads to one record: the one it shows, not the one it goes back to. An id of Salesforce is none when its check letters are wrong; one
of 15 characters, which has no check letters, counts by itself only with a prefix that is known (Salesforce, "Standard Field Types": the
first three characters say the object). The forms of links: Salesforce, "Navigate to a Record"; Google Drive's ``webViewLink`` and the
editors' own addresses; Slack, "Deep linking into Slack" and "Formatting text for app surfaces".
"""

import re
from collections.abc import Iterator
from typing import Final

from processors.enrichment.entities.mention import Found
from processors.enrichment.entities.urls import unescaped
from shared.conversions.identifiers import SHORT, salesforce_id

PREFIXES: Final = frozenset({"001", "003", "005", "006", "00Q"})
"""Account, contact, user, opportunity, lead."""
_NO_RECORDS: Final = frozenset({"000", "00D"})
"""The empty id; an organization, whose id begins a session's, too: that is a secret."""

_DIGIT: Final = re.compile("[0-9]")
_TOKEN: Final = re.compile(r"[0-9a](?<![^\W_][0-9a])(?<![%@][0-9a])[A-Za-z0-9]{14}(?:[A-Za-z0-9]{3})?(?![^\W_])(?!@)")
_SALESFORCE: Final = re.compile(
    r"//(?:[A-Za-z0-9-]{1,80}\.){1,6}(?:(?:salesforce|force|salesforce-setup|cloudforce|visualforce)\.(?:com|mil)|my\.site\.com)(?=[:/?#])"
)
_NAMED: Final = re.compile(r"[?&;](?:id|Id|recordId)=")
_ELSEWHERE: Final = re.compile(r"[?&;](?:retURL|saveURL|cancelURL|ws|backgroundContext)=[^&#]{0,2048}")
"""Parameters that say where somebody came from."""
_DRIVE: Final = re.compile(
    r"(?:^|//)(?:drive|docs|drive\.usercontent)\.google\.com/(?:a/[^/\s]{1,253}/)?"
    r"(?:(?:file|folder|document|spreadsheets|presentation|forms|drawings)/(?:u/[0-9]{1,3}/)?d/(?!e/)"
    r"|drive/(?:mobile/)?(?:u/[0-9]{1,3}/)?(?:mobile/)?folders/"
    r"|(?:open|uc|leaf|thumbnail|folderview|download)\?(?:[^\s#]{0,400}?[&;])?id=)"
    r"([A-Za-z0-9_-]{10,128}+)"
)
_SLACK: Final = re.compile(
    r"(?://(?:[A-Za-z0-9-]{1,80}\.){0,3}slack\.com/"
    r"(?:archives/|team/|messages/|client/[TE][A-Z0-9]{1,20}/|app_redirect\?(?:[^\s#]{0,200}?[&;])?channel=)"
    r"|^slack://(?:channel|user)\?(?:[^\s#]{0,200}?[&;])?id=)"
    r"([CDGUW][A-Z0-9]{1,20}+)(?![A-Za-z_-])"
)
_MARKED: Final = re.compile(r"<(?:@([UW][A-Z0-9]{1,20})|#([CG][A-Z0-9]{1,20}))(?:\|[^<>|\n]{0,200})?>")


def linked_id(url: str) -> str | None:
    """The record that a link leads to; None: to none of a vendor we read."""
    plain = unescaped(url)
    if (drive := _DRIVE.search(plain)) is not None:
        return f"gdrive:{drive[1]}"
    if (slack := _SLACK.search(plain)) is not None:
        return f"slack:{slack[1]}"
    home = _SALESFORCE.search(plain)
    shown = _shown_by(plain[home.end() :]) if home is not None else _carried_by(plain)
    return f"salesforce:{shown}" if shown is not None else None


def marked_ids(text: str) -> Iterator[Found]:
    """People and channels in Slack's mark-up, such as ``<@U024BE7LH>`` and ``<#C024BE91L|general>``."""
    if "<@" in text or "<#" in text:
        for found in _MARKED.finditer(text):
            yield Found(found.start(), found.end(), f"slack:{found[1] or found[2]}")


def bare_ids(text: str) -> Iterator[Found]:
    """Salesforce's ids that stand in a text by themselves."""
    for found in _TOKEN.finditer(text):
        whole = _checked(found[0])
        if whole is not None and (len(found[0]) > SHORT or _is_surely_one(found[0])):
            yield Found(found.start(), found.end(), f"salesforce:{whole}")


def _shown_by(place: str) -> str | None:
    """What an address inside Salesforce shows: the record in its path, or the one it names, or the first that comes up."""
    path, _, _ = place.partition("?")
    path, _, _ = path.partition("#")
    rest = _ELSEWHERE.sub("", place[len(path) :])
    named = _NAMED.search(rest)
    for part in (path, rest[named.end() :] if named is not None else "", rest):
        for found in _TOKEN.finditer(part):
            if (whole := _checked(found[0])) is not None:
                return whole
    return None


def _carried_by(plain: str) -> str | None:
    """A whole id with a known prefix in anybody else's address, such as that of a tool that signs quotes."""
    for found in _TOKEN.finditer(plain):
        if len(found[0]) > SHORT and (whole := _checked(found[0])) is not None and _is_known(whole):
            return whole
    return None


def _checked(token: str) -> str | None:
    """The id in the form shards keep; None for what is none, or no record's."""
    if token[:3] in _NO_RECORDS or not _DIGIT.search(token) or (token.isdigit() and not _is_known(token)):
        return None
    try:
        return salesforce_id(token)
    except ValueError:
        return None


def _is_surely_one(short: str) -> bool:
    """Whether 15 characters by themselves are an id: no word, and no other number."""
    rest = short[3:]
    return _is_known(short) and not rest.isdigit() and _DIGIT.search(rest) is not None


def _is_known(token: str) -> bool:
    return token[:3] in PREFIXES
