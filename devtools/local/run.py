"""A local run, as every command finds it: where its parts listen, and which organization was connected.

The file ``run.json`` of the run's folder tells it to the other commands; it holds the sample organization's path key, so only its owner
may read it. This loads no SDK, for a command must not load what it does not use.
"""

import json
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from devtools import azurite
from devtools.emulators.cosmos.key import EMULATORS_KEY, KEY
from devtools.issuer.addresses import JWKS_PATH, issuer_url
from devtools.local.addresses import Addresses
from devtools.local.secured import Secured

ROOT: Final = Path(__file__).resolve().parents[2]
DATABASE: Final = "shardline"
AUDIENCE: Final = "api://shardline"
RUN_FILE: Final = "run.json"
SETTINGS_FILE: Final = "settings.json"
SALESFORCE_SECRET_NAME: Final = "salesforce-pretend"  # noqa: S105 - a name
GDRIVE_SECRET_NAME: Final = "gdrive-pretend"  # noqa: S105 - a name
SLACK_SECRET_NAME: Final = "slack-pretend"  # noqa: S105 - a name
SALESFORCE_SECRET: Final = "pretend-secret"  # noqa: S105 - of the pretend Salesforce, which whoever is on this machine can ask anyway
SLACK_APP: Final = "A0PRETEND"
SLACK_SIGNING_SECRET: Final = "pretend-signing-secret"  # noqa: S105 - of the pretend Slack, likewise
SLACK_TOKEN: Final = "pretend-token"  # noqa: S105 - likewise
SLACK_WINDOW_SECONDS: Final = 5
"""Much shorter than in production, for whoever watches."""


def folder_of(port_offset: int) -> Path:
    """Where a run keeps its data and logs: each of several side by side has its own."""
    return ROOT / ".shardline" / (f"local-{port_offset}" if port_offset else "local")


class NotRunning(Exception):
    """There is no local run to talk to."""


@dataclass(frozen=True)
class Run:
    """A run that is up, as its file tells it."""

    addresses: Addresses
    organization_id: str
    tenant_id: str
    key: str
    is_official: bool = False
    """Whether its Service Bus and its Cosmos DB are Microsoft's emulators."""
    domain: str = "pretend.example"
    """Of its invented Google Workspace."""
    team_id: str = "T0PRETEND"
    """Of its invented workspace in Slack."""
    secured_in: str | None = None
    """The folder of a run that takes identities instead of keys."""

    @property
    def secured(self) -> Secured | None:
        """How identities are let in; None where keys are."""
        return None if self.secured_in is None else Secured(self.addresses, Path(self.secured_in))

    @property
    def looks_at_once(self) -> int:
        """How many connections to the broker a tool opens at once: the official emulator has ten for everybody."""
        return 1 if self.is_official else 12

    @property
    def service_bus(self) -> str:
        """The connection string of the broker."""
        return (
            f"Endpoint=sb://localhost:{self.addresses.service_bus};SharedAccessKeyName=RootManageSharedAccessKey;"
            "SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"
        )

    @property
    def cosmos(self) -> str:
        """The connection string of the database account."""
        return f"AccountEndpoint=http://localhost:{self.addresses.cosmos}/;AccountKey={EMULATORS_KEY if self.is_official else KEY};"

    @property
    def blob(self) -> str:
        """The connection string of the storage account."""
        return azurite.connection_string(self.addresses.blob)

    @property
    def host(self) -> str:
        """The function host's address."""
        return f"http://127.0.0.1:{self.addresses.host}"

    @property
    def webhook_url(self) -> str:
        """Where the sample organization sends its Outbound Messages."""
        return f"{self.host}/api/webhooks/salesforce/{self.key}"

    @property
    def settings(self) -> dict[str, str]:
        """The app's settings, as environment variables."""
        keys = {"SERVICE_BUS": self.service_bus, "COSMOS": self.cosmos, "BLOB": self.blob}
        return {
            **(keys if self.secured is None else self.secured.settings),
            "COSMOS_DATABASE": DATABASE,
            "EMBEDDING_OFFLINE": "true",
            "AUTH_ISSUER": self.issuer,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS_URL": f"{self.issuer}{JWKS_PATH}",
            "SECRET_SALESFORCE_PRETEND": SALESFORCE_SECRET,
            "GDRIVE_API_BASE_URL": self.gdrive,
            "GDRIVE_DIRECTORY_BASE_URL": self.gdrive,
            "SLACK_SIGNING_SECRETS": f"{SLACK_APP}={SLACK_SIGNING_SECRET}",
            "SLACK_API_BASE_URL": self.slack,
            "SLACK_WINDOW_SECONDS": str(SLACK_WINDOW_SECONDS),
            "SECRET_SLACK_PRETEND": SLACK_TOKEN,
            "SYNC_COMPARE_GRACE_SECONDS": "0",  # a first run compares what is seconds old, once it has seen it arrive
        }

    @property
    def issuer(self) -> str:
        """Who makes tokens for this run."""
        return issuer_url(self.addresses.issuer)

    @property
    def salesforce(self) -> str:
        """Where the organization is asked, and where its records are changed (``/pretend/…``)."""
        return f"http://127.0.0.1:{self.addresses.salesforce}"

    @property
    def salesforce_client_id(self) -> str:
        """Of the app that the organization knows. Each organization has its own: a connection that an earlier run left is not let in."""
        return f"pretend-{self.organization_id}"

    @property
    def gdrive(self) -> str:
        """Where the Workspace is asked, and where its files are changed (``/pretend/…``)."""
        return f"http://127.0.0.1:{self.addresses.gdrive}"

    @property
    def service_account(self) -> str:
        """Which the Workspace lets act as its people. Each Workspace has its own: a connection that an earlier run left is not let in."""
        return f"reader@{self.domain.partition('.')[0]}.iam.gserviceaccount.com"

    @property
    def slack(self) -> str:
        """Where Slack is asked, and where its channels are changed (``/pretend/…``)."""
        return f"http://127.0.0.1:{self.addresses.slack}"

    @property
    def slack_webhook_url(self) -> str:
        """Where Slack sends its events."""
        return f"{self.host}/api/webhooks/slack"

    @property
    def search_url(self) -> str:
        """Where questions are answered."""
        return f"{self.host}/api/v1/search"

    def remember(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """Write the run's file; and of its app's settings another, for whoever operates it with ``python -m ops --settings``."""
        files = {RUN_FILE: asdict(self)}
        if settings is not None:
            files[SETTINGS_FILE] = dict(settings) if self.secured is None else self.secured.operators(settings)
        for name, content in files.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def remembered(cls, folder: Path) -> "Run":
        """The run that came up last, whatever has become of it.

        Raises:
            NotRunning: when there was none, or it ended in order.
        """
        try:
            read = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotRunning("nothing is running here: start it with scripts/up") from None
        return cls(Addresses(**read.pop("addresses")), **read)

    @classmethod
    def current(cls, folder: Path) -> "Run":
        """The run that is up.

        Raises:
            NotRunning: when there is none.
        """
        run = cls.remembered(folder)
        try:  # a killed run leaves its file behind
            socket.create_connection(("127.0.0.1", run.addresses.host), timeout=1).close()
        except OSError:
            raise NotRunning("the run that was here does not answer any more: start it again with scripts/up") from None
        return run

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove the run's files."""
        for name in (RUN_FILE, SETTINGS_FILE):
            (folder / name).unlink(missing_ok=True)
