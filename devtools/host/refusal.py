"""Why an app is not run at all: one bad function means zero functions, as in Azure."""

from typing import Literal

Rule = Literal["worker", "host", "policy"]

_WHO: dict[Rule, str] = {
    "worker": "the Python worker refuses",
    "host": "the Functions host refuses",
    "policy": "policy of this host refuses",
}


class AppRefused(Exception):
    """The app has zero functions.

    Attributes:
        rule: whose rule it is: the real ``worker``'s, the real ``host``'s, or only the ``policy`` of this stand-in.
        function: the function's name, or empty when the fault is the app's.
        reason: what is wrong, in one line.
    """

    def __init__(self, rule: Rule, reason: str, *, function: str = "") -> None:
        self.rule = rule
        self.function = function
        self.reason = reason
        super().__init__(f"{_WHO[rule]} {f'function {function!r}' if function else 'the app'}: {reason}")
