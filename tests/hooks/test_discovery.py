"""The discovery answer and the closed set of prefetch templates."""

import json
import re

import pytest

from cds_service.hooks.contexts import CONTEXTS
from cds_service.hooks.discovery import CODED_TEMPLATES, TEMPLATES, Service, discovery_body, prefetch_templates
from tests.support.schemas import problems

CODES = {
    "labs": ("http://loinc.org|2160-0", "http://loinc.org|1742-6"),
    "vitals": ("http://loinc.org|29463-7",),
    "genomics": ("http://loinc.org|53040-2",),
    "procedures": ("http://snomed.info/sct|232717009",),
}
ALL = prefetch_templates([*TEMPLATES, *CODED_TEMPLATES], CODES)
SERVICES = [
    Service("medication-order-sign", "order-sign", "Orders", "Checks orders.", ALL, "Needs nothing."),
    Service("medication-patient-view", "patient-view", "Chart", "Checks the chart."),
]


def test_the_templates_are_the_published_ones() -> None:
    # DESIGN section 3, with one or two codes where the release has its list.
    assert ALL == {
        "patient": "Patient/{{context.patientId}}",
        "medications": "MedicationRequest?patient={{context.patientId}}&status=active,on-hold",
        "statements": "MedicationStatement?patient={{context.patientId}}&status=active,intended",
        "allergies": "AllergyIntolerance?patient={{context.patientId}}",
        "conditions": "Condition?patient={{context.patientId}}",
        "encounter": "Encounter/{{context.encounterId}}",
        "encounters": "Encounter?patient={{context.patientId}}&_sort=-date&_count=100",
        "labs": "Observation?patient={{context.patientId}}"
        "&code=http://loinc.org|1742-6,http://loinc.org|2160-0&_sort=-date&_count=200",
        "vitals": "Observation?patient={{context.patientId}}&code=http://loinc.org|29463-7&_sort=-date&_count=50",
        "genomics": "Observation?patient={{context.patientId}}&code=http://loinc.org|53040-2&_sort=-date&_count=50",
        "procedures": "Procedure?patient={{context.patientId}}&code=http://snomed.info/sct|232717009",
    }


@pytest.mark.requirement("CH-050", "CH-051", "CH-052", "CH-053", "CH-054", "CH-057", "CH-059")
@pytest.mark.parametrize("template", ALL.values())
def test_templates_keep_to_the_restricted_queries_of_the_specification(template: str) -> None:
    assert set(re.findall(r"{{(.*?)}}", template)) <= {"context.patientId", "context.encounterId"}
    path, _, query = template.partition("?")
    assert re.fullmatch(r"[A-Z][A-Za-z]+(/{{context\.\w+}})?", path)
    assert {part.partition("=")[0] for part in query.split("&") if part} <= {
        *("patient", "status", "code", "_sort", "_count"),
    }


@pytest.mark.requirement("CH-012", "CH-014", "CH-015", "CH-016", "CH-017", "CH-018", "CH-019", "CH-020")
def test_the_discovery_answer_is_valid() -> None:
    body = discovery_body(SERVICES)
    assert problems("discovery-response", body) == []
    assert [service["id"] for service in json.loads(body)["services"]] == [
        "medication-order-sign",
        "medication-patient-view",
    ]


@pytest.mark.requirement("CH-003", "CH-004")
def test_a_service_without_prefetch_has_no_such_member() -> None:
    assert set(json.loads(discovery_body(SERVICES))["services"][1]) == {"hook", "title", "description", "id", "version"}


@pytest.mark.requirement("CH-013", "CH-025")
def test_no_services_are_an_empty_list_and_the_body_never_varies() -> None:
    assert discovery_body([]) == b'{"services":[]}'
    assert discovery_body(SERVICES) == discovery_body(list(SERVICES))


def test_a_key_without_codes_is_not_asked_for() -> None:
    assert prefetch_templates(["patient", "genomics", "labs"], {"labs": ()}) == {"patient": TEMPLATES["patient"]}


def test_the_order_in_which_codes_are_given_does_not_matter() -> None:
    codes = CODES["labs"]
    assert prefetch_templates(["labs"], {"labs": codes}) == prefetch_templates(["labs"], {"labs": codes[::-1]})


def test_a_key_outside_the_closed_set_is_an_error() -> None:
    with pytest.raises(ValueError, match="no prefetch key is called coverage"):
        prefetch_templates(["patient", "coverage"], {})


def test_more_than_sixty_codes_in_a_key_are_an_error() -> None:
    codes = {"labs": [f"http://loinc.org|{number}" for number in range(61)]}
    with pytest.raises(ValueError, match="labs asks for 61 codes; 60 is the most"):
        prefetch_templates(["labs"], codes)


def test_every_hook_with_a_context_is_a_standard_hook() -> None:
    assert set(CONTEXTS) == {"patient-view", "order-select", "order-sign", "encounter-discharge"}
