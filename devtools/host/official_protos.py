"""The gRPC messages that ``azure-functions-runtime`` asks for while it indexes an app, as plain objects.

The runtime takes its message classes as an argument, so no protobuf is needed. Only indexing is covered, not invocation.
"""

from types import SimpleNamespace
from typing import Any


class _Message(SimpleNamespace):
    """Keeps whatever it is given."""


class BindingInfo(_Message):
    undefined = 0
    out = 1
    inout = 2


class StatusResult(_Message):
    Failure = 0
    Success = 1


class RpcException(_Message): ...


class RpcFunctionMetadata(_Message): ...


class RpcRetryOptions(_Message): ...


class WorkerMetadata(_Message): ...


class WorkerInitResponse(_Message): ...


class FunctionMetadataResponse(_Message): ...


def init_request(app_directory: str, protos: Any) -> Any:
    """What the proxy worker hands to the runtime when the host starts it with an app."""
    init = SimpleNamespace(capabilities={}, function_app_directory=app_directory)
    return SimpleNamespace(request=SimpleNamespace(worker_init_request=init), properties={"host": "127.0.0.1", "protos": protos})
