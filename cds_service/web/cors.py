"""Calls from browsers: an origin on the allow-list is echoed, any other gets no permission (CH-198)."""

from flask import Flask, Response, request

METHODS = "GET, POST, OPTIONS"
HEADERS = "Authorization, Content-Type, Accept"
SECONDS_REMEMBERED = "600"


def is_allowed(origin: str, allowed: tuple[str, ...]) -> bool:
    """Whether `origin` is listed; `http://localhost:*` lists every port of that scheme and host."""
    for entry in allowed:
        host, any_port, _ = entry.partition(":*")
        if origin == entry or (any_port and origin.startswith(f"{host}:") and origin[len(host) + 1 :].isdecimal()):
            return True
    return False


def allow_origins(app: Flask, allowed: tuple[str, ...]) -> None:
    """Answer preflights of `app` without authentication, and mark every answer, errors included."""

    @app.before_request
    def answer_preflight() -> Response | None:
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(status=204)
        return None

    @app.after_request
    def mark_answer(response: Response) -> Response:
        response.headers.add("Vary", "Origin")
        origin = request.environ.get("HTTP_ORIGIN", "")
        if origin and is_allowed(origin, allowed):
            response.headers["Access-Control-Allow-Origin"] = origin
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = METHODS
                response.headers["Access-Control-Allow-Headers"] = HEADERS
                response.headers["Access-Control-Max-Age"] = SECONDS_REMEMBERED
        return response
