"""A FHIR server for one patient, in any mood, on a real socket of this machine.

    ehr.case = a_patient("P1").taking("855332", "warfarin")
    ehr.moods["Observation"] = slow
    ehr.asked    # what it was asked so far

`TOKEN` opens it. Moods that wait end with the test: they wait on `ehr.closing`, never on a clock alone.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.support.requests import LOINC, Json, PatientCase, a_patient, bundle, outcome

TOKEN = "marker-token-7f3a"
EVERYTHING = "patient/*.rs"
KEYS = {
    "MedicationRequest": ("medications",),
    "MedicationStatement": ("statements",),
    "AllergyIntolerance": ("allergies",),
    "Condition": ("conditions",),
    "Observation": ("labs", "vitals"),
    "Procedure": ("procedures",),
}


@dataclass
class FakeEhr:
    server: HTTPServer
    case: PatientCase = field(default_factory=lambda: a_patient("P1"))
    moods: dict[str, "Mood"] = field(default_factory=dict)
    medications: tuple[Json, ...] = ()
    asked: list[Request] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    @property
    def base(self) -> str:
        return self.server.url_for("/fhir")

    @property
    def types_asked(self) -> list[str]:
        """The resource types asked for, in alphabetical order."""
        return sorted(request.path.split("/")[2] for request in self.asked)

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        resource_type = request.path.split("/")[2]
        mood = self.moods.get(resource_type) or self.moods.get("*") or good
        return mood(self, request)

    def good_body(self, request: Request) -> Json:
        """What a server without faults says."""
        _, _, resource_type, *ids = request.path.split("/")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return outcome("login")
        if resource_type == "Patient" and ids == [self.case.id]:
            return self.case.patient
        if resource_type == "Medication":
            wanted = request.args["_id"].split(",")
            return bundle(*(each for each in self.medications if each["id"] in wanted))
        found = [each for key in KEYS.get(resource_type, ()) for each in self.case.lists.get(key, ())]
        codes = request.args.get("code", "")
        return bundle(*(each for each in found if not codes or is_of(each, codes)))


Mood = Callable[[FakeEhr, Request], Response]


def is_of(resource: Json, codes: str) -> bool:
    return f"{LOINC}|{resource['code']['coding'][0]['code']}" in codes.split(",")


def send(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status=status, content_type="application/fhir+json")


def good(ehr: FakeEhr, request: Request) -> Response:
    return send(ehr.good_body(request))


def slow(ehr: FakeEhr, request: Request) -> Response:
    """Says nothing until the test is over."""
    ehr.closing.wait(10)
    return good(ehr, request)


def dripping(ehr: FakeEhr, request: Request) -> Response:
    """Sends a byte every 20 ms for as long as anybody listens."""

    def drip() -> Iterator[bytes]:
        while not ehr.closing.wait(0.02):
            yield b" "

    return Response(drip(), content_type="application/fhir+json")


def unauthorized(ehr: FakeEhr, request: Request) -> Response:
    return send(outcome("login"), 401)


def forbidden(ehr: FakeEhr, request: Request) -> Response:
    """Refuses for want of a scope."""
    return send(outcome("forbidden"), 403)


def not_found(ehr: FakeEhr, request: Request) -> Response:
    return send(outcome("not-supported"), 404)


def busy(ehr: FakeEhr, request: Request) -> Response:
    return send(outcome("throttled"), 429)


def broken(ehr: FakeEhr, request: Request) -> Response:
    return send(outcome("exception"), 500)


def html(ehr: FakeEhr, request: Request) -> Response:
    """An error page under a status of success (G-02)."""
    return Response("<html><body>Service unavailable</body></html>", content_type="text/html")


def truncated(ehr: FakeEhr, request: Request) -> Response:
    """A first page whose `next` page breaks off in the middle."""
    if "page" in request.args:
        return Response('{"resourceType": "Bundle", "entry": [{"resou', content_type="application/fhir+json")
    return send({**ehr.good_body(request), "link": [{"relation": "next", "url": f"{request.url}&page=2"}]})


def elsewhere(url: str) -> Mood:
    """A first page whose `next` link leads to `url`."""

    def mood(ehr: FakeEhr, request: Request) -> Response:
        return send({**ehr.good_body(request), "link": [{"relation": "next", "url": url}]})

    return mood


def of_another_patient(ehr: FakeEhr, request: Request) -> Response:
    """The right data with somebody else's name on it."""
    return Response(json.dumps(ehr.good_body(request)).replace(f"Patient/{ehr.case.id}", "Patient/other"))
