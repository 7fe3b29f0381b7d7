"""Which company an address belongs to, as far as its domain says so: the registrable domain, by the public suffix list.

An address at a provider that anybody may use says nothing, nor does a page at a place where every company has one.
"""

from functools import cache, lru_cache
from typing import Final

from publicsuffixlist import PublicSuffixList

FREE_MAIL: Final = frozenset(
    {
        *("126.com", "139.com", "163.com", "aim.com", "alice.it", "aol.com", "arcor.de", "att.net", "bellsouth.net", "bigpond.com"),
        *("bigpond.net.au", "bluewin.ch", "bol.com.br", "bt.com", "btinternet.com", "btopenworld.com", "charter.net", "comcast.net"),
        *("cox.net", "duck.com", "earthlink.net", "email.com", "email.cz", "fastmail.com", "fastmail.fm", "free.fr", "freenet.de"),
        *("frontier.com", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hanmail.net", "hey.com"),
        *("home.nl", "hotmail.ch", "hotmail.co.uk", "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.se"),
        *("hushmail.com", "icloud.com", "inbox.lv", "inbox.ru", "interia.pl", "juno.com", "kpnmail.nl", "laposte.net", "libero.it"),
        *("list.ru", "live.ca", "live.co.uk", "live.com", "live.de", "live.dk", "live.fr", "live.nl", "live.se", "mac.com", "mail.com"),
        *("mail.de", "mail.ru", "mailbox.org", "me.com", "msn.com", "naver.com", "neuf.fr", "ntlworld.com", "o2.pl", "onet.pl"),
        *("op.pl", "optonline.net", "optusnet.com.au", "orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "pm.me"),
        *("posteo.de", "proton.me", "protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediffmail.com", "rocketmail.com"),
        *("rogers.com", "sapo.pt", "sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.com", "sky.com", "skynet.be", "sohu.com"),
        *("sympatico.ca", "t-online.de", "talktalk.net", "telenet.be", "telia.com", "terra.com.br", "tiscali.it", "tuta.com"),
        *("tuta.io", "tutanota.com", "ukr.net", "uol.com.br", "verizon.net", "virgilio.it", "virginmedia.com", "wanadoo.fr", "web.de"),
        *("windstream.net", "wp.pl", "xs4all.nl", "xtra.co.nz", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com"),
        *("yahoo.com.au", "yahoo.com.br", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.it", "yandex.com", "yandex.ru", "ymail.com"),
        *("ziggo.nl", "zoho.com", "zohomail.com"),
    }
)
"""Registrable domains of providers where anybody may have an address."""
SHARED_PAGES: Final = frozenset(
    {
        *("facebook.com", "github.com", "google.com", "instagram.com", "linkedin.com", "linktr.ee", "medium.com"),
        *("pinterest.com", "tiktok.com", "twitter.com", "x.com", "xing.com", "yelp.com", "youtube.com", "youtu.be", "bit.ly"),
    }
)
"""Registrable domains where a company's "website" may be a page among many."""
_LONGEST: Final = 512


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # reads the list that comes with the package; 70 ms


def registrable_domain(text: str) -> str | None:
    """``acme.co.uk`` of ``jo@mail.acme.co.uk``, ``https://www.acme.co.uk/about`` and ``www.acme.co.uk``; names in other scripts as they are
    asked for (``xn--``). None for what has none: an address of numbers, a single word, a public suffix."""
    host = _host_of(text[:_LONGEST])
    return None if host is None else _registrable(host)


@lru_cache(maxsize=16_384)
def _registrable(host: str) -> str | None:
    found = _suffixes().privatesuffix(host)
    return found if isinstance(found, str) else None


def company_domain(text: str) -> str | None:
    """The registrable domain of an address, a host or a URL, where that says which company it is."""
    domain = registrable_domain(text)
    return None if domain is None or domain in FREE_MAIL or domain in SHARED_PAGES else domain


def _host_of(text: str) -> str | None:
    rest = text.strip().rpartition("://")[2].lstrip("/")
    for sign in "/?#\\":
        rest = rest.partition(sign)[0]
    host = rest.rpartition("@")[2].partition(":")[0].strip().rstrip(".").lower()
    try:
        plain = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:  # an empty or a too long label, or letters that no name may have
        return None
    labels = plain.split(".")
    if len(labels) == 1 or labels[-1].isdigit() or not all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        return None
    return plain
