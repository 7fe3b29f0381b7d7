"""Azure's own tests of its Service Bus client, run against the local Service Bus.

The tests are the client's live tests, unmodified, from its source distribution; they were written for Azure, so what they assert is true of
Azure. The plug-in that gives each of them a queue of its own stands beside the project (``selection.PLUGIN``). Neither is part of it.
"""
