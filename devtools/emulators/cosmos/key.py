"""The keys of local accounts, for everyone to know: they guard nothing, they find wrong settings."""

from typing import Final

KEY: Final = "e9U3KEARa4pcMJYhZjQDLfqn2qfNRx++APwinHaV7ex8Ys2DDMgfrAtmUg+znVYe2GljizCwdM+GZQc9RynFcQ=="
"""Of every stand-in."""
EMULATORS_KEY: Final = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=="
"""Of every emulator of Microsoft's (Azure documentation, "Use the Azure Cosmos DB emulator")."""
