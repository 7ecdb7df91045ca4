"""The client: `python -m bench.load PORT BODY-FILE CALLS CONNECTIONS` sends calls over keep-alive connections."""

import sys
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread

ROUTE = "/cds-services/medication-order-sign"


def send(port: int, body: bytes, calls: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    for _ in range(calls):
        connection.request("POST", ROUTE, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            raise SystemExit(f"{response.status}: {content[:300]!r}")
    connection.close()


def main(port: int, file: str, calls: int, connections: int) -> None:
    body = Path(file).read_bytes()
    threads = [Thread(target=send, args=(port, body, calls // connections)) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
