"""Which accounts may see what one event is about: Slack calls once for a channel of several workspaces, and names one of them.

"apps.event.authorizations.list", with the app-level token of the app. Without one, or with one that is not accepted, only the account that
was named is known to us; the others find out by their daily comparison.
"""

import logging
from collections.abc import Mapping
from typing import Final

from ingestion.sources.slack.answers import cursor_in, objects_in, text_in
from ingestion.sources.slack.client import SlackClient
from ingestion.sources.slack.envelope import handle_of
from shared.connections.connection import Connection
from shared.errors import ConfigurationError, PermanentError, StreamUnreadable

log = logging.getLogger(__name__)

METHOD: Final = "apps.event.authorizations.list"


async def handles_of(connection: Connection, client: SlackClient, app_tokens: Mapping[str, str], context: str) -> list[str]:
    """The handles of all accounts that may see it, the connection's own first.

    Raises:
        TransientError: not now.
    """
    app = "" if connection.credential is None else connection.credential.client_id
    own = handle_of(app, connection.account)
    token = app_tokens.get(app)
    if token is None:
        return [own]
    found: list[str] = []
    form = {"event_context": context}
    try:
        while True:
            body = (await client.ask_as_app(token, METHOD, form)).body
            found += [handle_of(app, account) for one in objects_in(body.get("authorizations")) if (account := _account_of(one))]
            place = cursor_in(body)
            if place is None:
                break
            form = {"event_context": context, "cursor": place}
    except (ConfigurationError, StreamUnreadable, PermanentError) as error:
        # The app's own token is no concern of this connection, whose records can be read.
        log.warning("Slack does not say who else may see an event of %s: %s", connection.id, error)
    return [own, *sorted(set(found) - {own})]


def _account_of(authorization: Mapping[str, object]) -> str | None:
    is_org_wide = authorization.get("is_enterprise_install") is True
    return text_in(authorization, "enterprise_id" if is_org_wide else "team_id")
