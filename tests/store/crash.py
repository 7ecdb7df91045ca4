"""`make crash`: workers and servers killed while they answer. What left as an answer must be on the disk.

Each round starts the service with two workers, calls it from many threads, kills one worker with SIGKILL, then the
whole server, starts it again, and compares the decisions that clients received with those that are recorded.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

from sqlalchemy import select

from cds_service.app import open_records
from cds_service.recording import who_of
from cds_service.settings import Settings
from cds_service.store.audit import Terms
from cds_service.store.tables import CARDS, DECISIONS
from cds_service.store.verifying import verify
from tests.support.requests import a_patient, body

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-c", "from cds_service.cli import app; app()"]
SERVICE = "/cds-services/medication-order-sign"
CLIENTS = 16
PATIENCE_S = 90
ORDER = body(a_patient("crash-1").taking("855332", "warfarin 5 MG").ordering("197806", "ibuprofen 600 MG").order_sign())
"""Always answered with a card, and a card names its decision."""


@dataclass
class Calls:
    """The calls of one round: how many to make, and the decisions whose answers arrived whole."""

    port: int
    most: int
    made: int = 0
    received: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)

    def next(self) -> bool:
        with self.lock:
            self.made += 1
            return self.made <= self.most and not self.over.is_set()

    def run(self) -> None:
        """Call until there is nothing left to do; a connection that breaks is made again."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            while self.next():
                self.call(connection)

    def call(self, connection: HTTPConnection) -> None:
        try:
            connection.request("POST", SERVICE, ORDER, {"Content-Type": "application/json"})
            with connection.getresponse() as answer:
                content = answer.read()
        except (OSError, HTTPException):
            connection.close()
            self.over.wait(0.02)
            return
        assert answer.status == 200, content
        decision = json.loads(content)["cards"][0]["extension"]["org.cds-service"]["decision"]
        with self.lock:
            self.received.append(decision)

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.received) < count:
            assert time.monotonic() < deadline, f"{len(self.received)} answers, expected {count}"
            time.sleep(0.005)


def start_server(settings: Settings, port: int) -> subprocess.Popen[bytes]:
    """`cds serve` in a process group of its own, ready."""
    home = settings.home
    variables = {"CDS_HOME": str(home), "CDS_WORKERS": "2", "CDS_PORT": str(port), "PYTHONPATH": str(CHECKOUT)}
    variables["CDS_AUDIT_ANCHOR"] = str(anchor_of(settings))
    if settings.database_url:
        variables["CDS_DATABASE_URL"] = settings.database_url
    with (home.parent / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [*PROGRAM, "serve"], env={**os.environ, **variables}, cwd=home.parent, stderr=log, start_new_session=True
        )
    deadline = time.monotonic() + PATIENCE_S
    while not is_well(port):
        assert server.poll() is None, (home.parent / "server.log").read_text()
        assert time.monotonic() < deadline, "not ready"
        time.sleep(0.05)
    return server


def anchor_of(settings: Settings) -> Path:
    return settings.home.parent / "anchor.log"


def is_well(port: int) -> bool:
    """Whether the service answers and no record waits in the spool."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        with connection.getresponse() as answer:
            return b"ok" in answer.read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def workers_of(server: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return [int(pid) for pid in children.split()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_round(settings: Settings, calls: int) -> tuple[list[str], int]:
    """One round; the decisions whose answers arrived, and how many calls were begun."""
    port = free_port()
    server = start_server(settings, port)
    round_ = Calls(port, calls)
    threads = [Thread(target=round_.run) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        round_.wait_for(calls // 4)
        os.kill(workers_of(server)[0], signal.SIGKILL)
        round_.wait_for(calls // 2)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        round_.over.set()
        for thread in threads:
            thread.join()
        server.wait()
    after = start_server(settings, free_port())
    after.send_signal(signal.SIGTERM)
    after.wait(timeout=PATIENCE_S)
    return round_.received, min(round_.made, round_.most)


def check(settings: Settings, received: list[str], begun: int) -> str:
    """Raises AssertionError unless each received decision is recorded, once and whole; a line to print.

    `begun` calls can leave no more records than that: a call that was recorded twice would show as one more.
    """
    store = open_records(settings, lambda event, about: None)
    with store.database.connect() as connection:
        rows = connection.execute(select(DECISIONS.c.decision_id, DECISIONS.c.cards)).all()
        cards = Counter(connection.execute(select(CARDS.c.decision_id)).scalars())
    recorded = {row.decision_id: row.cards for row in rows}
    anchor = anchor_of(settings).read_text().splitlines()
    audit = verify(store.records, lambda: anchor, Terms(store.ring, time.time(), who_of=who_of))
    refused = [path.name for path in settings.spool_folder.glob("refused-*")]
    store.close()
    missing = [decision for decision in received if decision not in recorded]
    assert missing == [], f"{len(missing)} of {len(received)} answers have no record"
    assert len(recorded) <= begun, f"{len(recorded)} records of {begun} calls"
    assert cards == recorded, "a record without its list of cards"
    assert refused == []
    assert (audit.problems, audit.open_window) == ([], 0)
    return f"{len(received)} answers, all recorded; {len(recorded)} records, no duplicate, every chain whole"


def main(rounds: int, calls: int) -> None:
    with TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", database_url=os.environ.get("CDS_DATABASE_URL"))
        received: list[str] = []
        begun = 0
        for number in range(1, rounds + 1):
            arrived, made = run_round(settings, calls)
            received += arrived
            begun += made
            print(f"round {number}: {check(settings, received, begun)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
