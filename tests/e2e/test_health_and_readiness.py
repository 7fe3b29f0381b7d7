"""Whether the app is alive and can do its work, as a deployment asks: not ready while Cosmos DB is away, and ready again afterwards."""

from pathlib import Path
from typing import Any

import pytest

from shared.hosting.health import VERSION
from tests.e2e.asking import bearer
from tests.e2e.environment import Environment, running_environment, until

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def ask(environment: Environment, path: str, authorization: str | None = None) -> tuple[int, Any]:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with environment.http.get(f"{environment.run.host}/api/{path}", headers=headers) as response:
        return response.status, await response.json()


async def test_without_cosmos_it_is_alive_and_not_ready_and_ready_again_afterwards(artefact: Path, tmp_path: Path) -> None:
    async with running_environment(tmp_path, artefact) as environment:
        admin = f"Bearer {bearer(environment, 'acme', admin=True)}"

        async def is_ready() -> bool:
            return await ask(environment, "ready") == (200, {"status": "ready"})

        async def is_not() -> bool:
            return await ask(environment, "ready") == (503, {"status": "not ready"})

        await until(is_ready, 30)
        await environment.kill("cosmos")
        await until(is_not, 30)
        status, told = await ask(environment, "ready", admin)

        assert (status, [reason["check"] for reason in told["reasons"]]) == (503, ["cosmos"])
        assert await ask(environment, "health") == (200, {"status": "alive", "version": VERSION, "consumerType": "all"})
        assert (await ask(environment, "ready", "Bearer forged.token.here"))[0] == 401

        await environment.restart("cosmos")
        await until(is_ready, 30)
        assert await ask(environment, "ready", admin) == (200, {"status": "ready", "reasons": []})
