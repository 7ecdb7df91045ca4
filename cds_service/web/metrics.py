"""`/metrics`, and what the HTTP side itself counts."""

from flask import Flask, Response, request

from cds_service.app import Application
from cds_service.monitoring.meters import Meters
from cds_service.web.guards import open_to, operators

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def add_metrics(app: Flask, application: Application) -> None:
    """Serve the meters of `application` and count answers with them; nothing where it has none."""
    meters = application.meters
    if meters is None:
        return
    count_answers(app, application, meters)

    @app.get("/metrics")
    @open_to(operators)
    def metrics() -> Response:
        return Response(meters.text() + state_lines(application), content_type=TEXT)


def count_answers(app: Flask, application: Application, meters: Meters) -> None:
    """Count the answers of CDS services by status; whatever a caller wrote for a service counts as none."""

    @app.after_request
    def count(response: Response) -> Response:
        named = (request.view_args or {}).get("service_id")
        if named is not None:
            service = named if named in application.arms.services else ""
            meters.count_answer(service, response.status_code)
        return response


def state_lines(application: Application) -> bytes:
    """How the service is now, as the process that answers knows it."""
    gauges = {
        "cds_release_not_taken": (
            "Whether a release that was put in force does not answer.",
            bool(application.release_trouble()),
        ),
        "cds_tokens_not_shared": (
            "Whether each worker remembers used tokens on its own, for their database does not answer.",
            bool(application.callers_trouble()),
        ),
        "cds_models_off": ("Risk models that are switched off.", len(application.arms.control.models_off)),
    }
    health = application.records_health()
    if health is not None:
        gauges |= {
            "cds_records_away": ("Whether records go to the spool and not to the database.", bool(health.away)),
            "cds_records_spooled_bytes": ("Records that wait for the database.", health.spooled),
            "cds_records_lost": ("Decisions whose record could be written nowhere or is damaged.", health.lost),
            "cds_spool_damaged": ("Damaged pieces of the spool that nobody has taken away yet.", health.damaged),
            "cds_checkpoint_failed": (
                "Whether a checkpoint was not signed or taken, or what is old not removed.",
                bool(health.upkeep),
            ),
        }
    lines = [
        f"# HELP {name} {about}\n# TYPE {name} gauge\n{name} {int(value)}\n" for name, (about, value) in gauges.items()
    ]
    return "".join(lines).encode()
