"""What every Flask service pays: parse the body with `json.loads`, answer no cards.

Run as `python -m bench.echo PORT`.
"""

import json
import sys

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from cds_service.settings import Settings
from cds_service.web.gunicorn_options import gunicorn_options


def make_echo() -> Flask:
    app = Flask("echo", static_folder=None)

    @app.get("/ready")
    def ready() -> Response:
        return Response(b"{}", content_type="application/json")

    @app.post("/cds-services/<service>")
    def answer(service: str) -> Response:
        json.loads(request.get_data(cache=False))
        return Response(json.dumps({"cards": []}), content_type="application/json")

    return app


class EchoServer(BaseApplication):
    """The same gunicorn, the same settings."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(Settings(port=self.port, workers=1)).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return make_echo()


if __name__ == "__main__":
    EchoServer(int(sys.argv[1])).run()
