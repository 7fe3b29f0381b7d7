"""Whether an account can be read, in words for a person: whose the token is, what it may do, and what the vendor makes slow."""

from collections.abc import Mapping
from typing import Final

from ingestion.sources.slack.answers import text_in
from ingestion.sources.slack.authorizations import METHOD
from ingestion.sources.slack.budget import Budget
from ingestion.sources.slack.client import Identity, SlackClient
from ingestion.sources.slack.listing import CHANNELS, PEOPLE, Lists
from ingestion.sources.slack.sightings import CHANNEL, conversion_for
from ingestion.sources.source import StreamCheck
from shared.connections.connection import Connection
from shared.errors import ConfigurationError, PermanentError, StreamUnreadable

SCOPES: Final[Mapping[str, Mapping[str, str]]] = {
    "User": {
        "users:read": "nobody can be read",
        "users:read.email": "addresses are not shown, and nobody is recognised in what is asked of Shardline",
    },
    "Channel": {
        "channels:read": "public channels cannot be read",
        "groups:read": "private channels cannot be read",
    },
}
"""Stream → scope → what is amiss without it."""


async def check_app(connection: Connection, client: SlackClient, identity: Identity) -> None:
    """Whether the token is the connected app's, as far as its bot's own profile says it.

    Raises:
        ConfigurationError: it is another app's.
        PipelineError: as ``SlackClient.ask``.
    """
    if identity.app is not None or identity.user is None or connection.credential is None:
        return
    try:
        body = (await client.ask("users.info", {"user": identity.user}, is_live=True)).body
    except (StreamUnreadable, PermanentError):
        return  # who may not look at people cannot look at the bot, and that is said of the stream
    user = body.get("user")
    profile = user.get("profile") if isinstance(user, dict) else None
    app = text_in(profile, "api_app_id") if isinstance(profile, dict) else None
    if app not in (None, connection.credential.client_id):
        raise ConfigurationError("the bot token is another app's than the one that is connected: compare the two")


async def checked(
    connection: Connection, stream: str, identity: Identity, *, client: SlackClient, budget: Budget, app_tokens: Mapping[str, str]
) -> StreamCheck:
    """One stream. Raises as ``SlackClient.ask``, but for StreamUnreadable."""
    notes = (
        []
        if identity.scopes is None
        else [
            f"the scope {scope} is missing: {without}" for scope, without in SCOPES.get(stream, {}).items() if scope not in identity.scopes
        ]
    )
    try:
        conversion_for(stream)
        await Lists(connection, client).page(CHANNELS if stream == CHANNEL else PEOPLE, None, limit=1, is_live=True)
    except (StreamUnreadable, PermanentError) as error:
        return StreamCheck(stream, is_readable=False, record_count=None, detail="; ".join([str(error), *notes]))
    await budget.look()
    notes += [f"Slack lets {method} be called once a minute only" for method in budget.slow() if method != METHOD]
    if stream == CHANNEL:
        notes += await _app_notes(connection, client, app_tokens)
    return StreamCheck(stream, is_readable=True, record_count=None, detail="; ".join(notes))


async def _app_notes(connection: Connection, client: SlackClient, app_tokens: Mapping[str, str]) -> list[str]:
    app = "" if connection.credential is None else connection.credential.client_id
    if app not in app_tokens:
        return ["no app-level token: what happens in a channel shared by several connected workspaces is told to one of them at once"]
    try:
        await client.ask_as_app(app_tokens[app], "auth.test", {})
    except (ConfigurationError, StreamUnreadable, PermanentError):
        return [f"Slack does not accept the app-level token of {app}: renew it in SLACK_APP_TOKENS"]
    return []
