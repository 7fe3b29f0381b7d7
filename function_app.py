"""The function app: which bindings this deployment runs. ``light`` and ``heavy`` are two deployments of one package."""

import azure.functions as func

import ingestion.functions
import processors.functions
from shared.hosting.services import consumer_type

app = func.FunctionApp()

if consumer_type() in {"light", "all"}:
    app.register_functions(ingestion.functions.light)
    app.register_functions(processors.functions.light)
if consumer_type() in {"heavy", "all"}:
    app.register_functions(processors.functions.heavy)
app.register_functions(processors.functions.every)
