"""``tenant erase`` and secrets: those of the tenant go, from before a rotation as well; what may be somebody else's stays, and is named."""

import pytest

from ops.rotation.logins import _credential
from ops.tenants.erasing import Erasing
from ops.tenants.report import Report
from shared.connections.connection import Credential
from shared.errors import ConfigurationError, DependencyUnavailable
from tests.unit.ops.tenant_stores import NoProgress, TenantStores
from tests.unit.ops.tenant_world import connect


async def erase(stores: TenantStores, *, purges: bool = False) -> Report:
    return await Erasing("acme", stores.ports, NoProgress(), purges=purges).erase()


def rotated(name: str, *clients: str) -> Credential:
    """What a connection has after its login was replaced by those of other clients, one after the other."""
    credential: Credential = Credential(kind="jwt-bearer", base_url="https://a.example", client_id="first", secret_name=name)
    for client in clients:
        credential = _credential(credential, client)
    return credential


async def test_a_secret_that_another_tenants_connection_uses_stays_and_a_removed_one_may_be_purged() -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", secret="shared-key")
    connect(stores, "acme", "00D3", secret="own-key")
    connect(stores, "globex", "00D2", secret="shared-key")

    report = await erase(stores, purges=True)

    assert (set(stores.vault.there), stores.vault.deleted) == ({"shared-key"}, set())
    assert report.secrets_kept == ["the vault's shared-key"]


@pytest.mark.parametrize("refusal", [ConfigurationError("protected"), DependencyUnavailable("away")])
async def test_a_vault_that_does_not_purge_stops_nothing_and_is_said(refusal: Exception) -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", secret="key")
    stores.vault.purges_with = refusal

    report = await erase(stores, purges=True)

    assert (report.is_complete, report.not_purged) == (True, ["the vault's key"])
    assert "removed, and not purged: the vault's key" in report.rendered()


async def test_where_secrets_are_settings_it_is_said_which_are_to_be_removed() -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", secret="key")
    stores.vault.is_reached = False
    stores.vault.there = {}

    report = await erase(stores)

    assert (report.is_complete, report.settings_left) == (True, ["the vault's key"])


async def test_a_secret_of_the_same_name_of_whoever_has_connected_the_account_since_is_theirs() -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", secret="salesforce-00D1")
    stores.during_waits = [lambda: connect(stores, "globex", "00D1", secret="salesforce-00D1")]

    report = await erase(stores)

    assert (report.is_complete, set(stores.vault.there)) == (True, {"salesforce-00D1"})


async def test_the_secret_from_before_the_last_rotation_goes_and_an_older_one_is_named_for_nothing_proves_whose_it_is() -> None:
    stores = TenantStores()
    credential = rotated("key", "second", "third")
    between = rotated("key", "second").secret_name
    connect(stores, "acme", "00D1", credential=credential)
    stores.vault.there |= {between: "older", "key": "oldest"}

    report = await erase(stores)

    assert (set(stores.vault.there), report.erased["secrets"], report.secrets_in_doubt) == ({"key"}, 2, ["the vault's key"])
    assert "remove it by hand: the vault's key" in report.rendered()


@pytest.mark.parametrize("name", ["crm-20240101", "crm-deadbeef"])
async def test_a_name_that_only_looks_rotated_leads_to_no_secret_of_others(name: str) -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", credential=rotated(name))
    stores.vault.there["crm"] = "of another app"

    report = await erase(stores)

    assert (stores.vault.there, report.secrets_in_doubt) == ({"crm": "of another app"}, ["the vault's crm"])


async def test_a_vaults_names_have_no_case_so_anothers_secret_is_known_however_it_is_written() -> None:
    stores = TenantStores()
    connect(stores, "acme", "00D1", secret="Shared-Key")
    connect(stores, "globex", "00D2", secret="shared-key")

    report = await erase(stores)

    assert ({"Shared-Key", "shared-key"} <= set(stores.vault.there), report.erased["secrets"]) == (True, 0)
