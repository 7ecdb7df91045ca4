"""The HTTP interface: discovery, hook calls, health."""

import msgspec
from flask import Flask, Response, request

from cds_service.app import Application
from cds_service.hooks.discovery import Service
from cds_service.settings import Settings
from cds_service.web.apps import add_apps
from cds_service.web.cors import allow_origins
from cds_service.web.guards import anyone, cds_clients, open_to, serve_behind_guards, the_caller, why_not_local
from cds_service.web.problems import NotForYou, NotJson, UnknownService, add_problem_answers, answer_with

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TLS_ONLY = {"Strict-Transport-Security": "max-age=31536000"}  # CH-180


def make_flask(application: Application) -> Flask:
    """The Flask application that serves `application`."""
    app = Flask("cds_service", static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = application.settings.body_limit
    app.url_map.strict_slashes = False  # CH-024
    add_problem_answers(app)
    allow_origins(app, application.origins)
    serve_behind_guards(app, application)
    add_security_headers(app, application.settings)
    add_service_routes(app, application)
    add_health_routes(app, application)
    add_apps(app, application)
    return app


def add_security_headers(app: Flask, settings: Settings) -> None:
    always = {**SECURITY_HEADERS, **(TLS_ONLY if settings.base_url.startswith("https://") else {})}

    @app.after_request
    def harden(response: Response) -> Response:
        for name, value in always.items():
            response.headers.setdefault(name, value)
        return response


def add_service_routes(app: Flask, application: Application) -> None:
    services = {service.id: service for service in application.release.services}

    @app.get("/cds-services")
    @open_to(cds_clients)
    def discover() -> Response:
        client = the_caller().client
        return answer_with(200, encode_discovery(tuple(each for each in services.values() if client.may_use(each.id))))

    @app.post("/cds-services/<service_id>")
    @open_to(cds_clients)
    def answer_hook(service_id: str) -> Response:
        caller = the_caller()
        if service_id not in services:
            raise UnknownService(tuple(filter(caller.client.may_use, services)))
        if not caller.client.may_use(service_id):
            raise NotForYou("this client is not set up for this service")
        # A browser may send other types across origins without asking first, so only this one is read.
        if request.mimetype != "application/json":
            raise NotJson
        body = request.get_data(cache=False)
        return answer_with(200, application.answer(body, services[service_id], caller).encode())


def encode_discovery(services: tuple[Service, ...]) -> bytes:
    """The discovery body (CH-012..025); members without a value are left out."""
    return msgspec.json.encode({"services": [describe_service(service) for service in services]})


def describe_service(service: Service) -> dict[str, object]:
    described = {
        "hook": service.hook,
        "title": service.title,
        "description": service.description,
        "id": service.id,
        "prefetch": dict(service.prefetch),
        "usageRequirements": service.usage_requirements,
    }
    return {name: value for name, value in described.items() if value}


def add_health_routes(app: Flask, application: Application) -> None:
    release = application.release
    details = msgspec.json.encode(
        {
            "status": "ready",
            "profile": application.settings.profile,
            "release": release.digest,
            "rules": len(release.rules),
            "unreviewed": sum(not rule.reviewed for rule in release.rules.values()),
        }
    )

    @app.get("/health")
    @open_to(anyone)
    def health() -> Response:
        return answer_with(200, b'{"status":"ok"}')

    @app.get("/ready")
    @open_to(anyone)
    def readiness() -> Response:
        return answer_with(200, b'{"status":"ready"}' if why_not_local() else details)
