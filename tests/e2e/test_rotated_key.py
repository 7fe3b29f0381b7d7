"""The webhook's key is replaced by an operator while an organization goes on sending: each message is acknowledged, and becomes a shard."""

import asyncio
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shared.connections.connection import connection_id
from shared.settings import VARIABLES
from tests.e2e.environment import Environment
from tests.e2e.tenants import Tenant

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]

ROOT = Path(__file__).parents[2]


async def rotates(environment: Environment, tenant: Tenant, folder: Path, *words: str) -> str:
    """Type the command; what it printed."""
    settings = folder / "settings.json"
    settings.write_text(json.dumps(environment.run.settings), encoding="utf-8")
    rotated = connection_id("salesforce", tenant.org.organization_id)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ops", "connections", "rotate", rotated, *words, "--settings", str(settings)),
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in VARIABLES},
        stdout=-1,
        stderr=-1,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def test_no_message_is_refused_while_the_key_is_replaced(environment: Environment, tenant: Tenant, tmp_path: Path) -> None:
    sent = 0

    async def sends(of: Tenant) -> bool:
        nonlocal sent
        sent += 1
        record = of.org.create("Account", Name=f"Account {sent}")
        return (await environment.post(of.url, of.message(of.action("Account"), record))).is_acknowledged

    before = await sends(tenant)
    printed = await rotates(environment, tenant, tmp_path, "--webhook-key", "generate", "--app-url", environment.run.host)
    [url] = re.findall(r"(http://\S+/api/webhooks/salesforce/\S+)", printed)
    renewed = replace(tenant, url=url, key=url.rpartition("/")[2])
    during = [await sends(one) for one in (tenant, renewed, tenant, renewed)]
    shown = await rotates(environment, tenant, tmp_path, "--finish", "--yes")  # for the old one was used just now
    after = [await sends(renewed) for _ in range(2)]
    await environment.drained()

    assert (before, during, after) == (True, [True] * 4, [True] * 2)
    assert "taken away: key " in shown
    assert len(await environment.shards(tenant)) == sent
