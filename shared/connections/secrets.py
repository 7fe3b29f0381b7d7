"""Where secrets are kept. A document names one, and never holds it."""

from typing import Protocol

from pydantic import SecretStr


class Secrets(Protocol):
    """Secrets by name."""

    async def read(self, name: str) -> SecretStr:
        """The secret as it is now.

        Raises:
            ConfigurationError: there is none of this name, or it may not be read.
            TransientError: whoever keeps it does not answer now.
        """
