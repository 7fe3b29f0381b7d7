"""The rows of the documentation's tables, taken from the code that is the authority on each."""

import functools
import inspect
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from devtools.generate.infra import iso8601
from ingestion.sources.slack.events import TABLE
from shared import errors as error_tree
from shared.settings import EITHER, VARIABLES, Settings
from shared.telemetry.names import Metric, Span
from shared.topology import TOPOLOGY

ROOT = Path(__file__).parents[2]

Row = tuple[str, ...]


def settings() -> list[Row]:
    return [
        (f"`{variable}`", _default(variable), "yes" if "SecretStr" in str(_field(path).annotation) else "")
        for variable, path in VARIABLES.items()
    ]


def _field(path: tuple[str, ...]) -> FieldInfo:
    model: type[BaseModel] = Settings
    for name in path[:-1]:
        annotation = model.model_fields[name].annotation
        if not (inspect.isclass(annotation) and issubclass(annotation, BaseModel)):
            raise TypeError(f"settings: {name} is not a group")
        model = annotation
    return model.model_fields[path[-1]]


def _default(variable: str) -> str:
    for pair in EITHER:
        if variable in pair:
            [other] = {*pair} - {variable}
            return f"none: set it or `{other}`"
    default = _field(VARIABLES[variable]).default
    if default is PydanticUndefined:
        return "none: set it"
    return "none" if default in (None, {}) else f"`{default}`"


def metrics() -> list[Row]:
    return [(f"`{metric.value}`", metric.instrument.value, metric.unit, metric.meaning) for metric in Metric]


def slack_events() -> list[Row]:
    return [row.written() for row in TABLE]


def spans() -> list[Row]:
    return [(f"`{span.value}`",) for span in Span]


def queues() -> list[Row]:
    return [
        (
            f"`{queue.name}`",
            queue.says,
            *map(_duration, (queue.lock, queue.time_to_live, queue.duplicate_window)),
            str(queue.max_delivery_count),
        )
        for queue in TOPOLOGY.queues
    ]


def _duration(value: timedelta) -> str:
    return f"`{iso8601(value)}`"


def containers() -> list[Row]:
    expiry = {None: "off", -1: "per item"}
    return [
        (
            f"`{container.name}`",
            container.holds,
            " + ".join(f"`{path}`" for path in container.partition_key),
            expiry.get(container.default_ttl_seconds, f"{container.default_ttl_seconds} s"),
        )
        for container in TOPOLOGY.containers
    ]


def blob_containers() -> list[Row]:
    return [(f"`{name}`",) for name in TOPOLOGY.blob_containers]


def errors() -> list[Row]:
    classes = [value for value in vars(error_tree).values() if inspect.isclass(value) and value.__module__ == error_tree.__name__]
    return [(f"`{error.__name__}`", f"`{error.__bases__[0].__name__}`", _docstring(error)) for error in classes]


def _docstring(documented: type) -> str:
    return re.sub(r"\s+", " ", inspect.getdoc(documented) or "").replace("``", "`")


_LIST_FUNCTIONS = """
import json, function_app
triggers = [[f.get_function_name(), f.get_trigger().get_dict_repr()] for f in function_app.app.get_functions()]
print(json.dumps(triggers, default=lambda member: member.value))
"""


def functions() -> list[Row]:
    """Each function with the deployments that run it. Asked of the app itself, in a process of its own, once per class."""
    by_class = {consumer: _functions_of(consumer) for consumer in ("light", "heavy")}
    triggers = {**by_class["light"], **by_class["heavy"]}
    return [
        (f"`{name}`", *_trigger(trigger), ", ".join(consumer for consumer, names in by_class.items() if name in names))
        for name, trigger in triggers.items()
    ]


@functools.cache
def _functions_of(consumer_type: str) -> dict[str, dict[str, Any]]:
    environ = {**os.environ, "CONSUMER_TYPE": consumer_type}
    listed = subprocess.run(
        [sys.executable, "-c", _LIST_FUNCTIONS], cwd=ROOT, env=environ, check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(listed))


def _trigger(trigger: dict[str, Any]) -> tuple[str, str]:
    match trigger:
        case {"type": "httpTrigger", "route": route}:
            methods = " ".join(sorted(str(method) for method in trigger.get("methods", ())))
            return f"HTTP {methods}".strip(), f"`/api/{route}`"
        case {"type": "serviceBusTrigger", "queueName": queue}:
            return "Service Bus", f"`{queue}`"
        case {"type": "timerTrigger", "schedule": schedule}:
            return "timer", f"`{schedule}`"
        case {"type": kind}:
            return str(kind), ""
        case _:
            raise ValueError("a trigger without a type")
