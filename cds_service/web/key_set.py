"""Our public keys, for the authorization servers we show our signature to (SM-123)."""

from collections.abc import Callable

from flask import Flask, Response

from cds_service.web.guards import anyone, open_to
from cds_service.web.problems import answer_with

SECONDS_FRESH = 300


def add_key_set_route(app: Flask, read_key_set: Callable[[], bytes]) -> None:
    """`read_key_set` gives the key set as it is now, so that a rotation needs no restart."""

    @app.get("/.well-known/jwks.json")
    @open_to(anyone)
    def publish_keys() -> Response:
        response = answer_with(200, read_key_set())
        response.headers["Cache-Control"] = f"public, max-age={SECONDS_FRESH}"
        return response
