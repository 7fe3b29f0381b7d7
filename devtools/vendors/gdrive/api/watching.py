"""``changes.watch`` and ``channels.stop``, as they are asked for."""

from devtools.vendors.gdrive.api.answers import Answer
from devtools.vendors.gdrive.api.asking import Question
from devtools.vendors.gdrive.api.changes import log_of
from devtools.vendors.gdrive.api.channels import described


def watch(asked: Question) -> Answer:
    log = log_of(asked)
    asked.served.change_tokens.position(log, asked.needed("pageToken"))
    channel = asked.served.channels.open(log, asked.body, f"{asked.served.url}{asked.request.path_qs.replace('/watch', '')}")
    return Answer(described(channel), rows=1)


def stop(asked: Question) -> Answer:
    asked.served.channels.stop(str(asked.body.get("id", "")), str(asked.body.get("resourceId", "")))
    return Answer(None, 204)
