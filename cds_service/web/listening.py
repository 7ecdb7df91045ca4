"""How this service listens: alone on its port, and not for ever to one client."""

import socket
import time
from contextlib import suppress

from gunicorn.workers.gthread import TConn, ThreadWorker

from cds_service.errors import BadSettings

PATIENCE_S = 10.0
"""How long a request may take to arrive. Far above what an answer takes."""


def refuse_taken_address(host: str, port: int) -> None:
    """Raise `BadSettings` where this service cannot listen alone.

    Workers listen with `reuse_port`, so a second service would share the port unnoticed, and answer some of the calls.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that just closed are no obstacle
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSettings(f"port: cannot listen on {host} port {port}: {error.strerror}") from None


class PunctualWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's threads, which hang up on requests that do not arrive in time.

    A thread reads one request for as long as its client takes to send it. Without an end a few clients that stall, or
    whose machine is gone, would hold every thread of every worker.
    """

    def __init__(self, *given: object, **named: object) -> None:
        super().__init__(*given, **named)
        self.until: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> object:
        """Read and answer one request, in a thread."""
        self.until[conn] = time.monotonic() + PATIENCE_S
        try:
            return super().handle(conn)
        finally:
            del self.until[conn]

    def murder_pending(self) -> None:
        """End what waits for too long; gunicorn's loop asks for this at least once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self.until.items()):
            if now > until:
                with suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)  # the thread then reads the end of the request
