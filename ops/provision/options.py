"""The options of ``provision``."""

import argparse

from ops.provision.resource_manager import PUBLIC


def add(command: argparse.ArgumentParser) -> None:
    """All of them. Names are those of the settings' addresses unless they are given."""
    command.add_argument("--subscription", metavar="ID", required=True, help="the subscription's id")
    command.add_argument("--resource-group", metavar="NAME", required=True, help="the resource group")
    command.add_argument("--service-bus", metavar="NAME", help="the Service Bus namespace (default: that of the settings)")
    command.add_argument("--cosmos-account", metavar="NAME", help="the Cosmos DB account (default: that of the settings)")
    command.add_argument("--cosmos-database", metavar="NAME", help="the database in it (default: that of the settings)")
    command.add_argument("--storage-account", metavar="NAME", help="the storage account (default: that of the settings)")
    command.add_argument("--arm-url", metavar="URL", default=PUBLIC, help="Azure Resource Manager of another cloud (default: %(default)s)")
    command.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")
    command.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
