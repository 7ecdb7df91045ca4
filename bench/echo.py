"""What every Flask service pays: parse the body with `json.loads`, answer no cards.

Run as `python -m bench.echo [keep] PORT`. With `keep` it also writes one row of the size of a record to an
SQLite file under `CDS_HOME`, which survives a power loss, before it answers: the least that a durable record costs.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from threading import local

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from cds_service.settings import Settings
from cds_service.web.gunicorn_options import gunicorn_options

RECORD_BYTES = 6_000


class Kept(local):
    """One connection for each thread to a table of rows that survive a power loss."""

    def __init__(self, file: Path) -> None:
        self.database = sqlite3.connect(file, isolation_level=None, timeout=10)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = FULL")
        self.database.execute("CREATE TABLE IF NOT EXISTS kept (record BLOB)")

    def write(self) -> None:
        self.database.execute("INSERT INTO kept VALUES (?)", (os.urandom(RECORD_BYTES),))


def make_echo(keep: Callable[[], None]) -> Flask:
    app = Flask("echo", static_folder=None)

    @app.get("/ready")
    def ready() -> Response:
        return Response(b"{}", content_type="application/json")

    @app.post("/cds-services/<service>")
    def answer(service: str) -> Response:
        json.loads(request.get_data(cache=False))
        keep()
        return Response(json.dumps({"cards": []}), content_type="application/json")

    return app


class EchoServer(BaseApplication):
    """The same gunicorn, the same settings."""

    def __init__(self, port: int, keeps: bool) -> None:
        self.port = port
        self.keeps = keeps
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(Settings(port=self.port, workers=1)).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return make_echo(Kept(Path(os.environ["CDS_HOME"]) / "kept.sqlite").write if self.keeps else lambda: None)


if __name__ == "__main__":
    EchoServer(int(sys.argv[-1]), keeps="keep" in sys.argv).run()
