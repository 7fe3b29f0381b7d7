"""A pretend Azure Resource Manager: queues of Service Bus, databases and containers of Cosmos DB, containers of Blob Storage.

``GET``, ``PUT`` and lists in pages; operations of Cosmos DB that take a while, with ``Azure-AsyncOperation`` and ``Location``; throttling;
what cannot be changed any more; a token's audience. It holds what it is told in memory, and makes nothing in any other stand-in.

It lacks: everything else of Azure. Namespaces, accounts, the subscription and the resource group are there from the beginning, and others
cannot be made. A token's signature is not looked at, nor who has it: ``forbidden`` names the providers that refuse everybody. Names are
told apart by their case. ``PATCH`` is there for blob containers alone, ``DELETE`` for nothing. Of a request's values only those are checked
that the tests of ``ops provision`` need: times of a queue, keys and policies of a container. The words of errors are near to Azure's, and
not Azure's. No throughput, no capabilities (every account has vector search), no regions, no locks, no policies, no deployments.
"""
