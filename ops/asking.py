"""A question to whoever is at the terminal."""

import signal

from ops.refusals import Misused


def asked(question: str) -> str:
    """What was typed, without blanks around it.

    Ctrl-C ends it at once: asyncio's own way is to cancel what runs, which is seen only after a line was typed, and an empty line says yes.

    Raises:
        Misused: there was no answer.
        KeyboardInterrupt: Ctrl-C.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return input(f"{question}: ").strip()
    except EOFError:
        raise Misused("there was no answer") from None
    finally:
        signal.signal(signal.SIGINT, before)
