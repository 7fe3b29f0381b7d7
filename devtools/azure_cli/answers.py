"""What the recorder answers: a subscription in which a group, providers and a deployment are there once they were asked for."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from devtools.azure_cli.recorder import Script

SUBSCRIPTION: Final = "11111111-2222-3333-4444-555555555555"
TENANT: Final = "66666666-7777-8888-9999-000000000000"
PERSON: Final = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
PRINCIPAL: Final = "ffffffff-0000-1111-2222-333333333333"
OPENAI: Final = "shardline-dev-openai-abc123"
RESOURCE_MANAGER: Final = "https://management.azure.com"
_EXPIRES: Final = 4_070_908_800
MISSING: Final = 3
"""The Azure CLI's exit code where something is not found."""
OUTPUTS: Final = {
    "lightAppName": "shardline-dev-light-abc123",
    "heavyAppName": "shardline-dev-heavy-abc123",
    "lightHostName": "shardline-dev-light-abc123.azurewebsites.net",
    "heavyHostName": "shardline-dev-heavy-abc123.azurewebsites.net",
    "serviceBusNamespace": "shardline-dev-bus-abc123",
    "cosmosAccount": "shardline-dev-abc123",
    "cosmosDatabase": "shardline",
    "storageAccount": "shardlidataabc123",
    "hostStorageAccount": "shardlihostabc123",
    "keyVaultName": "shardli-kv-abc123",
    "keyVaultUri": "https://shardli-kv-abc123.vault.azure.net/",
    "identityClientId": "99999999-8888-7777-6666-555555555555",
    "appInsightsName": "shardline-dev-insights-abc123",
}
PROVIDERS: Final = (
    *("Authorization", "CognitiveServices", "Compute", "DocumentDB", "Insights", "KeyVault", "ManagedIdentity", "Network"),
    *("OperationalInsights", "ServiceBus", "Storage", "Web"),
)


class Failed(Exception):
    """Azure says no. The text is what it says."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def said(words: Sequence[str], script: "Script", ledger: Sequence[Sequence[str]]) -> Any:
    """The answer to these words: a document, a text, or nothing.

    Raises:
        Failed: Azure would refuse.
    """
    asked = _Asked(words, script, ledger)
    if not script.is_signed_in and asked.begins("account show"):
        raise Failed("Please run 'az login' to setup account.")
    for command, answer in _ANSWERS.items():
        if asked.begins(command):
            return answer(asked)
    return None


class _Asked:
    """One call, and what was before it."""

    def __init__(self, words: Sequence[str], script: "Script", ledger: Sequence[Sequence[str]]) -> None:
        self.words, self.script, self.ledger = list(words), script, ledger

    def begins(self, command: str) -> bool:
        return self.words[: len(command.split())] == command.split()

    def option(self, *names: str) -> str:
        return _option(self.words, *names)

    def was(self, command: str, value: str, *names: str) -> bool:
        """Whether a command was called before with this value of an option."""
        length = len(command.split())
        return any(before[:length] == command.split() and _option(before, *names) == value for before in self.ledger)

    @property
    def group(self) -> str:
        return self.option("--resource-group", "-g", "--name", "-n")

    def location_of(self, group: str) -> str | None:
        """Where a group is; None: there is none."""
        found = self.script.groups.get(group)
        for before in self.ledger:
            if before[:2] == ["group", "create"] and _option(before, "--name", "-n") == group:
                found = _option(before, "--location", "-l")
            if before[:2] == ["group", "delete"] and _option(before, "--name", "-n") == group:
                found = None
        return found

    def check_group(self) -> None:
        if self.location_of(self.group) is None:
            raise Failed(f"(ResourceGroupNotFound) Resource group '{self.group}' could not be found.", MISSING)


def _option(words: Sequence[str], *names: str) -> str:
    return next((words[index + 1] for index, word in enumerate(words[:-1]) if word in names), "")


def _account(asked: _Asked) -> Any:
    if query := asked.option("--query"):
        return {"id": SUBSCRIPTION, "tenantId": TENANT}.get(query, "")
    is_person = asked.script.is_person
    user = {"name": "olga@example.com" if is_person else PERSON, "type": "user" if is_person else "servicePrincipal"}
    return {
        "environmentName": "AzureCloud",
        "id": SUBSCRIPTION,
        "name": "Shardline trial",
        "tenantId": TENANT,
        "state": "Enabled",
        "user": user,
    }


def _token(asked: _Asked) -> Any:
    """A token for what is asked for, in the form of a signed one, and signed by nobody."""
    resource = asked.option("--resource") or asked.option("--scope").removesuffix("/.default")
    audience = RESOURCE_MANAGER if resource.rstrip("/") == asked.script.arm_url.rstrip("/") else resource
    parts = [{"alg": "HS256", "typ": "JWT"}, {"aud": audience, "oid": PERSON, "tid": TENANT, "exp": _EXPIRES}]
    token = ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts), "bm9ib2R5"])
    expires_on = "2099-01-01 00:00:00.000000"
    return {"accessToken": token, "expiresOn": expires_on, "expires_on": _EXPIRES, "tenant": TENANT, "tokenType": "Bearer"}


def _providers(asked: _Asked) -> Any:
    on = {*asked.script.registered, *(_option(before, "--namespace") for before in asked.ledger if before[:2] == ["provider", "register"])}
    names = [f"Microsoft.{name}" for name in PROVIDERS]
    return [{"namespace": name, "registrationState": "Registered" if name in on else "NotRegistered"} for name in names]


def _group(asked: _Asked) -> Any:
    asked.check_group()
    location = asked.location_of(asked.group)
    made = any(before[:2] == ["group", "create"] and "application=shardline" in before for before in asked.ledger)
    tags = {"application": "shardline"} if made else None
    return {"id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{asked.group}", "location": location, "name": asked.group, "tags": tags}


def _create_group(asked: _Asked) -> Any:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{asked.group}",
        "location": asked.option("--location"),
        "name": asked.group,
    }


def _permissions(asked: _Asked) -> Any:
    no = [] if asked.script.may_assign_roles else ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]
    return {"value": [{"actions": ["*"], "notActions": no, "dataActions": [], "notDataActions": []}]}


def _what_if(asked: _Asked) -> Any:
    asked.check_group()
    types = ("Microsoft.Web/sites", "Microsoft.ServiceBus/namespaces", "Microsoft.DocumentDB/databaseAccounts")
    scope = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{asked.group}/providers"
    return {"changes": [{"changeType": "Create", "resourceId": f"{scope}/{kind}/shardline"} for kind in types], "status": "Succeeded"}


def _deployment(asked: _Asked) -> Any:
    asked.check_group()
    if asked.begins("deployment group show") and not asked.was("deployment group create", asked.group, "--resource-group"):
        raise Failed("(DeploymentNotFound) Deployment 'shardline' could not be found.", MISSING)
    outputs = {name: {"type": "String", "value": value} for name, value in {**OUTPUTS, **asked.script.outputs}.items()}
    if query := asked.option("--query"):
        return outputs[query.removeprefix("properties.outputs.").removesuffix(".value")]["value"]
    parameters = {name: {"value": value} for name, value in _parameters(asked).items()}
    return {"name": "shardline", "properties": {"outputs": outputs, "parameters": parameters, "provisioningState": "Succeeded"}}


def _parameters(asked: _Asked) -> dict[str, str]:
    """What the last deployment to this group was told, beside what our two files say."""
    made = [words for words in [*asked.ledger, asked.words] if words[:3] == ["deployment", "group", "create"]]
    words = next((words for words in reversed(made) if _option(words, "--resource-group") == asked.group), [])
    given = dict(word.split("=", 1) for word in words if "=" in word)
    return {"environment": Path(_option(words, "--parameters")).stem, "namePrefix": "shardline", **given}


def _settings(asked: _Asked) -> Any:
    outputs = {**OUTPUTS, **asked.script.outputs}
    values = {
        "SERVICE_BUS__fullyQualifiedNamespace": f"{outputs['serviceBusNamespace']}.servicebus.windows.net",
        "SERVICE_BUS__credential": "managedidentity",
        "SERVICE_BUS__clientId": outputs["identityClientId"],
        "COSMOS__accountEndpoint": f"https://{outputs['cosmosAccount']}.documents.azure.com:443/",
        "COSMOS_DATABASE": outputs["cosmosDatabase"],
        "BLOB__blobServiceUri": f"https://{outputs['storageAccount']}.blob.core.windows.net/",
        "KEY_VAULT__vaultUri": outputs["keyVaultUri"],
        "AZURE_CLIENT_ID": outputs["identityClientId"],
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
        "EMBEDDING_AZURE_OPENAI_ENDPOINT": "https://shardline-dev-openai-abc123.openai.azure.com/",
        "EMBEDDING_MODEL": "text-embedding-3-small",
        "EMBEDDING_DIMENSIONS": "1536",
        "AUTH_ISSUER": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "AUTH_AUDIENCE": "api://shardline-dev",
        "AUTH_JWKS_URL": f"https://login.microsoftonline.com/{TENANT}/discovery/v2.0/keys",
        "SLACK_SIGNING_SECRETS": "@Microsoft.KeyVault(SecretUri=https://shardli-kv-abc123.vault.azure.net/secrets/slack-signing-secrets)",
        "APPLICATIONINSIGHTS_CONNECTION_STRING": "InstrumentationKey=0f0f0f0f-1111-2222-3333-444444444444",
        "CONSUMER_TYPE": "light",
    }
    return [{"name": name, "slotSetting": False, "value": value} for name, value in {**values, **asked.script.settings}.items()]


def _resources(asked: _Asked) -> Any:
    asked.check_group()
    outputs = {**OUTPUTS, **asked.script.outputs}
    kinds = {
        "Microsoft.Web/sites": outputs["lightAppName"],
        "Microsoft.KeyVault/vaults": outputs["keyVaultName"],
        "Microsoft.CognitiveServices/accounts": OPENAI,
        "Microsoft.ManagedIdentity/userAssignedIdentities": "shardline-dev-apps-abc123",
    }
    scope, location = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{asked.group}", asked.location_of(asked.group)
    ours = {"location": location, "tags": {"application": "shardline"}}
    found = [{"id": f"{scope}/providers/{kind}/{name}", "name": name, "type": kind, **ours} for kind, name in kinds.items()]
    others = [{"id": f"{scope}/providers/{one}", "name": one.split("/")[-1], "type": one.rpartition("/")[0]} for one in asked.script.others]
    return [*(found if asked.script.is_ours else []), *others]


def _assignments(asked: _Asked) -> Any:
    own = [f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/x" for group in asked.script.groups]
    scopes = [*own, *asked.script.foreign_assignments]
    return [{"id": f"{scope}/assignment", "roleDefinitionName": "Reader", "scope": scope} for scope in scopes]


def _deleted(asked: _Asked) -> Any:
    """What is soft-deleted: what was in a group that is gone, until it is purged, and a vault or an account of somebody else."""
    is_vault = asked.begins("keyvault")
    name, purge = (OUTPUTS["keyVaultName"], "keyvault purge") if is_vault else (OPENAI, "cognitiveservices account purge")
    gone = [_option(before, "--name", "-n") for before in asked.ledger if before[:2] == ["group", "delete"]] or [asked.script.gone]
    groups = {"of-somebody-else": "other"} | ({name: gone[-1]} if gone[-1] and not asked.was(purge, name, "--name", "-n") else {})
    place = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.CognitiveServices/locations/westeurope/resourceGroups"
    protected = True if asked.script.is_vault_protected and is_vault else None
    properties = {"location": "westeurope", "purgeProtectionEnabled": protected, "scheduledPurgeDate": "2027-02-20T20:00:00+00:00"}
    found = []
    for one, group in groups.items():
        was = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.KeyVault/vaults/{one}"
        account = {"id": f"{place}/{group}/deletedAccounts/{one}", "name": one, "location": "westeurope", "properties": {}}
        found.append({"id": one, "name": one, "properties": {**properties, "vaultId": was}} if is_vault else account)
    return found


_ANSWERS: Final[dict[str, Callable[[_Asked], Any]]] = {
    "version": lambda _asked: {"azure-cli": "2.91.0", "azure-cli-core": "2.91.0", "extensions": {}},
    "account get-access-token": _token,
    "account show": _account,
    "cloud show": lambda asked: {"endpoints": {"resourceManager": asked.script.arm_url}, "name": "AzureCloud"},
    "bicep version": lambda _asked: "Bicep CLI version 0.46.1 (0000000000)",
    "provider list": _providers,
    "functionapp list-flexconsumption-locations": lambda asked: [{"name": name} for name in asked.script.locations],
    "functionapp list-flexconsumption-runtimes": lambda asked: [{"name": "python", "version": version} for version in asked.script.pythons],
    "functionapp deployment source config-zip": lambda _asked: "Deployment was successful.",
    "functionapp config appsettings list": _settings,
    "group exists": lambda asked: asked.location_of(asked.group) is not None,
    "group show": _group,
    "group create": _create_group,
    "rest": _permissions,
    "deployment group what-if": _what_if,
    "deployment group create": _deployment,
    "deployment group show": _deployment,
    "resource list": _resources,
    "identity list": lambda _asked: [{"name": "shardline-dev-apps-abc123", "principalId": PRINCIPAL}],
    "role assignment list": _assignments,
    "keyvault list-deleted": _deleted,
    "cognitiveservices account list-deleted": _deleted,
    "ad app create": lambda asked: "77777777-6666-5555-4444-333333333333" if asked.option("--query") else {"appId": PERSON},
}
