"""Shared access signatures: only the emulator's key opens, and only for a while."""

import pytest

from devtools.emulators.servicebus.refusals import RefusedError
from devtools.emulators.servicebus.shared_access import check_token

# Made with OpenSSL from the key SAS_KEY_VALUE for sb://localhost/orders and the year 2100.
SIGNED = "SharedAccessSignature sr=sb%3A%2F%2Flocalhost%2Forders&sig={sig}&se=4102444800&skn=RootManageSharedAccessKey"
SIGNATURE = "qVb40dsnynsoeAerZHZ99BgtTTOD3XVxSVay1vxPkeI%3D"
TOKEN = SIGNED.format(sig=SIGNATURE)
NOW_MS = 1_700_000_000_000


def test_a_token_signed_with_the_key_is_accepted() -> None:
    check_token(TOKEN, now_ms=NOW_MS)


@pytest.mark.parametrize(
    ("token", "now_ms", "says"),
    [
        pytest.param(TOKEN, 4_102_444_800_000, "has expired", id="over"),
        pytest.param(TOKEN.replace("orders", "others"), NOW_MS, "signature is wrong", id="for another entity"),
        pytest.param(TOKEN.replace("se=41", "se=51"), NOW_MS, "signature is wrong", id="prolonged"),
        pytest.param(SIGNED.format(sig="AAAA"), NOW_MS, "signature is wrong", id="forged"),
        pytest.param(TOKEN.replace("RootManage", "Other"), NOW_MS, "no key named", id="unknown key"),
        pytest.param(TOKEN.partition("&skn")[0], NOW_MS, "lacks skn", id="incomplete"),
        pytest.param("eyJhbGciOi", NOW_MS, "Only shared access signatures", id="another kind of token"),
    ],
)
def test_any_other_token_is_refused(token: str, now_ms: int, says: str) -> None:
    with pytest.raises(RefusedError, match=says) as refused:
        check_token(token, now_ms=now_ms)

    assert refused.value.status == 401
