"""The stay that ends, and what came before it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cds_service.chart.drugs import Coded
from cds_service.chart.encounters import (
    admission_priority,
    admission_source,
    discharge_disposition,
    length_of_stay,
    visits_before,
)
from cds_service.chart.facts import Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting
from cds_service.chart.stay_diagnoses import (
    in_group,
    principal_group,
    stay_diagnosis_count,
    stay_group,
    stay_principal_group,
)
from cds_service.chart.stay_hba1c import level_of
from cds_service.chart.systems import ICD9CM, ICD10CM, SNOMED
from cds_service.fhir.encounter import Encounter, EncounterDiagnosis, Hospitalization
from cds_service.fhir.received import KeyResult, Received, Unreadable
from cds_service.fhir.resources import CodeableConcept, Coding, Condition, Period, Reference

NOW = datetime(2021, 3, 10, 15, 0, tzinfo=UTC)
SETTING = Setting(NOW, UTC, inpatient=True)
MINE = Reference(reference="Patient/1")


def concept(system: str, code: str) -> CodeableConcept:
    return CodeableConcept(coding=(Coding(system=system, code=code),))


def encounter(
    id: str = "now", start: str | None = "2021-03-05T10:00:00Z", kind: str = "IMP", **members: Any
) -> Encounter:
    return Encounter(
        **{
            "resource_type": "Encounter",
            "id": id,
            "status": "in-progress",
            "class_": Coding(code=kind),
            "subject": MINE,
            "period": Period(start=start),
            **members,
        }
    )


def received(stay: Encounter | None = None, earlier: KeyResult | None = None, *conditions: Condition) -> Received:
    stays = (stay or encounter(),)
    prefetch = {
        "encounter": KeyResult(stays, complete=True, reason=None),
        "encounters": earlier or KeyResult((), complete=True, reason=None),
        "conditions": KeyResult(conditions, complete=True, reason=None),
    }
    return Received("1", "now", prefetch=prefetch)


def whole(*resources: Encounter) -> KeyResult:
    return KeyResult(resources, complete=True, reason=None)


def known(fact: Any) -> Any:
    assert isinstance(fact, Known), fact
    return fact.value


def reason(fact: Any) -> Reason:
    assert isinstance(fact, Unknown), fact
    return fact.reason


def test_a_stay_that_goes_on_counts_its_nights_until_now() -> None:
    assert known(length_of_stay(received(), SETTING)) == 5.0


def test_a_stay_that_ended_counts_its_nights_until_the_discharge() -> None:
    stay = encounter(period=Period(start="2021-03-05T23:30:00Z", end="2021-03-07T01:00:00Z"))
    assert known(length_of_stay(received(stay), SETTING)) == 2.0


def test_nights_are_those_of_the_site() -> None:
    """23:30 UTC on the 5th is 01:30 on the 6th two hours east."""
    stay = encounter(start="2021-03-05T23:30:00Z")
    east = Setting(NOW, timezone(timedelta(hours=2)))
    assert known(length_of_stay(received(stay), east)) == 4.0


@pytest.mark.parametrize(
    ("stay", "why"),
    [
        (encounter(kind="AMB"), Reason.NOT_RECORDED),
        (encounter(start=None), Reason.NOT_RECORDED),
        (encounter(start="2021-04-01"), Reason.IMPLAUSIBLE),
        (encounter(start="2001-04-01"), Reason.IMPLAUSIBLE),
        (encounter(subject=Reference(reference="Patient/2")), Reason.MALFORMED),
    ],
)
def test_a_stay_that_cannot_be_measured_says_why(stay: Encounter, why: Reason) -> None:
    assert reason(length_of_stay(received(stay), SETTING)) is why


def test_without_an_encounter_nothing_of_the_stay_is_known() -> None:
    nothing = Received("1", prefetch={})
    assert reason(length_of_stay(nothing, SETTING)) is Reason.NOT_REQUESTED
    assert reason(admission_source(nothing)) is Reason.NOT_REQUESTED
    assert reason(admission_priority(nothing)) is Reason.NOT_REQUESTED
    assert reason(discharge_disposition(nothing)) is Reason.NOT_REQUESTED
    assert reason(stay_diagnosis_count(nothing)) is Reason.NOT_REQUESTED
    assert reason(stay_principal_group(nothing)) is Reason.NOT_REQUESTED
    assert reason(stay_group("stay_cancer", nothing)) is Reason.NOT_REQUESTED
    assert reason(visits_before("inpatient", nothing, SETTING)) is Reason.NOT_REQUESTED


def test_where_the_patient_came_from_and_goes_to_is_read_from_the_encounter() -> None:
    stay = encounter(
        priority=concept("http://terminology.hl7.org/CodeSystem/v3-ActPriority", "EM"),
        hospitalization=Hospitalization(
            admit_source=concept("http://terminology.hl7.org/CodeSystem/admit-source", "emd"),
            discharge_disposition=concept("https://www.nubc.org/CodeSystem/PatDischargeStatus", "06"),
        ),
    )
    assert known(admission_priority(received(stay))) == "emergency"
    assert known(admission_source(received(stay))) == "emergency"
    assert known(discharge_disposition(received(stay))) == "home-health"


def test_the_code_hosp_is_a_hospice_in_the_list_of_hl7_and_no_hospital() -> None:
    stay = encounter(
        hospitalization=Hospitalization(
            discharge_disposition=concept("http://terminology.hl7.org/CodeSystem/discharge-disposition", "hosp")
        )
    )
    assert known(discharge_disposition(received(stay))) == "hospice"


def test_a_local_code_is_not_recognised_and_an_absent_one_not_recorded() -> None:
    local = encounter(hospitalization=Hospitalization(discharge_disposition=concept("urn:local", "7")))
    assert reason(discharge_disposition(received(local))) is Reason.UNRECOGNISED
    assert reason(discharge_disposition(received())) is Reason.NOT_RECORDED
    assert reason(admission_source(received())) is Reason.NOT_RECORDED


def test_visits_of_the_year_before_are_counted_by_class() -> None:
    earlier = whole(
        encounter(),  # this stay itself
        encounter("er", "2021-03-05T07:00:00Z", "EMER"),  # on the day of admission: part of this stay
        encounter("a", "2021-01-01", "IMP"),
        encounter("b", "2020-06-01", "ACUTE"),
        encounter("c", "2020-03-04", "IMP"),  # 366 days before
        encounter("d", "2020-12-24", "EMER"),
        encounter("e", "2020-12-24", "AMB"),
        encounter("f", "2020-12-25", "VR"),
        encounter("g", "2020-12-26", "IMP", status="cancelled"),
    )
    counts = {
        kind: known(visits_before(kind, received(None, earlier), SETTING))
        for kind in ("inpatient", "emergency", "outpatient")
    }
    assert counts == {"inpatient": 2.0, "emergency": 1.0, "outpatient": 1.0}


@pytest.mark.parametrize(
    ("earlier", "why"),
    [
        (KeyResult(), Reason.NOT_SENT),
        (whole(encounter("a", None)), Reason.MALFORMED),
        (whole(encounter("a", "2021-01-01", "X")), Reason.UNRECOGNISED),
        (whole(encounter("a", "2021-01-01", class_=None)), Reason.UNRECOGNISED),
        (KeyResult((encounter("a", "2021-01-01"),), complete=False, reason=Reason.TRUNCATED), Reason.TRUNCATED),
        (KeyResult((), (Unreadable("Encounter", "Encounter/x", "no"),), True, None), Reason.MALFORMED),
    ],
)
def test_visits_that_were_not_all_read_are_not_counted(earlier: KeyResult, why: Reason) -> None:
    assert reason(visits_before("inpatient", received(None, earlier), SETTING)) is why


def test_a_page_cut_short_counts_when_it_reaches_back_beyond_the_year() -> None:
    earlier = KeyResult(
        (encounter("a", "2021-01-01"), encounter("b", "2019-01-01")), complete=False, reason=Reason.TRUNCATED
    )
    assert known(visits_before("inpatient", received(None, earlier), SETTING)) == 1.0


def condition(id: str, code: str, system: str = ICD10CM, **members: Any) -> Condition:
    return Condition(resource_type="Condition", id=id, code=concept(system, code), subject=MINE, **members)


def diagnosed(*entries: tuple[str, int | None]) -> Encounter:
    return encounter(
        diagnosis=tuple(
            EncounterDiagnosis(condition=Reference(reference=f"Condition/{id}"), rank=rank) for id, rank in entries
        )
    )


def test_diagnoses_come_in_the_order_of_their_rank_and_each_once() -> None:
    stay = diagnosed(("b", 2), ("a", 1), ("a", 3))
    chart = received(stay, None, condition("a", "I50.9"), condition("b", "N18.4"))
    assert known(stay_diagnosis_count(chart)) == 2.0
    assert known(stay_principal_group(chart)) == "circulatory"
    assert known(stay_group("stay_heart_failure", chart)) is True
    assert known(stay_group("stay_kidney_disease", chart)) is True
    assert known(stay_group("stay_cancer", chart)) is False


def test_only_the_first_three_diagnoses_count_for_the_groups() -> None:
    stay = diagnosed(("a", 1), ("b", 2), ("c", 3), ("d", 4))
    chart = received(stay, None, *(condition(id, "E11.9") for id in "abc"), condition("d", "C50.1"))
    assert known(stay_group("stay_cancer", chart)) is False


def test_a_diagnosis_without_an_icd_code_leaves_open_what_it_is() -> None:
    chart = received(diagnosed(("a", 1)), None, condition("a", "84114007", SNOMED))
    assert reason(stay_principal_group(chart)) is Reason.UNRECOGNISED
    assert reason(stay_group("stay_heart_failure", chart)) is Reason.UNRECOGNISED
    assert known(stay_diagnosis_count(received(diagnosed(("elsewhere", 1))))) == 1.0


def test_conditions_of_this_encounter_stand_in_where_it_lists_none() -> None:
    here = Reference(reference="http://ehr.example/fhir/Encounter/now")
    chart = received(None, None, condition("a", "I50.9", encounter=here), condition("b", "I10"))
    assert known(stay_diagnosis_count(chart)) == 1.0
    assert known(stay_group("stay_heart_failure", chart)) is True
    assert reason(stay_principal_group(chart)) is Reason.NOT_RECORDED


def test_without_diagnoses_or_without_the_problem_list_nothing_is_counted() -> None:
    assert reason(stay_diagnosis_count(received())) is Reason.NOT_RECORDED
    unread = Received("1", "now", prefetch={"encounter": KeyResult((encounter(),), complete=True, reason=None)})
    assert reason(stay_diagnosis_count(unread)) is Reason.NOT_REQUESTED


@pytest.mark.parametrize(
    ("system", "code", "group"),
    [
        # Strack et al. 2014, table 2.
        (ICD9CM, "428", "circulatory"),
        (ICD9CM, "785", "circulatory"),
        (ICD9CM, "786", "respiratory"),
        (ICD9CM, "250.83", "diabetes"),
        (ICD9CM, "276", "other"),
        (ICD9CM, "V57", "other"),
        (ICD9CM, "788", "genitourinary"),
        (ICD10CM, "E11.65", "diabetes"),
        (ICD10CM, "S72.001A", "injury"),
        (ICD10CM, "D12.6", "neoplasm"),
        (ICD10CM, "Z51.11", "other"),
    ],
)
def test_the_main_diagnosis_is_grouped_by_its_category(system: str, code: str, group: str) -> None:
    assert known(principal_group((Coded(system, code),), Source("Condition/1"))) == group


def test_skin_cancer_other_than_melanoma_is_no_cancer_here() -> None:
    """Quan et al. 2005: any malignancy, except malignant neoplasm of skin."""
    for system, code in ((ICD9CM, "173"), (ICD10CM, "C44.9")):
        assert known(in_group("stay_cancer", ((Coded(system, code),),), (Source("Condition/1"),))) is False


@pytest.mark.parametrize(("percent", "level"), [(7.0, "normal"), (7.1, "above-7"), (8.0, "above-7"), (8.1, "above-8")])
def test_hba1c_has_the_levels_of_the_development_data(percent: float, level: str) -> None:
    assert level_of(percent) == level
