"""Whether npm's lock says what exactly is installed: a hash for each package, and no address of one's own."""

import json
from collections.abc import Iterator


def faults(text: str) -> Iterator[str]:
    """What could be replaced without anybody noticing; one sentence each."""
    for path, package in json.loads(text)["packages"].items():
        if not path or package.get("link"):
            continue
        if not str(package.get("integrity", "")).startswith("sha512-"):
            yield f"package-lock.json: {path} has no SHA-512"
        if "resolved" in package:
            yield f"package-lock.json: {path} names where it was taken from: .npmrc says to leave that out"
