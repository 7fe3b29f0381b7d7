"""The unmodified azure-servicebus client against the local Service Bus: which token opens which queue, and why the others do not."""

import base64
import hashlib
import hmac
import time
from urllib.parse import quote_plus

import pytest
from azure.core.credentials import AzureSasCredential
from azure.servicebus import ServiceBusMessage
from azure.servicebus.aio import ServiceBusClient
from azure.servicebus.exceptions import ServiceBusAuthenticationError

from devtools.emulators.servicebus.broker import Broker
from devtools.emulators.servicebus.performatives import BEGIN
from tests.integration.servicebus.links import bodies, send
from tests.integration.servicebus.raw_client import BEGUN, HELLO, OPENED, attach, raw_client

pytestmark = pytest.mark.integration

HOUR_SECONDS = 3_600


def token(audience: str, *, seconds: int = HOUR_SECONDS, key_name: str = "RootManageSharedAccessKey", key: str = "SAS_KEY_VALUE") -> str:
    """A shared access signature as its owner makes one."""
    until, resource = int(time.time()) + seconds, quote_plus(audience)
    signature = base64.b64encode(hmac.digest(key.encode(), f"{resource}\n{until}".encode(), hashlib.sha256))
    return f"SharedAccessSignature sr={resource}&sig={quote_plus(signature)}&se={until}&skn={key_name}"


def showing(broker: Broker, shown: str) -> ServiceBusClient:
    """A client that has nothing but this token."""
    host = f"127.0.0.1:{broker.port}"
    return ServiceBusClient(host, AzureSasCredential(shown), retry_total=0, use_tls=False)


@pytest.mark.parametrize("audience", ["sb://127.0.0.1/orders", "sb://127.0.0.1/ORDERS/", "sb://127.0.0.1/", "http://127.0.0.1/orders"])
async def test_a_token_for_the_queue_or_for_all_of_them_opens_it(audience: str, broker: Broker) -> None:
    async with showing(broker, token(audience)) as client:
        await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(broker, "orders") == ["x"]


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        pytest.param(token("sb://127.0.0.1/orders", key="another"), "signature is wrong", id="a wrong key"),
        pytest.param(token("sb://127.0.0.1/orders", key_name="other"), "no key named 'other'", id="a key nobody has"),
        pytest.param(token("sb://127.0.0.1/orders", seconds=-1), "has expired", id="expired"),
        pytest.param(token("sb://127.0.0.1/once"), "is for 'sb://127.0.0.1/once', not for 'orders'", id="for another queue"),
        pytest.param(token("sb://127.0.0.1/order"), "not for 'orders'", id="for a queue whose name begins the same"),
        pytest.param(token("sb://127.0.0.1/orders").partition("&skn")[0], "lacks skn", id="incomplete"),
    ],
)
async def test_any_other_token_is_refused_with_a_reason(shown: str, reason: str, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    async with showing(broker, shown) as client:
        with pytest.raises(ServiceBusAuthenticationError):
            await send(client, "orders", ServiceBusMessage("x"))

    assert bodies(broker, "orders") == []
    [refused] = [record for record in caplog.records if record.getMessage() == "claim refused"]
    assert reason in vars(refused)["reason"]
    assert vars(refused)["address"] == "orders"


@pytest.mark.parametrize("address", ["orders", "orders/$DeadLetterQueue", "orders/$management"])
async def test_without_a_token_no_link_opens(address: str, broker: Broker) -> None:
    async with raw_client(broker.port, HELLO, OPENED, BEGUN) as client:
        await client.until(BEGIN)
        client.write(attach(0, address, receives=True))

        assert await client.refusal() == ("amqp:unauthorized-access", f"No token was shown for '{address.lower()}' on this connection.")
