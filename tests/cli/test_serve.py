"""`cds serve`: gunicorn with the settings that matter, closed by default."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from socket import create_connection, socket

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.settings import Settings
from cds_service.web.gunicorn_options import gunicorn_options
from tests.architecture.source import CHECKOUT
from tests.support.requests import a_patient, body

PROGRAM = "from cds_service.cli import app; app()"
READY_WITHIN_S = 90  # on a machine that runs other tests beside this one


def test_each_worker_listens_for_itself_and_nothing_else_listens() -> None:
    options = gunicorn_options(Settings(workers=3, host="::1"))
    assert (options["workers"], options["bind"]) == (3, "[::1]:8000")
    assert options["reuse_port"] is True
    assert options["control_socket_disable"] is True
    assert options["preload_app"] is False
    assert options["worker_class"] == "cds_service.web.listening.PunctualWorker"


def test_production_runs_one_worker_per_core_unless_told() -> None:
    assert gunicorn_options(Settings(profile="production"))["workers"] == os.cpu_count()


@pytest.mark.parametrize("profile", ["dev", "production"])
def test_off_loopback_nothing_starts(profile: str) -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0", "--profile", profile])
    assert result.exit_code == 1
    assert "cds: host: found '0.0.0.0'" in result.stderr


def test_production_refuses_rules_that_were_not_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    result = CliRunner().invoke(app, ["serve", "--profile", "production"])
    assert result.exit_code == 1
    assert "there is no checked release; run `cds check`" in result.stderr


@pytest.mark.parametrize("profile", ["dev", "production"])
def test_without_its_database_it_ends_with_one_sentence_and_a_status_that_a_supervisor_tries_again_on(
    tmp_path: Path, profile: str
) -> None:
    away = {"CDS_DATABASE_URL": "postgresql+psycopg://cds:secret@127.0.0.1:1/cds", "CDS_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "serve", "--profile", profile],
        cwd=tmp_path,
        env={**os.environ, **away, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=READY_WITHIN_S,
    )
    (sentence,) = ended.stderr.splitlines()
    assert ended.returncode == 1
    assert sentence == "cds: database_url: the database at 127.0.0.1:1 cannot be used: nothing listens there"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A running `cds serve`, started in an empty folder."""
    with serving(tmp_path_factory.mktemp("serving")) as port:
        yield port


@contextmanager
def serving(folder: Path, before: str = "") -> Iterator[int]:
    """`cds serve` in `folder`, after running the Python statements `before`."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    program = f"{before}\n{PROGRAM}"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", str(free)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "HOME": str(folder)},
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + READY_WITHIN_S
        while not answers(free):
            assert server.poll() is None, server.communicate()[1]
            assert time.monotonic() < deadline, f"not ready after {READY_WITHIN_S} s"
        yield free
    finally:
        server.send_signal(signal.SIGTERM)
        _, log = server.communicate(timeout=30)
    assert server.returncode == 0
    assert b"dev profile" in log
    assert not (folder / ".gunicorn").exists()


def answers(port: int, timeout: float = 5) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def test_a_call_over_http_is_answered(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    request = body(a_patient().taking("855332").ordering("197806").order_sign())
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/cds-services/medication-order-sign", request, headers)
    response = connection.getresponse()
    assert response.status == 200
    assert json.loads(response.read())["cards"]
    connection.close()


def test_a_second_service_does_not_share_the_port(port: int) -> None:
    result = CliRunner().invoke(app, ["serve", "--port", str(port)])
    assert result.exit_code == 1
    assert result.stderr == f"cds: port: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


HALF_A_CALL = (
    b"POST /cds-services/medication-order-sign HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
)


@pytest.fixture(scope="module")
def impatient_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Another, which waits for no client longer than 0.2 s."""
    impatient = "import cds_service.web.listening; cds_service.web.listening.PATIENCE_S = 0.2"
    with serving(tmp_path_factory.mktemp("impatient"), impatient) as port:
        yield port


@pytest.mark.parametrize("sent", [b"GET /ready HTTP/1.1\r\nHost: local", HALF_A_CALL], ids=["headers", "body"])
def test_clients_that_stall_do_not_hold_the_threads(impatient_port: int, sent: bytes) -> None:
    with ExitStack() as stalled:
        for _ in range(2 * Settings().threads):
            stalled.enter_context(create_connection(("127.0.0.1", impatient_port))).sendall(sent)
        assert answers(impatient_port, timeout=20)


def test_other_wsgi_servers_find_the_application(tmp_path: Path) -> None:
    program = "from cds_service.wsgi import app; print(app.test_client().get('/ready').status_code)"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "200"
