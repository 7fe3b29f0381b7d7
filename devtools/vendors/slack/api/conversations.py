"""``conversations.list``, ``.info``, ``.members`` and ``users.conversations``."""

from collections.abc import Iterable

from devtools.vendors.slack.api.asking import Answer, Question, listed
from devtools.vendors.slack.api.refusals import Refused
from devtools.vendors.slack.conversations import Conversation


def list_conversations(question: Question) -> Answer:
    """Public ones of the workspace, and those others its bot is in."""
    team_id = question.team_id()
    return _listing(question, team_id, question.world.conversations.values())


def conversations_of_user(question: Question) -> Answer:
    """Those somebody is in: the bot itself, where nobody is named."""
    team_id = question.team_id()
    user_id = question.arguments.get("user") or question.installation.bot_user_id
    question.call.user = user_id
    if user_id not in question.world.people:
        raise Refused("user_not_found")
    return _listing(question, team_id, (one for one in question.world.conversations.values() if user_id in one.members))


def info(question: Question) -> Answer:
    conversation = question.conversation("read")
    with_members, reader = question.is_set("include_num_members"), question.installation.bot_user_id
    said = conversation.written(
        question.viewer(conversation), is_member=question.is_member(conversation), with_members=with_members, reader=reader
    )
    if question.is_set("include_locale"):
        said["locale"] = conversation.locale
    return Answer({"channel": said})


def members(question: Question) -> Answer:
    conversation = question.conversation("read")
    page = listed(question, {one: one for one in conversation.members}, question.limit(100))
    return Answer({"members": list(page.rows)} | page.metadata, len(page.rows), "members")


def _listing(question: Question, team_id: str, every: Iterable[Conversation]) -> Answer:
    kinds, limit = question.kinds(), question.limit(100)
    is_without_archived = question.is_set("exclude_archived")
    found = {
        one.id: one
        for one in every
        if one.kind in kinds and team_id in one.team_ids and question.sees(one) and not (is_without_archived and one.is_archived)
    }
    page = listed(question, found, limit)
    reader = question.installation.bot_user_id
    rows = [one.written(team_id, is_member=question.is_member(one), with_members=True, reader=reader) for one in page.rows]
    return Answer({"channels": rows} | page.metadata, len(rows), "channels")
