"""Where secrets are kept. A document names one, and never holds it."""

from typing import Protocol

from pydantic import SecretStr


class Secrets(Protocol):
    """Secrets by name."""

    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        """The secret as it is now, or was some minutes ago.

        ``anew``: whoever it is for has refused what was read, so it may have been replaced since: what is remembered is not enough. The
        bound is half a minute, all the same: somebody who is refused again and again must not keep asking whoever keeps the secrets.

        Raises:
            ConfigurationError: there is none of this name, or it may not be read.
            TransientError: whoever keeps it does not answer now.
        """
