"""The HTTP interface: discovery, hook calls, feedback, health."""

from collections.abc import Mapping

import msgspec
from flask import Flask, Response

from cds_service.app import Application
from cds_service.edge import own_key_set
from cds_service.hooks.discovery import Service, discovery_body
from cds_service.hooks.feedback import read_feedback
from cds_service.inference import describe_models
from cds_service.settings import Settings
from cds_service.web.apps import add_apps
from cds_service.web.bodies import read_json_body
from cds_service.web.cors import allow_origins
from cds_service.web.guards import anyone, cds_clients, open_to, serve_behind_guards, the_caller, why_no_operator
from cds_service.web.key_set import add_key_set_route
from cds_service.web.knowledge import add_knowledge_route
from cds_service.web.log import log_feedback
from cds_service.web.metrics import add_metrics
from cds_service.web.problems import NotForYou, UnknownService, add_problem_answers, answer_with

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
    add_metrics(app, application)
    add_knowledge_route(app, application)
    add_key_set_route(app, lambda: own_key_set(application.settings))
    add_apps(app, application)
    return app


def add_security_headers(app: Flask, settings: Settings) -> None:
    always = {**SECURITY_HEADERS, **(TLS_ONLY if settings.base_url.startswith("https://") else {})}

    @app.after_request
    def harden(response: Response) -> Response:
        present = {name.lower() for name, _ in response.headers}
        for name, value in always.items():
            if name.lower() not in present:
                response.headers.add(name, value)
        return response


def add_service_routes(app: Flask, application: Application) -> None:
    @app.get("/cds-services")
    @open_to(cds_clients)
    def discover() -> Response:
        client = the_caller().client
        return answer_with(
            200, discovery_body(each for each in application.arms.services.values() if client.may_use(each.id))
        )

    @app.post("/cds-services/<service_id>")
    @open_to(cds_clients)
    def answer_hook(service_id: str) -> Response:
        service = find_service(application.arms.services, service_id)
        return answer_with(200, application.answer(read_json_body(), service, the_caller()).encode())

    @app.post("/cds-services/<service_id>/feedback")
    @open_to(cds_clients)
    def take_feedback(service_id: str) -> Response:
        service = find_service(application.arms.services, service_id)
        feedback = read_feedback(read_json_body())
        log_feedback(feedback, service, the_caller())
        return answer_with(200, application.take_feedback(feedback, service, the_caller()))


def find_service(services: Mapping[str, Service], service_id: str) -> Service:
    """The service of this id that the caller may use. Raises `UnknownService` or `NotForYou`."""
    client = the_caller().client
    if service_id not in services:
        raise UnknownService(tuple(filter(client.may_use, services)))
    if not client.may_use(service_id):
        raise NotForYou("this client is not set up for this service")
    return services[service_id]


def add_health_routes(app: Flask, application: Application) -> None:
    @app.get("/health")
    @open_to(anyone)
    def health() -> Response:
        records = application.records_health()
        well = (records is None or records.is_well) and not application.release_trouble()
        well = well and not application.callers_trouble()
        well = well and not (application.models and application.models.not_asked())
        return answer_with(200, b'{"status":"ok"}' if well else b'{"status":"degraded"}')

    @app.get("/ready")
    @open_to(anyone)
    def readiness() -> Response:
        return answer_with(200, b'{"status":"ready"}' if why_no_operator() else describe_service(application))


def describe_service(application: Application) -> bytes:
    """What runs here and how well, for its operators."""
    arms = application.arms
    release = arms.control
    records = application.records_health()
    return msgspec.json.encode(
        {
            "status": "ready",
            "profile": application.settings.profile,
            "release": release.digest,
            **({"candidate": arms.candidate.digest, "percent": arms.percent} if arms.candidate else {}),
            **({"release_not_taken": trouble} if (trouble := application.release_trouble()) else {}),
            **({"tokens_not_shared": trouble} if (trouble := application.callers_trouble()) else {}),
            "rules": len(release.rules),
            "unreviewed": sum(not rule.reviewed for rule in release.rules.values()),
            **({} if records is None else {"records": records}),
            "models": describe_models(release, application.models.not_asked() if application.models else ()),
        }
    )
