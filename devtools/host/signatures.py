"""The worker's rules for a function's parameters and annotations.

Every rule here was compared with Microsoft's ``azure-functions-runtime`` 1.3.0 by ``tests/contract/test_worker_refusals.py``. The
library's own converters decide which annotation fits which binding, so ``azure.functions.meta`` (internal; the same in 1.26 and 2.3)
is used on purpose. Surprising: ``list[...]`` is refused where ``typing.List[...]`` loads, because the worker knows only typing's
aliases; a parameter with a default is as unknown as one without; and ``context`` is the only name that needs no binding.

Left out: HTTP streaming and deferred (SDK-type) bindings, which this app does not use.
"""

import inspect
import typing
from collections.abc import Callable
from typing import Any

import azure.functions as func
from azure.functions._thirdparty import typing_inspect  # the alias test the worker itself uses

from devtools.host.function import Signature
from devtools.host.refusal import AppRefused

GENERIC = "generic"
_IN, _OUT, _INOUT = 0, 1, 2


class _Fault(Exception):
    """A rule is broken; becomes AppRefused with the function's name."""


def read_signature(function: func.Function) -> Signature:
    """Check one function as the worker would.

    Raises:
        AppRefused: with the rule that the worker would stop at.
    """
    try:
        return _read(function.get_user_function(), function.get_bindings())
    except _Fault as fault:
        raise AppRefused("worker", str(fault), function=str(function.get_function_name())) from None


def _read(call: Callable[..., Any], bindings: list[Any]) -> Signature:
    for binding in bindings:
        if binding.direction == _INOUT:
            raise _Fault(f"the binding {binding.name!r} is inout, which Python does not have")
        if binding.name == "$return" and binding.direction != _OUT:
            raise _Fault("$return must be an output binding")
    bound = {binding.name: binding for binding in bindings if binding.name != "$return"}
    parameters = list(inspect.signature(call).parameters)
    annotations = _annotations(call)

    needs_context = "context" in parameters and "context" not in bound
    if needs_context:
        parameters.remove("context")
        _check_context(annotations)
    if unknown := [name for name in parameters if name not in bound]:
        raise _Fault(f"the parameter {unknown[0]!r} is no binding, and only 'context' may be that (no defaults, no *args or **kwargs)")
    if missing := [name for name in bound if name not in parameters]:
        raise _Fault(f"the binding {missing[0]!r} has no parameter of that name")

    converters: dict[str, str] = {}
    outputs: list[str] = []
    for name in parameters:
        converter = _check_parameter(bound[name], annotations)
        if bound[name].direction == _OUT:
            outputs.append(name)
        else:
            converters[name] = converter
    return Signature(converters, tuple(outputs), _check_return(bindings, annotations), needs_context)


def _annotations(call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call)
    except Exception as error:  # evaluating text annotations runs whatever the app wrote
        raise _Fault(f"its annotations do not evaluate at run time: {type(error).__name__}: {error}") from error


def _check_context(annotations: dict[str, Any]) -> None:
    annotation = annotations.get("context", func.Context)
    if not isinstance(annotation, type) or annotation.__name__ != "Context":
        raise _Fault(f"'context' must be azure.functions.Context, not {annotation!r}")


def _check_parameter(binding: Any, annotations: dict[str, Any]) -> str:
    """The binding type whose converter serves the parameter."""
    if binding.name not in annotations:
        return str(binding.type)
    annotation = annotations[binding.name]
    is_out = _is_out(annotation)
    wanted = _inside_out(annotation) if is_out else annotation
    if not isinstance(wanted, type) and not typing_inspect.is_generic_type(wanted):
        raise _Fault(f"{binding.name!r} has an annotation that is no type for the worker: {annotation!r}{_hint(annotation)}")
    if binding.direction == _OUT and not is_out:
        raise _Fault(f"{binding.name!r} is an output, so its annotation must be azure.functions.Out[...]")
    if binding.direction != _OUT and is_out:
        raise _Fault(f"{binding.name!r} is an input, so its annotation cannot be azure.functions.Out[...]")

    converter = GENERIC if wanted in (str, bytes) and not _is_unknown_to_library(binding.type) else str(binding.type)
    if not _fits(converter, wanted, is_out=is_out):
        raise _Fault(f"{binding.name!r} is a {binding.type} binding, which does not fit the annotation {annotation!r}")
    return converter


def _is_out(annotation: Any) -> bool:
    origin = typing_inspect.get_origin(annotation) if typing_inspect.is_generic_type(annotation) else None
    subject = annotation if origin is None else origin
    return isinstance(subject, type) and subject.__name__ == "Out"


def _inside_out(annotation: Any) -> Any:
    inside = typing_inspect.get_args(annotation)
    if len(inside) != 1:
        raise _Fault(f"{annotation!r} must name what it holds, like azure.functions.Out[str]")
    return inside[0]


def _fits(binding_type: str, annotation: Any, *, is_out: bool) -> bool:
    converter = func.get_binding_registry().get(binding_type)
    try:
        if converter is None:
            return issubclass(annotation, (str, bytes, bytearray) if is_out else (str, bytes))
        if is_out:
            return bool(converter.check_output_type_annotation(annotation))
        return bool(converter.check_input_type_annotation(annotation))
    except (TypeError, AttributeError):  # issubclass of an alias, or an output used as input: the worker's load ends on these
        return False


def _is_unknown_to_library(binding_type: str) -> bool:
    """Such bindings are generic already, and may also return their value."""
    return func.get_binding_registry().get(binding_type) is None and binding_type != "durableClient"


def _check_return(bindings: list[Any], annotations: dict[str, Any]) -> str:
    """The binding type of the return value, or empty."""
    explicit = [binding.type for binding in bindings if binding.name == "$return"]
    if not explicit:
        return next((str(binding.type) for binding in bindings if _is_unknown_to_library(binding.type)), "")
    annotation = annotations.get("return", _ABSENT)
    if annotation is _ABSENT:
        return str(explicit[0])
    if not isinstance(annotation, type):
        raise _Fault(f"the return annotation {annotation!r} is no type for the worker")
    if not _fits(explicit[0], annotation, is_out=True):
        raise _Fault(f"the return annotation {annotation!r} does not fit the {explicit[0]} output")
    return str(explicit[0])


def _hint(annotation: Any) -> str:
    return " (write typing.List[...])" if annotation is list or typing.get_origin(annotation) is list else ""


_ABSENT = object()
