"""Finds the functions of an app directory, or refuses all of them.

The worker imports ``function_app.py`` on the main thread inside its running loop, takes the single ``FunctionRegister`` among the
module's names and calls ``get_functions()`` once: a second call fails on the first duplicate name, so an app needs a fresh process.
"""

import importlib
import inspect
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import azure.functions as func

from devtools.host.function import HostedFunction
from devtools.host.isolation import PACKAGES, brings_packages
from devtools.host.refusal import AppRefused
from devtools.host.retries import RetryPolicy, read_policy
from devtools.host.signatures import read_signature
from devtools.host.triggers import trigger_of

MODULE = "function_app"
_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
_BINDING_NAME = re.compile(r"(?!.*__)[a-zA-Z_][a-zA-Z0-9_]{0,127}")  # azure-functions-host 4.1038 and newer; older ones refuse underscores


def put_first_on_path(app_dir: Path, project_root: Path) -> None:
    """Make the app import its own packages, and only those.

    The directory this project is run from leaves ``sys.path``: a file that is missing from the app (an incomplete artefact) must be
    missed, not found next door. ``devtools`` stays importable, it is loaded already. Packages that the app brings come before all.
    """
    packages = [str(app_dir / PACKAGES)] if brings_packages(app_dir) else []
    elsewhere = {"", str(project_root), str(Path.cwd()), str(app_dir), *packages}
    sys.path[:] = [*packages, str(app_dir), *(entry for entry in sys.path if entry not in elsewhere)]


async def load_app(app_dir: Path) -> list[HostedFunction]:
    """Import and check the app. A coroutine, because module-level clients must find the loop that the handlers will use.

    Raises:
        AppRefused: there are zero functions.
    """
    if not (app_dir / f"{MODULE}.py").is_file():
        raise AppRefused("worker", f"there is no {MODULE}.py in {app_dir}")
    functions = _indexed()
    hosted = [_host_function(function) for function in functions]
    _check_names(functions)
    return hosted


def _indexed() -> list[func.Function]:
    try:
        module = importlib.import_module(MODULE)
        return _single_app(module).get_functions()
    except AppRefused:
        raise
    except SystemExit as exit_:
        raise AppRefused("worker", f"importing it calls sys.exit({exit_.code!r}): the worker would exit") from exit_
    except Exception as error:  # whatever the app raises while it loads ends the worker's indexing
        traceback.print_exc()
        raise AppRefused("worker", f"loading it raises {type(error).__name__}: {error}") from error


def _single_app(module: Any) -> func.FunctionRegister:
    names = [name for name in dir(module) if isinstance(getattr(module, name, None), func.FunctionRegister)]
    if not names:
        raise AppRefused("worker", f"{MODULE}.py has no FunctionApp at top level")
    if len(names) > 1:
        raise AppRefused("worker", f"{MODULE}.py has more than one FunctionApp, or one under several names: {', '.join(names)}")
    app: func.FunctionRegister = getattr(module, names[0])
    return app


def _host_function(function: func.Function) -> HostedFunction:
    name = str(function.get_function_name())
    trigger = function.get_trigger()
    if trigger is None:  # get_functions has refused it already
        raise AppRefused("worker", "it has no trigger", function=name)
    return HostedFunction(
        name=name,
        call=function.get_user_function(),
        is_async=inspect.iscoroutinefunction(function.get_user_function()),
        signature=read_signature(function),
        trigger_parameter=trigger.name,
        trigger=trigger_of(name, trigger.get_dict_repr()),
        retry=_retry_policy(name, function),
    )


def _retry_policy(name: str, function: func.Function) -> RetryPolicy | None:
    try:
        return read_policy(function.get_settings_dict("retry_policy"))
    except (KeyError, TypeError, ValueError) as error:
        raise AppRefused("worker", f"its retry policy cannot be read: {error}", function=name) from error


def _check_names(functions: list[func.Function]) -> None:
    """The host's rules for names, which the worker does not know."""
    seen: dict[str, str] = {}
    for function in functions:
        name = str(function.get_function_name())
        if not _FUNCTION_NAME.fullmatch(name) or name.lower() == "host":
            raise AppRefused("host", "its name must be letters, digits, '-' or '_', begin with a letter, and not be 'host'", function=name)
        if other := seen.get(name.lower()):
            raise AppRefused("host", f"its name differs from {other!r} only in case", function=name)
        seen[name.lower()] = name
        for binding in function.get_bindings():
            if binding.name != "$return" and not _BINDING_NAME.fullmatch(binding.name):
                raise AppRefused("host", f"the binding name {binding.name!r} must be letters, digits and single underscores", function=name)
