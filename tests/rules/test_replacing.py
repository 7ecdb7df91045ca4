"""A new order that says it replaces a drug of its class is no duplicate; one that says nothing is."""

from cds_service.folders import data_folder
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Outcome
from cds_service.terminology.index import open_index
from tests.rules.library import shipped
from tests.support.gathered import chart_of
from tests.support.requests import PatientCase, a_patient, medication_request

ATORVASTATIN, SIMVASTATIN = "617310", "312961"
ON_SIMVASTATIN = a_patient("P1").taking(SIMVASTATIN, "simvastatin 20 MG Oral Tablet", id="old", dose=1, per_day=1)
OLD = {"reference": "MedicationRequest/old"}


def is_duplicate(case: PatientCase) -> bool:
    chart = chart_of(case, terminology=open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite"))
    findings = evaluate(shipped().release.index, chart)
    return any(each.rule.id == "duplicate-therapy.statin" and each.outcome is Outcome.FIRES for each in findings)


def test_a_second_statin_is_a_duplicate() -> None:
    assert is_duplicate(ON_SIMVASTATIN.ordering(ATORVASTATIN, dose=1, per_day=1))


def test_an_order_that_names_the_first_statin_as_its_prior_prescription_replaces_it() -> None:
    assert not is_duplicate(ON_SIMVASTATIN.ordering(ATORVASTATIN, dose=1, per_day=1, priorPrescription=OLD))


def test_an_order_based_on_the_first_one_replaces_it() -> None:
    assert not is_duplicate(ON_SIMVASTATIN.ordering(ATORVASTATIN, dose=1, per_day=1, basedOn=[OLD]))


def test_a_session_that_stops_the_first_statin_replaces_it() -> None:
    stop = medication_request("old", SIMVASTATIN, "simvastatin 20 MG Oral Tablet", "stopped")
    stopped = ON_SIMVASTATIN.drafting({**stop, "subject": {"reference": "Patient/P1"}})
    assert not is_duplicate(stopped.ordering(ATORVASTATIN, dose=1, per_day=1))
