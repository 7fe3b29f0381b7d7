"""Tokens of ``provision``: asked for once in two minutes, since the Azure CLI starts a program for each."""

from ops.provision.ports import TOKEN_SECONDS, remembered


async def test_a_token_is_asked_for_once_for_each_scope_and_again_before_it_can_end() -> None:
    asked: list[str] = []
    now = 1_000.0

    async def ask(scope: str) -> str:
        asked.append(scope)
        return f"token {len(asked)}"

    token = remembered(ask, lambda: now)

    assert [await token("arm"), await token("arm"), await token("cosmos")] == ["token 1", "token 1", "token 2"]
    now += TOKEN_SECONDS + 1
    assert (await token("arm"), asked) == ("token 3", ["arm", "cosmos", "arm"])
