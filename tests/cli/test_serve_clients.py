"""`cds serve` in production with two workers: signed calls are served, and a token serves once wherever it lands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from shutil import copytree
from socket import socket

import pytest

from cds_service.folders import data_folder
from cds_service.trust.add_client import add_client
from tests.architecture.source import CHECKOUT
from tests.cli.test_serve import READY_WITHIN_S
from tests.support.requests import a_patient, body
from tests.support.tokens import BASE, DISCOVERY, EHR, ISSUER, SIGN

PROGRAM = [sys.executable, "-c", "from cds_service.cli import app; app()"]
ORDER = body(a_patient().taking("855332").ordering("197806").order_sign())


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A running production service that trusts `EHR`."""
    folder = tmp_path_factory.mktemp("production")
    copytree(data_folder("config"), folder / "config")
    clients = folder / "config" / "clients.toml"
    clients.write_text(add_client(clients.read_text(), {"name": "ehr", "issuers": [ISSUER], "keys": [EHR.jwk]}, False))
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    settings = {
        "CDS_CONFIG": str(folder / "config"),
        "CDS_PROFILE": "production",
        "CDS_PUBLIC_URL": BASE,
        "CDS_WORKERS": "2",
        "CDS_ACCEPT_UNREVIEWED": "Tests",
    }
    environment = {**os.environ, **settings, "PYTHONPATH": str(CHECKOUT), "HOME": str(folder)}
    subprocess.run([*PROGRAM, "check"], cwd=folder, env=environment, check=True, capture_output=True)
    server = subprocess.Popen([*PROGRAM, "serve", "--port", str(free)], cwd=folder, env=environment)
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not is_ready(free):
            assert server.poll() is None
            assert time.monotonic() < deadline, f"not ready after {READY_WITHIN_S} s"
        yield free
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def is_ready(port: int) -> bool:
    try:
        return ask(port, "GET", "/ready") == 200
    except OSError:
        return False


def ask(port: int, method: str, path: str, *authorizations: str) -> int:
    """The status of one call on a connection of its own, so that either worker may get it."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path)
        for authorization in authorizations:
            connection.putheader("Authorization", authorization)
        content = ORDER if method == "POST" else b""
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        return connection.getresponse().status
    finally:
        connection.close()


def fresh(audience: str) -> str:
    now = time.time()
    return EHR.bearer(aud=audience, iat=now, exp=now + 300)


@pytest.mark.requirement("CH-193")
def test_a_token_serves_once_in_two_workers(port: int) -> None:
    path = SIGN.removeprefix(BASE)
    token = fresh(SIGN)
    assert [ask(port, "POST", path, token) for _ in range(12)] == [200] + [401] * 11
    assert [ask(port, "POST", path, fresh(SIGN)) for _ in range(12)] == [200] * 12


def test_discovery_needs_a_token_of_its_own(port: int) -> None:
    assert ask(port, "GET", "/cds-services") == 401
    assert ask(port, "GET", "/cds-services", fresh(SIGN)) == 401
    assert ask(port, "GET", "/cds-services", fresh(DISCOVERY)) == 200


def test_two_authorization_headers_are_refused_on_the_wire(port: int) -> None:
    assert ask(port, "GET", "/cds-services", fresh(DISCOVERY), fresh(DISCOVERY)) == 401
