"""`python -m bench.latency`: how long clients wait at half the load that a worker can bear, durable records included.

One worker has a core of its own and the clients another. Calls arrive at random moments, as from many independent
wards, whether or not earlier ones were answered; each wait is counted from the moment the call was due.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from queue import SimpleQueue
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread

from rich.console import Console
from rich.table import Table

from bench.bodies import order_sign
from bench.load import ROUTE, send
from bench.servers import ECHO, SERVICE, Server, running

PATIENT = b"bench-1"
CONNECTIONS = 16
WARM_UP, SATURATING, CALLS = 200, 800, 2000
HALF = 0.5


@dataclass
class Arrivals:
    """Calls due at random moments, `per_second` on average, the same ones every time."""

    body: bytes
    per_second: float
    waited: list[float] = field(default_factory=list)
    due: SimpleQueue[tuple[float, bytes] | None] = field(default_factory=SimpleQueue)

    def run(self, port: int, calls: int) -> list[float]:
        """Make the calls; how many seconds each waited, shortest first."""
        senders = [Thread(target=self._send, args=(port,)) for _ in range(CONNECTIONS)]
        for sender in senders:
            sender.start()
        for moment, body in self._schedule(calls):
            time.sleep(max(0.0, moment - time.perf_counter()))
            self.due.put((moment, body))
        for _ in senders:
            self.due.put(None)
        for sender in senders:
            sender.join()
        return sorted(self.waited)

    def _schedule(self, calls: int) -> Iterator[tuple[float, bytes]]:
        chance = Random(5)
        moment = time.perf_counter()
        for number in range(calls):
            moment += chance.expovariate(self.per_second)
            yield moment, self.body.replace(PATIENT, b"ward-%d" % number)

    def _send(self, port: int) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        while (call := self.due.get()) is not None:
            moment, body = call
            connection.request("POST", ROUTE, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                raise SystemExit(f"{response.status} at {self.per_second:.0f} calls a second")
            self.waited.append(time.perf_counter() - moment)
        connection.close()


def measure(command: list[str], body: bytes, folder: Path) -> dict[str, float]:
    """What one server bears, and how long calls wait at half of that, in milliseconds."""
    cores = os.sched_getaffinity(0)
    try:
        with running(command, folder) as server:
            pin(server)
            send(server.port, body, WARM_UP)
            most = calls_a_second(server.port, body)
            waited = Arrivals(body, most * HALF).run(server.port, CALLS)
    finally:
        os.sched_setaffinity(0, cores)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    found = {name: round(waited[int(len(waited) * share)] * 1e3, 1) for name, share in shares.items()}
    return {"calls a second at most": round(most), **found, "longest": round(waited[-1] * 1e3, 1)}


def pin(server: Server) -> None:
    """Give the worker's threads the first core and this process the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("two cores are needed: one for the server, one for its clients")
    for thread in Path(f"/proc/{server.worker}/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores[:1])
    os.sched_setaffinity(0, cores[1:])


def calls_a_second(port: int, body: bytes) -> float:
    """As many as eight clients get answered that call again at once."""
    started = time.perf_counter()
    clients = [Thread(target=send, args=(port, body, SATURATING // 8)) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return SATURATING / (time.perf_counter() - started)


def measure_both(sizes: dict[str, int]) -> dict[str, dict[str, float]]:
    """The echo and the service, at each size of a request."""
    found = {}
    with TemporaryDirectory() as folder:
        for size, least_bytes in sizes.items():
            for name, command in (("echo", ECHO), ("service", SERVICE)):
                found[f"{size}, {name}"] = measure(command, order_sign(least_bytes), Path(folder))
    return found


def table_of(found: dict[str, dict[str, float]]) -> Table:
    table = Table("order-sign, ms", *next(iter(found.values())), title="waiting at half of what one worker bears")
    for name, figures in found.items():
        table.add_row(name, *(f"{value:g}" for value in figures.values()))
    return table


if __name__ == "__main__":
    Console().print(table_of(measure_both({"14 kB": 14_000, "100 kB": 100_000})))
