"""A way to a PostgreSQL server that can be closed: connections are taken and nothing answers, as of a frozen server."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread

from sqlalchemy import URL, make_url

PORT = 5432


@dataclass
class Valve:
    """Listens on this machine for the server at `server`. What is sent while it is closed arrives once it is opened."""

    server: URL
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    flowing: Event = field(default_factory=Event)
    ends: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The server's address through this valve."""
        here = self.server.set(host="127.0.0.1", port=self.listener.getsockname()[1], query={})
        return here.render_as_string(hide_password=False)

    def freeze(self) -> None:
        self.flowing.clear()

    def thaw(self) -> None:
        self.flowing.set()

    def accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                near, _ = self.listener.accept()
                far = self.reach()
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    Thread(target=self.pass_on, args=(one, other), daemon=True).start()

    def reach(self) -> socket.socket:
        """A connection to the server itself, by a socket file where its address names a folder."""
        host = str(self.server.query.get("host") or self.server.host or "127.0.0.1")
        port = self.server.port or PORT
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        file = socket.socket(socket.AF_UNIX)
        file.connect(f"{host}/.s.PGSQL.{port}")
        return file

    def pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while content := one.recv(65_536):
                self.flowing.wait()
                other.sendall(content)
            other.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.thaw()
        for each in (self.listener, *self.ends):
            each.close()


@contextmanager
def a_valve(url: str) -> Iterator[Valve]:
    """An open valve before the server at `url`."""
    valve = Valve(make_url(url))
    valve.thaw()
    Thread(target=valve.accept, daemon=True).start()
    try:
        yield valve
    finally:
        valve.close()
