"""Whether the two apps answer as they should, seen from outside, with patience: a first start takes minutes."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from ops.deployment.patience import Patience
from ops.refusals import Refused

SECONDS_FOR_AN_ANSWER: Final = 30
_NOBODY: Final = 0


@dataclass(frozen=True)
class Answer:
    """What came back: 0 and a reason where nobody answered."""

    status: int
    body: bytes


Ask = Callable[[str, str], Answer]
"""Method and address."""


def ask(method: str, address: str) -> Answer:
    """Over HTTP, trusting whom this machine trusts. What is sent is empty."""
    request = urllib.request.Request(address, method=method, data=b"" if method == "POST" else None)  # noqa: S310 - an address of ours
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_FOR_AN_ANSWER) as response:  # noqa: S310 - as above
            return Answer(response.status, response.read(100_000))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(100_000))
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        return Answer(_NOBODY, type(reason).__name__.encode())


@dataclass(frozen=True)
class Expected:
    """One thing to see."""

    what: str
    method: str
    path: str
    statuses: Sequence[int]
    is_named: bool = False
    """Whether the answer has to say which of the two it is of."""


ALIVE: Final = Expected("is alive", "GET", "/api/health", [HTTPStatus.OK], is_named=True)
READY: Final = Expected("is ready", "GET", "/api/ready", [HTTPStatus.OK])
UNSIGNED: Final = Expected("refuses an unsigned webhook", "POST", "/api/webhooks/slack", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])


def expected(consumer: str) -> list[Expected]:
    """What an app answers. An unsigned webhook that is let in would be the worst of all."""
    return [ALIVE, READY, UNSIGNED] if consumer == "light" else [ALIVE, READY]


def look(hosts: Mapping[str, str], *, ask: Ask, tell: Callable[[str], None], patience: Patience) -> None:
    """Ask until each answers as expected.

    Args:
        hosts: by ``light`` and ``heavy``.

    Raises:
        Refused: one did not in time, with what it answered last.
    """
    for consumer, host in hosts.items():
        for wanted in expected(consumer):
            wait_for(consumer, host, wanted, ask=ask, patience=patience)
            tell(f"the {consumer} app {wanted.what}")


def wait_for(consumer: str, host: str, wanted: Expected, *, ask: Ask, patience: Patience) -> None:
    """Ask until it answers as expected.

    Raises:
        Refused: it did not in time, with what it answered last.
    """
    while (wrong := _wrong(wanted, consumer, answer := ask(wanted.method, f"https://{host}{wanted.path}"))) is not None:
        if patience.is_over() or _is_final(wanted, answer):
            raise Refused(f"the {consumer} app does not answer as it should: {wanted.method} {wanted.path}: {wrong}")
        patience.pause()


def _is_final(wanted: Expected, answer: Answer) -> bool:
    """A webhook that takes what nobody signed will not refuse it a minute later."""
    return wanted.method == "POST" and HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES


def _wrong(wanted: Expected, consumer: str, answer: Answer) -> str | None:
    if answer.status == _NOBODY:
        return f"no answer ({answer.body.decode(errors='replace')})"
    if answer.status not in wanted.statuses:
        return f"status {answer.status} in place of {' or '.join(str(int(status)) for status in wanted.statuses)}"
    if wanted.is_named and (said := _consumer(answer.body)) != consumer:
        return f"it says it is {said!r}"
    return None


def _consumer(body: bytes) -> Any:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said.get("consumerType") if isinstance(said, dict) else None
