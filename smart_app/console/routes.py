"""The console's pages and the small JSON answers they need. Hook calls go to the service itself, from the browser."""

from pathlib import Path

import msgspec
from flask import Blueprint, Response, render_template, request, send_from_directory
from werkzeug.exceptions import NotFound

from cds_service.app import Application
from cds_service.errors import BadRequest
from cds_service.web.guards import loopback_callers, open_to
from smart_app.console.chart_reading import read_chart
from smart_app.console.demo_patients import DemoPatient, load_patients
from smart_app.console.drug_search import find_drugs
from smart_app.console.prefetch import answer_templates
from smart_app.console.why_reading import read_why

STATIC = Path(__file__).parent / "static"
# Nothing inline, nothing from elsewhere. Pico draws its arrows from data: images.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def make_console(application: Application) -> Blueprint | None:
    """The console for `application`; None outside the dev profile, where nobody may set the clock or see a trace."""
    if not application.settings.is_dev:
        return None
    console = Blueprint("console", "smart_app.console", url_prefix="/console", template_folder="templates")
    patients = load_patients()
    add_pages(console, patients)
    add_answers(console, application, patients)

    @console.after_request
    def allow_own_files(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return console


def add_pages(console: Blueprint, patients: dict[str, DemoPatient]) -> None:
    @console.get("/")
    @open_to(loopback_callers)
    def choose_patient() -> Response:
        return page("choose.html", patients=patients.values())

    @console.get("/patients/<patient_id>")
    @open_to(loopback_callers)
    def open_chart(patient_id: str) -> Response:
        return page("workspace.html", patient=known(patients, patient_id))

    @console.get("/request")
    @open_to(loopback_callers)
    def write_request() -> Response:
        return page("request.html", patients=patients.values())

    @console.get("/static/<path:name>")
    @open_to(loopback_callers)
    def send_file(name: str) -> Response:
        return send_from_directory(STATIC, name)


def add_answers(console: Blueprint, application: Application, patients: dict[str, DemoPatient]) -> None:
    @console.get("/patients/<patient_id>/prefetch/<service_id>")
    @open_to(loopback_callers)
    def send_prefetch(patient_id: str, service_id: str) -> Response:
        """What this EHR knows of the patient for one service: the ids of the context, the date, the prefetch."""
        patient = known(patients, patient_id)
        service = application.arms.services.get(service_id)
        if service is None:
            raise NotFound
        return json_of(
            {
                "patientId": patient.resource["id"],
                "encounterId": patient.encounter_id,
                "asOf": patient.as_of,
                "prefetch": answer_templates(patient.bundle, service.prefetch, patient.as_of),
            }
        )

    @console.get("/drugs")
    @open_to(loopback_callers)
    def search_drugs() -> Response:
        return json_of(find_drugs(application.release.terminology, request.args.get("typed", "")))

    @console.post("/reading")
    @open_to(loopback_callers)
    def read_trace() -> Response:
        """The page's chart and why panels for the trace of one answer."""
        try:
            trace = msgspec.json.decode(request.get_data(cache=False))
            chart, why = (
                read_chart(trace),
                read_why(trace, application.arms.control.rules, application.arms.control.models),
            )
        except (msgspec.DecodeError, AttributeError, KeyError, TypeError, ValueError):
            raise BadRequest("trace", "something else", "the trace extension of an answer") from None
        return page("reading.html", chart=chart, why=why)


def known(patients: dict[str, DemoPatient], patient_id: str) -> DemoPatient:
    if patient_id not in patients:
        raise NotFound
    return patients[patient_id]


def page(template: str, **values: object) -> Response:
    return Response(render_template(f"console/{template}", **values), content_type="text/html; charset=utf-8")


def json_of(value: object) -> Response:
    return Response(msgspec.json.encode(value), content_type="application/json")
