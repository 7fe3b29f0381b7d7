"""Why a command is not carried out, in words for whoever typed it."""


class Refused(Exception):
    """It would be wrong, or there is nothing to do it to. Exit code 1."""


class Misused(Exception):
    """The command line says too little, or what cannot be. Exit code 2."""
