"""A PostgreSQL that takes connections and never answers, under the service as it is served.

Calls are answered, whoever asks is told that something is wrong, and once the server thaws nothing is missing.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from cds_service.folders import data_folder
from cds_service.store.audit import Terms
from cds_service.store.store import Places, open_store
from cds_service.store.verifying import no_anchor, verify
from cds_service.trust.add_client import add_client
from tests.store.crash import CHECKOUT, ORDER, PROGRAM, free_port, is_well
from tests.support.tokens import BASE, DISCOVERY, EHR, ISSUER, SIGN
from tests.support.valve import Valve, a_valve

ANSWERED_WITHIN_S = 10
"""Far more than any answer takes, and less than a server stays frozen here, which is for as long as the test likes."""
RECOVERED_WITHIN_S = 30
FEEDBACK = f"{SIGN}/feedback"


@dataclass
class Hospital:
    """A client that calls the service on `port` with signed tokens. `decisions` are those it has seen."""

    port: int
    decisions: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)

    def ask(self, path: str, token: str | None = None, content: bytes | None = None) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=ANSWERED_WITHIN_S)
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = token
        try:
            connection.request("GET" if content is None else "POST", path.removeprefix(BASE), content, headers)
            with connection.getresponse() as answer:
                return answer.status, answer.read()
        finally:
            connection.close()

    def signs(self, token: str | None = None) -> int:
        status, content = self.ask(SIGN, token or fresh(SIGN), ORDER)
        if status == 200:
            cards = json.loads(content)["cards"]
            self.cards += [card["uuid"] for card in cards]
            self.decisions.append(cards[0]["extension"]["org.cds-service"]["decision"])
        return status

    def reports(self) -> int:
        """Report what became of its first card."""
        event = {"card": self.cards[0], "outcome": "overridden", "outcomeTimestamp": "2026-11-20T12:00:00Z"}
        content = json.dumps({"feedback": [event]}).encode()
        return self.ask(FEEDBACK, fresh(FEEDBACK), content)[0]

    def health(self) -> str:
        status, content = self.ask("/health")
        assert status == 200
        return str(json.loads(content)["status"])

    def ready(self) -> dict[str, Any]:
        status, content = self.ask("/ready")
        assert status == 200
        told: dict[str, Any] = json.loads(content)
        return told

    def gauge(self, name: str) -> int:
        status, content = self.ask("/metrics")
        assert status == 200
        return next(int(line.split()[1]) for line in content.decode().splitlines() if line.startswith(f"{name} "))


def fresh(audience: str) -> str:
    now = time.time()
    return EHR.bearer(aud=audience, iat=now, exp=now + 300)


@contextmanager
def a_served_hospital(home: Path, url: str) -> Iterator[Hospital]:
    """`cds serve` with one worker, its records and tokens in the database at `url`, and a client it trusts."""
    config = home.parent / "config"
    copytree(data_folder("config"), config)
    clients = config / "clients.toml"
    clients.write_text(add_client(clients.read_text(), {"name": "ehr", "issuers": [ISSUER], "keys": [EHR.jwk]}, True))
    port = free_port()
    settings = {
        **{"CDS_CONFIG": str(config), "CDS_HOME": str(home), "CDS_DATABASE_URL": url, "CDS_PUBLIC_URL": BASE},
        **{"CDS_PROFILE": "dev", "CDS_WORKERS": "1", "CDS_PORT": str(port), "PYTHONPATH": str(CHECKOUT)},
    }
    with (home.parent / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [*PROGRAM, "serve"], env={**os.environ, **settings}, cwd=home.parent, stderr=log, start_new_session=True
        )
    try:
        wait_until(lambda: server.poll() is not None or is_well(port))
        assert server.poll() is None, (home.parent / "server.log").read_text()
        yield Hospital(port)
        server.send_signal(signal.SIGTERM)
        server.wait(RECOVERED_WITHIN_S)
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_until(what: Any) -> None:
    deadline = time.monotonic() + RECOVERED_WITHIN_S
    while not what():
        assert time.monotonic() < deadline, "did not happen"
        time.sleep(0.05)


@pytest.fixture
def valve(places: Places) -> Iterator[Valve]:
    assert places.url is not None
    with a_valve(places.url) as valve:
        yield valve


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_frozen_server_holds_up_no_answer_and_loses_nothing(places: Places, valve: Valve) -> None:
    with a_served_hospital(places.home, valve.url) as hospital:
        assert hospital.signs() == 200
        assert hospital.reports() == 200
        assert hospital.health() == "ok"

        valve.freeze()
        assert hospital.health() == "degraded"  # before any call has found out
        again = fresh(SIGN)
        assert [hospital.signs(again), hospital.signs(again)] == [200, 401]
        assert [hospital.signs() for _ in range(5)] == [200] * 5
        assert hospital.ask(DISCOVERY, fresh(DISCOVERY))[0] == 200
        assert hospital.reports() == 503
        told = hospital.ready()
        assert told["records"]["away"]
        assert told["records"]["spooled"] > 0
        assert told["records"]["lost"] == 0
        assert told["tokens_not_shared"] == "TimeoutError"
        assert hospital.gauge("cds_records_away") == 1
        assert hospital.gauge("cds_tokens_not_shared") == 1

        valve.thaw()
        wait_until(lambda: hospital.signs() == 200 and hospital.health() == "ok")
        assert hospital.reports() == 200
        told = hospital.ready()["records"]
        assert (told["away"], told["spooled"], told["lost"], told["upkeep"]) == ("", 0, 0, "")

    store = open_store(Places(places.url, places.home, places.home / "ring", places.spool), time.time, lambda *_: None)
    recorded = [envelope.row.decision_id for envelope in store.list_since(0)]
    assert sorted(recorded) == sorted(hospital.decisions)
    assert verify(store.records, no_anchor, Terms(store.ring, time.time())).problems == []
    store.close()
