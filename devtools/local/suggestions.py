"""``suggestions``: links that are likely and not sure. They are listed, with why; a person approves one, or rejects it."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from devtools.local.api import Answer, Api, RunningApi
from devtools.local.links import called, with_reasons
from devtools.local.output import failed, show_json
from devtools.local.run import Run, folder_of
from devtools.local.tables import table
from devtools.local.token import sample_token

PATH: Final = "suggested-links"
PAGE: Final = 100
"""As many as one answer holds at most."""
DONE: Final = {"approve": "approved", "reject": "rejected"}


async def command(options: argparse.Namespace) -> int:
    """List suggestions, or settle the one whose id begins so."""
    folder = folder_of(options.port_offset)
    run = Run.current(folder)
    api = RunningApi(run, sample_token(run, folder, tenant_id=options.tenant, email=options.email, admin=not options.email))
    if options.action == "list":
        return _shown(await listed(api, status=options.status, most=options.most), options)
    found = await _known(api, options.id)
    if isinstance(found, Answer):
        return _shown(found, options)
    if len(found) != 1:
        return failed(f"{len(found)} suggestions begin with {options.id}: python -m devtools suggestions lists them")
    said = {} if options.reason is None else {"reason": options.reason}
    return _shown(await api.post(f"{PATH}/{found[0]}/{options.action}", **said), options)


async def listed(api: Api, *, status: str = "pending", most: int = PAGE, **asked: str) -> Answer:
    """The suggestions that a caller is shown, as one answer, page after page until there are so many; or the answer that was none."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        place = {} if cursor is None else {"cursor": cursor}
        answer = await api.get(PATH, status=status, limit=str(min(PAGE, most - len(found))), **asked, **place)
        if answer.status != 200:
            return answer
        found += answer.body["suggestedLinks"]
        cursor = answer.body["cursor"]
        if cursor is None or len(found) >= most:
            return Answer(200, {"suggestedLinks": found, "cursor": cursor})


async def _known(api: Api, beginning: str) -> Sequence[str] | Answer:
    """The ids that begin so, of those the caller is shown, settled ones too; or what was answered instead."""
    found: list[str] = []
    for status in ("pending", *DONE.values()):
        answer = await listed(api, status=status, most=1_000)
        if answer.status != 200:
            return answer
        found += [one["id"] for one in answer.body["suggestedLinks"] if one["id"].startswith(beginning)]
    return found


def _shown(answer: Answer, options: argparse.Namespace) -> int:
    if options.json:
        show_json(answer.body)
    elif answer.status != 200:
        print(answer.refusal)
    elif options.action == "list":
        print(rendered(answer.body["suggestedLinks"], has_more=answer.body["cursor"] is not None))
    else:
        print(settled(answer.body["suggestedLink"]))
    return 0 if answer.status == 200 else 1


def rendered(suggestions: Sequence[Mapping[str, Any]], *, has_more: bool = False) -> str:
    """A table of them; of one with several reasons each has a line."""
    if not suggestions:
        return "there are none"
    rows = [
        row
        for one in suggestions
        for row in with_reasons(
            (called(one["source"]), one["says"], called(one["target"]), one["confidence"]), one["why"], one["decidedBy"], one["id"]
        )
    ]
    lines = [table(("what", "it is suggested", "what", "confidence", "why", "settled by", "id"), rows)]
    return "\n".join([*lines, *(["", "there are more: say --most"] if has_more else [])])


def settled(suggestion: Mapping[str, Any]) -> str:
    """What was decided, in a line."""
    reason = f" ({suggestion['reason']})" if suggestion.get("reason") else ""
    return f"{suggestion['status']} by {suggestion['decidedBy']}: {stated(suggestion)}{reason}"


def stated(suggestion: Mapping[str, Any]) -> str:
    """What is suggested, as a sentence."""
    return f"{called(suggestion['source'])} {suggestion['says']} {called(suggestion['target'])}"
