"""A server of models that speaks the Open Inference Protocol, on this machine, and can be told to misbehave."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class FakeModel:
    """What it answers, and what it was asked. `wait` holds an answer back until the test lets it go."""

    url: str = ""
    status: int = 200
    body: bytes = b""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    wait: threading.Event | None = None

    def says(self, probability: float) -> None:
        output = {"name": "readmission", "shape": [1], "datatype": "FP64", "data": [probability]}
        self.status, self.body = 200, json.dumps({"model_version": "7", "outputs": [output]}).encode()


@contextmanager
def fake_model() -> Iterator[FakeModel]:
    model = FakeModel()
    model.says(0.17)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            model.asked.append((self.path, json.loads(sent)))
            if model.wait is not None:
                model.wait.wait(5)
            self.send_response(model.status)
            self.send_header("Content-Length", str(len(model.body)))
            self.end_headers()
            self.wfile.write(model.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    model.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield model
    finally:
        if model.wait is not None:
            model.wait.set()
        server.shutdown()
        server.server_close()
