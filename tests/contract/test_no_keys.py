"""``infra``, read for what a reviewer asks first: no key opens anything, roles are listed, nothing is public, no log keeps a path."""

import re
from pathlib import Path

import pytest

from tests.contract.infra_promises import ROLES

ROOT = Path(__file__).parents[2]
BICEP = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "infra").rglob("*.bicep*"))}
ALL = "\n".join(BICEP.values())

CLOSED = {
    "infra/modules/servicebus.bicep": r"disableLocalAuth: true",
    "infra/modules/cosmos.bicep": r"disableLocalAuth: true",
    "infra/modules/openai.bicep": r"disableLocalAuth: true",
    "infra/modules/storage.bicep": r"allowSharedKeyAccess: false",
    "infra/modules/hoststorage.bicep": r"allowSharedKeyAccess: false",
    "infra/modules/keyvault.bicep": r"enableRbacAuthorization: true",
    "infra/modules/telemetry.bicep": r"DisableLocalAuth: true",
}
"""How each service is told that a key opens nothing."""


@pytest.mark.parametrize("path", CLOSED)
def test_a_key_opens_nothing(path: str) -> None:
    assert re.search(rf"^\s*{CLOSED[path]}$", BICEP[path], flags=re.MULTILINE)


def test_no_key_is_asked_for_or_written_down() -> None:
    assert not re.search(r"\blist[A-Z]\w*\s*\(|\bget[Ss]ecret\s*\(", ALL)
    assert not re.search(r"AccountKey=|SharedAccessKey=|SharedAccessSignature|(?i:primary|secondary)(?:Key|ConnectionString)\b", ALL)


def test_every_role_that_is_given_is_listed_and_is_of_the_data_plane() -> None:
    templates = "\n".join(text for path, text in BICEP.items() if path.endswith(".bicep"))
    given = set(re.findall(r"'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'", templates))
    page = (ROOT / "docs" / "security.md").read_text()

    assert given == set(ROLES)
    assert all(name in page for name in ROLES.values())


def test_everything_is_reached_by_tls_and_no_blob_is_public() -> None:
    assert "httpsOnly: true" in BICEP["infra/modules/functionapp.bicep"]
    assert "ftpsState: 'Disabled'" in BICEP["infra/modules/functionapp.bicep"]
    assert not re.search(r"(?i)minimum?tlsversion: '(tls)?1[._][01]'|allowBlobPublicAccess: true|supportsHttpsTrafficOnly: false", ALL)
    assert set(re.findall(r"publicAccess: '(\w+)'", ALL)) == {"None"}


def test_no_log_of_http_calls_is_kept_for_a_salesforce_key_stands_in_the_path() -> None:
    assert "AppServiceHTTPLogs" not in ALL
    for path in ("infra/modules/functionapp.bicep", "infra/main.bicep"):
        assert "diagnosticSettings" not in BICEP[path]


def test_what_is_deleted_by_mistake_comes_back() -> None:
    assert "enableSoftDelete: true" in BICEP["infra/modules/keyvault.bicep"]
    assert re.search(r"type: 'Continuous'", BICEP["infra/modules/cosmos.bicep"])
