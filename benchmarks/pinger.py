"""``python -m benchmarks.pinger URL…``: asks each address every 10 ms, until its standard input ends, and prints how long each answer took.

``--serve`` is the other end of the comparison: a process that does nothing but answer; it prints its port. Standard library only, a
process of its own, and a thread for each address: what is measured must not wait for whoever measures.

A ping is late from the moment it was due, not from when it could be sent: one long silence delays all the pings that fall into it, as it
would for as many people. Each line is a JSON list: the address's place, when it was due in monotonic seconds, and its milliseconds.
"""

import http.client
import json
import socket
import sys
import threading
import time
from typing import Final
from urllib.parse import urlsplit

EVERY_SECONDS: Final = 0.01
TIMEOUT_SECONDS: Final = 30.0
_ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def main(arguments: list[str]) -> int:
    """Serve, or ask."""
    if arguments == ["--serve"]:
        return _serve()
    over = threading.Event()
    threads = [threading.Thread(target=_ask, args=(place, url, over)) for place, url in enumerate(arguments)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    over.set()
    for thread in threads:
        thread.join()
    return 0


def _ask(place: int, url: str, over: threading.Event) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    lines = []
    due = time.monotonic()
    while not over.is_set():
        time.sleep(max(0.0, due - time.monotonic()))
        connection.request("GET", parts.path or "/")
        with connection.getresponse() as answer:
            answer.read()
        lines.append(json.dumps([place, round(due, 4), round(1000 * (time.monotonic() - due), 2)]))
        due += EVERY_SECONDS
    connection.close()
    print("\n".join(lines), flush=True)


def _serve() -> int:
    """Answer one connection after the other, whatever is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            caller, _ = listening.accept()
            with caller:
                while caller.recv(65536):
                    caller.sendall(_ANSWER)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
