"""A FHIR server that takes 30 ms for every answer, with the chart of `bench.bodies`.

Run as `python -m bench.slow_ehr PORT`.
"""

import json
import sys
import time

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from bench.bodies import order_sign
from cds_service.settings import Settings
from cds_service.web.gunicorn_options import gunicorn_options

DELAY_S = 0.030
THREADS = 64
KEYS = {
    "MedicationRequest": "medications",
    "MedicationStatement": "statements",
    "AllergyIntolerance": "allergies",
    "Condition": "conditions",
    "Observation": "labs",
    "Procedure": "procedures",
    "Patient": "patient",
}


def make_ehr() -> Flask:
    app = Flask("slow_ehr", static_folder=None)
    prefetch = json.loads(order_sign(100_000))["prefetch"]
    empty = {"resourceType": "Bundle", "type": "searchset"}
    answers = {kind: json.dumps(prefetch.get(key) or empty) for kind, key in KEYS.items()}

    @app.get("/ready")
    def ready() -> Response:
        return Response("{}", content_type="application/json")

    @app.get("/fhir/<kind>")
    @app.get("/fhir/<kind>/<id>")
    def answer(kind: str, id: str = "") -> Response:
        time.sleep(DELAY_S)
        is_vitals = "29463-7" in request.args.get("code", "")
        return Response(
            json.dumps(prefetch.get("vitals")) if is_vitals else answers[kind], content_type="application/fhir+json"
        )

    return app


class SlowEhr(BaseApplication):
    """One worker with a thread for every search."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(Settings(port=self.port, workers=1, threads=THREADS)).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return make_ehr()


if __name__ == "__main__":
    SlowEhr(int(sys.argv[1])).run()
