"""What all of this raises."""


class Refused(Exception):
    """Something in a template that is wrong, that the compiler would warn of, or that is not known here. Says where."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what
