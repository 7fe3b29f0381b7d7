"""``scripts/deploy`` and ``scripts/teardown``: from an empty subscription to a running Shardline with the Azure CLI, and back.

It is part of ``ops`` because an operator types it, and no command of ``python -m ops``: those need a deployment's settings, and this makes
the deployment. ``commands`` holds every command line of the Azure CLI, and nothing else runs one.
"""
