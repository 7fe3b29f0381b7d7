"""A small function host: runs ``function_app.py`` as Azure's Python worker and its host would, on loopback.

``python -m devtools.host --app DIR`` indexes the app, **refuses what the real worker refuses**, serves the HTTP functions, pumps the
Service Bus queues and Cosmos DB change feeds through the real SDKs, and runs timers by the clock. Tests start it with
``process.running_host``, because one process can hold only one app; several hosts beside each other share queues, leases and, with one
``--state`` folder, timers, as instances in Azure do. What it does wrong on command (``--faults``) is the table in ``mishaps``.

What it lacks, so that nobody trusts it further than it goes:

* triggers other than HTTP, Service Bus queue, timer and change feed; output bindings; input bindings (refused, or the function is put in
  error);
* Service Bus topics, sessions and batches (``cardinality=MANY``), and triggers without ``data_type=BINARY``: refused as our policy;
* change feeds of all versions and deletes, ``preferred_locations``, throughput of lease containers it makes, and the names of
  ``cosmos_db_trigger_v3`` (refused); leases have the form of .NET's processor, but a processor of its own could not read them;
* time zones: timers are in UTC, whatever ``WEBSITE_TIME_ZONE`` says. Timers remember in files, where Azure has blobs and a lease, and
  without ``--state`` not at all;
* random spread of exponential retries; host.json's own retry policy (withdrawn in Azure);
* keys: authorization levels are ignored, as Core Tools does locally; CORS, EasyAuth, proxies, Durable Functions, worker extensions;
* dynamic concurrency, several worker processes, scale-out by itself, specialisation, drain mode;
* identity-based connections of other kinds than a managed identity, or what ``DefaultAzureCredential`` finds;
* a process apart from the worker: a function that blocks the event loop also blocks renewal of locks and leases, timers and
  ``functionTimeout``. When the worker has to go (``functionTimeout``, ``sys.exit``) the whole host replaces itself; a function that lets
  ``CancelledError`` out fails at once, saying that Azure would have waited for ``functionTimeout``.
"""
