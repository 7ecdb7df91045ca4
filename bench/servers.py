"""Servers under measurement: start them, and read their CPU time and memory from /proc."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from socket import socket

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
ECHO = [sys.executable, "-m", "bench.echo"]
KEEPING_ECHO = [*ECHO, "keep"]
SERVICE = [sys.executable, "-c", "from cds_service.cli import app; app()", "serve", "--profile", "dev", "--port"]


@dataclass(frozen=True)
class Server:
    """A running gunicorn with one worker; `seconds_to_ready` from its start to the first 200 of /ready."""

    port: int
    worker: int
    seconds_to_ready: float

    def cpu_seconds(self) -> float:
        """User and system time of the worker so far."""
        fields = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def proportional_megabytes(self) -> float:
        """Proportional set size of the worker."""
        rollup = Path(f"/proc/{self.worker}/smaps_rollup").read_text()
        kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        return kilobytes / 1024


@contextmanager
def running(command: list[str], home: Path = Path("var")) -> Iterator[Server]:
    """Start `command PORT`, wait until it is ready, stop it afterwards. It keeps what it keeps under `home`."""
    port = free_port()
    started = time.perf_counter()
    environment = {**os.environ, "CDS_HOME": str(home)}
    process = subprocess.Popen([*command, str(port)], stderr=subprocess.DEVNULL, env=environment)
    try:
        while not is_ready(port):
            if process.poll() is not None:
                raise RuntimeError(f"{command[-2:]} stopped while starting; run it by hand to see why")
            time.sleep(0.02)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield Server(port, int(children[0]), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
