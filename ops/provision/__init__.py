"""``provision``: the queues, containers and blob containers of the topology, made or updated through Azure Resource Manager."""
