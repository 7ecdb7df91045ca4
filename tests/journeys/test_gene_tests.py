"""A gene test travels from the laboratory to the card; one that was never done is said once, if at all."""

import json
from typing import Any

from flask.testing import FlaskClient

from tests.support.requests import LOINC, Json, PatientCase, a_patient, coded

CAPECITABINE, AZATHIOPRINE, IBUPROFEN, CLOPIDOGREL = "200328", "197388", "197806", "309362"
ON = "2026-11-20"


def genotype(gene: str, diplotype: str) -> Json:
    """As HL7 Genomics Reporting has it: "genotype display name" with the gene studied as a component."""
    studied = {"code": coded(LOINC, "48018-6"), "valueCodeableConcept": {"text": gene}}
    return {
        "resourceType": "Observation",
        "id": f"genotype-{gene}",
        "status": "final",
        "code": coded(LOINC, "84413-4"),
        "effectiveDateTime": "2024-03-01",
        "valueCodeableConcept": {"text": diplotype},
        "component": [studied],
    }


def signing(rxcui: str, *tests: Json) -> PatientCase:
    case = a_patient(birthDate="1968-05-01", gender="male").ordering(rxcui, dose=1, per_day=2).as_of(ON)
    for test in tests:
        case = case.adding("genomics", {"subject": case.reference, **test})
    return case


def cards(client: FlaskClient, case: PatientCase) -> list[dict[str, Any]]:
    answer = client.post("/cds-services/medication-order-sign", json=case.order_sign())
    assert answer.status_code == 200
    return list(json.loads(answer.data)["cards"])


def about_genes(client: FlaskClient, case: PatientCase) -> list[dict[str, Any]]:
    said = cards(client, case)
    return [card for card in said if "metabolizer" in card["summary"] or "ene test" in card["detail"]]


def test_discovery_asks_for_gene_tests(client: FlaskClient) -> None:
    services = json.loads(client.get("/cds-services").data)["services"]
    prefetch = next(each["prefetch"] for each in services if each["id"] == "medication-order-sign")
    assert prefetch["genomics"].startswith("Observation?patient={{context.patientId}}&code=")
    assert f"{LOINC}|84413-4" in prefetch["genomics"]


def test_a_diplotype_that_cannot_clear_the_drug_is_a_warning(client: FlaskClient) -> None:
    # *2A carries no function: two of them are an activity score of 0 (CPIC)
    poor = genotype("DPYD", "c.1905+1G>A (*2A)/c.1905+1G>A (*2A)")
    [card] = about_genes(client, signing(CAPECITABINE, poor))
    assert card["indicator"] == "warning"
    assert "DPYD poor metabolizer" in card["summary"]
    assert "CPIC" in card["detail"]


def test_a_normal_diplotype_says_nothing(client: FlaskClient) -> None:
    assert about_genes(client, signing(CAPECITABINE, genotype("DPYD", "Reference/Reference"))) == []


def test_genes_not_tested_before_a_drug_that_asks_for_it_are_one_line(client: FlaskClient) -> None:
    [card] = about_genes(client, signing(AZATHIOPRINE))
    assert card["indicator"] == "info"
    assert card["detail"].count("ene test not recorded") == 1
    assert "TPMT" in card["detail"]
    assert "NUDT15" in card["detail"]


def test_an_ordinary_drug_says_nothing_of_tests_that_were_not_done(client: FlaskClient) -> None:
    assert about_genes(client, signing(IBUPROFEN)) == []
    assert about_genes(client, signing(CLOPIDOGREL)) == []
    assert about_genes(client, signing(CLOPIDOGREL).without("genomics")) == []
