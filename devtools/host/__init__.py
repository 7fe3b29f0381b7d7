"""A small function host: runs ``function_app.py`` as Azure's Python worker and its host would, on loopback.

``python -m devtools.host --app DIR`` indexes the app, **refuses what the real worker refuses**, serves the HTTP functions, pumps the
Service Bus queues through the real ``azure-servicebus`` SDK, and runs timers by hand. Tests start it with ``process.running_host``,
because one process can hold only one app.

What it lacks, so that nobody trusts it further than it goes:

* triggers other than HTTP, Service Bus queue and timer; output bindings; input bindings (refused, or the function is put in error);
* Service Bus topics, sessions and batches (``cardinality=MANY``), and triggers without ``data_type=BINARY``: refused as our policy;
* a clock: timers are validated and run only through ``POST /admin/functions/<name>``; no singleton lease, no ``run_on_startup``;
* keys: authorization levels are ignored, as Core Tools does locally; CORS, EasyAuth, proxies, Durable Functions, worker extensions;
* ``functionTimeout``, dynamic concurrency, retry policies, several worker processes, scale-out, specialisation;
* identity-based connections: ``X__fullyQualifiedNamespace`` needs Azure and puts the function in error;
* lock renewal shares the app's event loop (in Azure the host renews from another process), so a function that blocks the loop also
  blocks renewal;
* restarts: the real host restarts a worker that exits or hangs, this one only says that it would.
"""
