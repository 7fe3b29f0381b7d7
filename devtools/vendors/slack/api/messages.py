"""``conversations.history`` (newest first) and ``conversations.replies`` (oldest first, the parent on every page)."""

from collections.abc import Sequence
from typing import Final

from devtools.vendors.slack.api.asking import Answer, Question
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.conversations import Conversation
from devtools.vendors.slack.messages import Message

LIMITED_ROWS: Final = 15
"""Of an app that is sold outside the Marketplace."""
_FRACTION_DIGITS: Final = 6


def history(question: Question) -> Answer:
    conversation = _readable(question)
    limit = _limit(question)
    found = _within(question, conversation.log.history())
    cursor = question.cursor()
    if cursor not in {"", "-"}:
        found = [message for message in found if message.ts < cursor]
    page = question.page(found, [message.ts for message in found], limit, after=cursor)
    body = {"messages": [message.written() for message in page.rows], "has_more": bool(page.next_cursor), "pin_count": 0}
    body |= {"channel_actions_ts": None, "channel_actions_count": 0}
    return Answer(body | (page.metadata if page.next_cursor else {}), len(page.rows), "messages")


def replies(question: Question) -> Answer:
    conversation = _readable(question)
    limit = _limit(question)
    named = conversation.log.find(question.required("ts", "thread_not_found"))
    parent = conversation.log.find(named.thread_ts) if named is not None and named.is_reply and named.thread_ts else named
    if parent is None:
        raise Refused("thread_not_found")
    cursor = question.cursor()
    after = "" if cursor == "-" else cursor
    found = [message for message in _within(question, parent.replies) if message.ts > after]
    page = question.page(found, [message.ts for message in found], limit, after=cursor)
    rows = [parent.written(), *(message.written() for message in page.rows)]
    body = {"messages": rows, "has_more": bool(page.next_cursor)}
    return Answer(body | (page.metadata if page.next_cursor else {}), len(rows), "messages")


def _readable(question: Question) -> Conversation:
    """Raises Refused: ``not_in_channel``, what is written in it can be read by members alone."""
    conversation = question.conversation("history")
    if not question.is_member(conversation):
        raise Refused("not_in_channel")
    return conversation


def _limit(question: Question) -> int:
    if question.app.is_limited:
        return min(question.limit(LIMITED_ROWS), LIMITED_ROWS)
    return question.limit(100)


def _within(question: Question, messages: Sequence[Message]) -> list[Message]:
    """``oldest`` and ``latest`` are exclusive unless ``inclusive``."""
    oldest, latest = _bound(question, "oldest"), _bound(question, "latest")
    if "" in {oldest, latest}:
        return []
    is_inclusive = question.is_set("inclusive")
    found = [one for one in messages if oldest is None or one.ts > oldest or (is_inclusive and one.ts == oldest)]
    return [one for one in found if latest is None or one.ts < latest or (is_inclusive and one.ts == latest)]


def _bound(question: Question, name: str) -> str | None:
    """As a ts; empty where there are more than six decimals: the vendor takes that, and finds nothing then.

    Raises:
        Refused: ``invalid_ts_oldest`` or ``invalid_ts_latest``.
    """
    text = question.arguments.get(name, "")
    if text in {"", "0"}:
        return None
    seconds, _, fraction = text.partition(".")
    if not seconds.isdecimal() or not (fraction or "0").isdecimal():
        raise Refused(f"invalid_ts_{name}")
    return "" if len(fraction) > _FRACTION_DIGITS else f"{int(seconds):010d}.{fraction:0<6}"
