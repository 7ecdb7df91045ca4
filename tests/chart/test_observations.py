"""Observations to values: which reading decides, and what is said when none can."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult
from cds_service.fhir.resources import CodeableConcept, OtherResource
from tests.support.observed import (
    LOINC,
    NOW,
    SNOMED,
    ZONE,
    concept,
    days_ago,
    encounter,
    observation,
    partial,
    patient,
    problems,
    quantity,
    received,
    whole,
)


def read(fact: str, **keys: KeyResult) -> tuple[Any, tuple[str, ...]]:
    """One fact and the notes."""
    values, notes = patient_values(received(**keys), frozenset({fact}), problems(), NOW, ZONE)
    return values[fact], notes


def lab(fact: str, *observations: Any, **more: Any) -> Fact[Any]:
    return read(fact, labs=whole(*observations, **more))[0]


def test_a_value_carries_its_unit_source_and_date() -> None:
    potassium = observation("6298-4", 4.4, "mmol/L", days=2, id="k1")
    fact = lab("potassium", potassium)
    taken = NOW.fromisoformat(days_ago(2))
    assert fact == Known(4.4, "mmol/L", (Source("Observation/k1", taken),), taken)


def test_the_newest_of_all_codes_of_a_fact_decides() -> None:
    fact = lab("creatinine", observation("2160-0", 1.0, "mg/dL", 5), observation("38483-4", 2.1, "mg/dL", 1))
    assert fact.value == 2.1  # type: ignore[union-attr]


def test_at_one_moment_a_corrected_result_beats_a_final_one_and_the_preferred_code_the_other() -> None:
    final = observation("2160-0", 1.0, "mg/dL", 1, id="a")
    corrected = observation("38483-4", 1.4, "mg/dL", 1, id="b", status="corrected")
    assert lab("creatinine", final, corrected).value == 1.4  # type: ignore[union-attr]
    blood = observation("38483-4", 1.2, "mg/dL", 1, id="c")
    assert lab("creatinine", blood, final).value == 1.0  # type: ignore[union-attr]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown", None])
def test_what_is_no_result_is_not_read_and_noted(status: str | None) -> None:
    wrong = observation("6301-6", 9.0, "{INR}", 1, id="x", status=status)
    fact, notes = read("inr", labs=whole(wrong, observation("6301-6", 2.4, "{INR}", 3)))
    assert fact.value == 2.4
    assert notes == (f"Observation/x has status {status or 'none'}",)


def test_a_preliminary_result_counts_and_is_noted() -> None:
    fact, notes = read("inr", labs=whole(observation("6301-6", 2.4, "{INR}", id="x", status="preliminary")))
    assert fact.value == 2.4
    assert notes == ("Observation/x is preliminary",)


def test_an_absent_value_is_skipped_for_an_older_one() -> None:
    absent = observation("6301-6", days=1, dataAbsentReason=concept("not-performed", "x"))
    empty = observation("6301-6", days=2)
    assert lab("inr", absent, empty, observation("6301-6", 2.4, "{INR}", 3)).value == 2.4  # type: ignore[union-attr]


@pytest.mark.parametrize("comparator", [">", ">="])
def test_a_result_above_the_range_is_a_lower_bound(comparator: str) -> None:
    fact = lab("egfr", observation("62238-1", 60, "mL/min/1.73m2", comparator=comparator))
    assert isinstance(fact, Known)
    assert (fact.value, fact.at_least) == (60, True)


@pytest.mark.parametrize("comparator", ["<", "<="])
def test_a_result_below_the_range_is_unknown_and_quoted(comparator: str) -> None:
    fact = lab("digoxin_level", observation("10535-3", 0.2, "ng/mL", comparator=comparator))
    assert isinstance(fact, Unknown)
    assert fact.reason is Reason.UNRECOGNISED
    assert fact.detail == f"digoxin level of 19 Nov 2026 is only given as {comparator} 0.2 ng/mL"


def test_a_number_without_a_unit_is_not_read_even_if_an_older_one_has_one() -> None:
    fact = lab("potassium", observation("2823-3", 7.9, None, 1), observation("2823-3", 4.0, "mmol/L", 2))
    assert fact == Unknown(Reason.MALFORMED, "potassium of 19 Nov 2026 has no unit", NOW.fromisoformat(days_ago(1)))


def test_a_ratio_has_no_unit_to_lose() -> None:
    fact = lab("inr", observation("6301-6", 2.6, None))
    assert isinstance(fact, Known)
    assert (fact.value, fact.unit) == (2.6, "{INR}")


def test_an_unknown_unit_is_quoted() -> None:
    fact = lab("potassium", observation("2823-3", 4, "furlong"))
    assert isinstance(fact, Unknown)
    assert fact.detail == "potassium of 19 Nov 2026 is in 'furlong', which is not understood"


@pytest.mark.parametrize(
    ("fact", "code", "value", "unit", "expected"),
    [
        ("creatinine", "14682-9", 176.8, "umol/L", 2.0),  # / 88.4
        ("potassium", "2823-3", 4.1, "mEq/L", 4.1),
        ("magnesium", "19123-9", 1.6, "meq/L", 1.944),  # 0.8 mmol/L * 2.4305
        ("calcium", "17861-6", 2.5, "mmol/L", 10.02),  # * 4.0078
        ("platelets", "777-3", 150, "K/uL", 150),
        ("alt", "1742-6", 40, "IU/L", 40),
        ("egfr", "33914-3", 44, "mL/min", 44),
        ("hba1c", "4548-4", 53, "mmol/mol", 7.0),  # 0.09148 * 53 + 2.152
        ("tsh", "3016-3", 2.2, "uIU/mL", 2.2),
        ("tsh", "3016-3", 2.2, "mU/L", 2.2),
        ("uacr", "9318-7", 30, "ug/mg{creat}", 30),
    ],
)
def test_labs_are_converted_to_the_unit_of_the_catalogue(
    fact: str, code: str, value: float, unit: str, expected: float
) -> None:
    assert lab(fact, observation(code, value, unit)).value == pytest.approx(expected, abs=0.01)  # type: ignore[union-attr]


def test_the_ucum_code_counts_before_the_shown_unit_and_the_shown_unit_when_there_is_no_code() -> None:
    shown = {"value": 180, "unit": "lbs", "code": "[lb_av]", "system": "http://unitsofmeasure.org"}
    local = {"value": 180, "unit": "lbs", "code": "XX", "system": "urn:local"}
    for value in (shown, local):
        fact, _ = read("weight", vitals=whole(observation("29463-7", valueQuantity=value)))
        assert fact.value == pytest.approx(81.6466, abs=1e-4)  # 180 * 0.45359237


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"valueString": "7.2 %"}, 7.2),
        ({"valueString": ">15 %"}, 15.0),
        ({"valueString": "7.2"}, None),
        ({"valueString": "seven"}, None),
        ({"valueString": "7,2 %"}, None),
        ({"valueString": "6 - 7 %"}, None),
        ({"valueInteger": 7}, None),
        ({"valueBoolean": True}, None),
        ({"valueQuantity": {"unit": "%"}}, None),
        ({"(odd)": ["valueQuantity"]}, None),
    ],
)
def test_numbers_written_as_text_are_read_only_with_their_unit(members: dict[str, Any], expected: float | None) -> None:
    fact = lab("hba1c", observation("4548-4", **members), observation("4548-4", 6.0, "%", 9))
    if expected is None:
        assert isinstance(fact, Unknown)
        assert fact.reason is Reason.MALFORMED
    else:
        assert isinstance(fact, Known)
        assert fact.value == expected


def test_an_integer_needs_no_unit_where_none_exists() -> None:
    assert lab("inr", observation("6301-6", valueInteger=3)).value == 3  # type: ignore[union-attr]


def test_an_implausible_newest_value_is_not_replaced_by_an_older_one() -> None:
    fact = lab("potassium", observation("2823-3", 44, "mmol/L", 1), observation("2823-3", 4.1, "mmol/L", 2))
    assert fact == Unknown(Reason.IMPLAUSIBLE, "potassium of 19 Nov 2026 is 44 mmol/L", NOW.fromisoformat(days_ago(1)))


def test_a_creatinine_of_ninety_days_is_fresh_and_of_ninety_one_too_old() -> None:
    assert isinstance(lab("creatinine", observation("2160-0", 1, "mg/dL", 90)), Known)
    old = lab("creatinine", observation("2160-0", 1, "mg/dL", 91))
    assert old == Unknown(Reason.TOO_OLD, "creatinine of 21 Aug 2026", NOW.fromisoformat(days_ago(91)))


def test_in_hospital_a_creatinine_keeps_seven_days() -> None:
    stay = whole(encounter("IMP"))
    fresh = read("creatinine", encounter=stay, labs=whole(observation("2160-0", 1, "mg/dL", 7)))[0]
    old = read("creatinine", encounter=stay, labs=whole(observation("2160-0", 1, "mg/dL", 8)))[0]
    assert isinstance(fresh, Known)
    assert old.reason is Reason.TOO_OLD


@pytest.mark.parametrize(
    ("birth_date", "days", "known"),
    [("1960-01-01", 365, True), ("1960-01-01", 366, False), ("2020-01-01", 90, True), ("2020-01-01", 91, False)],
)
def test_a_weight_keeps_a_year_in_adults_and_ninety_days_in_children(birth_date: str, days: int, known: bool) -> None:
    weight = whole(observation("29463-7", 20, "kg", days))
    fact, _ = read("weight", patient=whole(patient(birth_date)), vitals=weight)
    assert isinstance(fact, Known) is known


def test_a_result_dated_after_now_is_ignored_and_noted() -> None:
    future = observation("6301-6", 9, "{INR}", days=-1, id="f")
    fact, notes = read("inr", labs=whole(future, observation("6301-6", 2, "{INR}", 1)))
    assert fact.value == 2
    assert notes == ("Observation/f is dated after now",)


@pytest.mark.parametrize(
    "members",
    [
        {"effectiveDateTime": "2026-11-19"},
        {"effectiveDateTime": None, "effectiveInstant": "2026-11-19T08:00:00Z"},
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-01", "end": "2026-11-19"}},
        {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-19"}},
        {"effectiveDateTime": None, "issued": "2026-11-19T08:00:00Z"},
        {"effectiveDateTime": "last week", "issued": "2026-11-19T08:00:00Z"},
    ],
)
def test_the_effective_time_counts_then_when_it_was_issued(members: dict[str, Any]) -> None:
    fact = lab("inr", observation("6301-6", 2, "{INR}", **members))
    assert isinstance(fact, Known)
    assert fact.as_of is not None
    assert fact.as_of.date().isoformat() == "2026-11-19"


def test_a_result_without_any_date_is_not_current() -> None:
    fact = lab("inr", observation("6301-6", 2, "{INR}", effectiveDateTime=None))
    assert fact == Unknown(Reason.MALFORMED, "INR without a date")


def test_a_result_of_another_patient_is_dropped_and_the_list_is_no_longer_whole() -> None:
    foreign = observation("6301-6", 9, "{INR}", subject={"reference": "Patient/other"}, id="f")
    fact, notes = read("inr", labs=whole(foreign))
    assert fact == Unknown(Reason.MALFORMED, "INR malformed")
    assert notes == ("Observation/f is another patient's and was left out",)
    with_own = lab("inr", foreign, observation("6301-6", 2, "{INR}"))
    assert with_own.value == 2  # type: ignore[union-attr]


@pytest.mark.parametrize("subject", [None, {"reference": "https://ehr.example/fhir/Patient/p1"}, {"display": "her"}])
def test_a_result_of_the_patient_or_of_nobody_named_is_the_patients(subject: dict[str, str] | None) -> None:
    assert isinstance(lab("inr", observation("6301-6", 2, "{INR}", subject=subject)), Known)


@pytest.mark.requirement("CH-073")
def test_only_a_list_read_whole_can_say_not_recorded() -> None:
    assert lab("inr") == Unknown(Reason.NOT_RECORDED, "INR not recorded")
    assert read("inr")[0] == Unknown(Reason.NOT_REQUESTED, "INR not requested")
    for reason in (Reason.NOT_SENT, Reason.REFUSED, Reason.TIMED_OUT, Reason.MALFORMED, Reason.TRUNCATED):
        assert read("inr", labs=partial(reason))[0] == Unknown(reason, f"INR {reason.value}")


def test_a_truncated_page_sorted_newest_first_knows_what_it_shows() -> None:
    page = partial(Reason.TRUNCATED, observation("6301-6", 2.5, "{INR}", 1), observation("2823-3", 4, "mmol/L", 2))
    assert read("inr", labs=page)[0].value == 2.5
    assert read("sodium", labs=page)[0].reason is Reason.TRUNCATED


def test_a_truncated_page_in_another_order_knows_nothing_for_certain() -> None:
    page = partial(Reason.TRUNCATED, observation("6301-6", 2.5, "{INR}", 9), observation("2823-3", 4, "mmol/L", 2))
    fact, _ = read("inr", labs=page)
    assert (fact.reason, fact.detail) == (Reason.TRUNCATED, "INR of 11 Nov 2026 may not be the newest")


def test_a_code_the_client_never_asked_for_is_not_requested() -> None:
    asked = frozenset({f"{LOINC}|6301-6", f"{LOINC}|34714-6", f"{LOINC}|2160-0"})
    assert lab("inr", requested_codes=asked).reason is Reason.NOT_RECORDED  # type: ignore[union-attr]
    assert lab("potassium", requested_codes=asked) == Unknown(Reason.NOT_REQUESTED, "potassium not requested")
    assert lab("creatinine", requested_codes=asked).reason is Reason.NOT_REQUESTED  # type: ignore[union-attr]


def test_of_several_facts_just_those_the_client_never_asked_for_are_not_requested() -> None:
    labs = whole(requested_codes=frozenset({f"{LOINC}|6301-6", f"{LOINC}|34714-6"}))
    values, _ = patient_values(received(labs=labs), frozenset({"inr", "potassium"}), problems(), NOW, ZONE)
    assert values["inr"] == Unknown(Reason.NOT_RECORDED, "INR not recorded")
    assert values["potassium"] == Unknown(Reason.NOT_REQUESTED, "potassium not requested")


def test_what_no_key_brought_is_not_requested_beside_what_was_read() -> None:
    labs = whole(observation("2823-3", 4.1, "mmol/L"))
    values, _ = patient_values(received(labs=labs), frozenset({"potassium", "weight"}), problems(), NOW, ZONE)
    assert values["potassium"].value == 4.1  # type: ignore[union-attr]
    assert values["weight"] == Unknown(Reason.NOT_REQUESTED, "weight not requested")


def test_without_an_encounter_all_facts_of_the_stay_say_so() -> None:
    wanted = frozenset({"inpatient", "length_of_stay", "emergency_visits_year", "stay_cancer", "stay_hba1c"})
    values, _ = patient_values(received(), wanted, problems(), NOW, ZONE)
    assert {name: values[name] for name in wanted} == dict.fromkeys(
        wanted, Unknown(Reason.NOT_REQUESTED, "encounter not requested")
    )


@pytest.mark.parametrize("system", ["http://loinc.org", "http://loinc.org/", "urn:oid:2.16.840.1.113883.6.1"])
def test_loinc_is_known_by_all_its_names(system: str) -> None:
    assert isinstance(lab("inr", observation("6301-6", 2, "{INR}", code_system=system)), Known)


def test_blood_pressure_is_read_from_the_components_of_its_panel() -> None:
    panel = observation(
        "85354-9",
        component=[
            {"code": concept("8480-6"), "valueQuantity": quantity(182, "mm[Hg]")},
            {"code": concept("8462-4"), "dataAbsentReason": concept("unknown", "x")},
        ],
    )
    values, _ = patient_values(received(vitals=whole(panel)), frozenset({"sbp", "dbp"}), problems(), NOW, ZONE)
    assert values["sbp"].value == 182  # type: ignore[union-attr]
    assert values["dbp"] == Unknown(Reason.NOT_RECORDED, "diastolic blood pressure not recorded")


@pytest.mark.parametrize("code", [concept("6301-6", "urn:local"), {"text": "INR"}, None])
def test_only_a_loinc_code_is_a_loinc_code(code: dict[str, Any] | None) -> None:
    plain = observation("6301-6", 2, "{INR}")
    local = msgspec.structs.replace(plain, code=msgspec.convert(code, CodeableConcept | None))
    assert lab("inr", local) == Unknown(Reason.NOT_RECORDED, "INR not recorded")


def test_resources_of_other_types_are_passed_over() -> None:
    page = whole(OtherResource(resource_type="OperationOutcome"), observation("6301-6", 2, "{INR}"))
    assert isinstance(read("inr", labs=page)[0], Known)


def test_only_what_was_wanted_is_computed() -> None:
    values, _ = patient_values(received(), frozenset({"age", "conditions", "orders"}), problems(), NOW, ZONE)
    assert set(values) == {"age"}


def test_smoking_status_is_a_word() -> None:
    for code, word in (("266919005", "never"), ("8517006", "former"), ("428041000124106", "current")):
        vitals = whole(observation("72166-2", valueCodeableConcept=concept(code, SNOMED), id="s"))
        fact, _ = read("smoking_status", vitals=vitals)
        assert fact.value == word


@pytest.mark.parametrize(
    ("vitals", "reason"),
    [
        (whole(), Reason.NOT_RECORDED),
        (whole(observation("72166-2", valueCodeableConcept=concept("266927001", SNOMED))), Reason.UNRECOGNISED),
        (whole(observation("72166-2", days=2000, valueCodeableConcept=concept("8517006", SNOMED))), Reason.TOO_OLD),
    ],
)
def test_an_unanswered_smoking_status_is_unknown(vitals: KeyResult, reason: Reason) -> None:
    assert read("smoking_status", vitals=vitals)[0].reason is reason


def test_comfort_care_and_hospital_stay_are_values_too() -> None:
    call = received(encounter=whole(encounter("IMP")))
    values, _ = patient_values(call, frozenset({"comfort_care", "inpatient"}), problems(), NOW, ZONE)
    assert values["comfort_care"] == Known(False)
    assert values["inpatient"].value is True  # type: ignore[union-attr]


RESULTS = st.lists(
    st.builds(
        observation,
        st.sampled_from(["2160-0", "38483-4", "14682-9"]),
        st.floats(0.2, 20),
        st.sampled_from(["mg/dL", "umol/L", "", "furlong", None]),
        st.integers(0, 120),
        status=st.sampled_from(["final", "cancelled", "preliminary", "amended"]),
        comparator=st.sampled_from([None, "<", ">"]),
    ),
    max_size=6,
    unique_by=lambda one: one.effective_date_time,
)


@given(RESULTS)
def test_the_order_results_arrive_in_does_not_change_a_whole_list(results: list[Any]) -> None:
    assert lab("creatinine", *results) == lab("creatinine", *reversed(results))


@given(RESULTS)
def test_a_known_value_always_has_a_unit_a_date_and_a_source(results: list[Any]) -> None:
    fact = lab("creatinine", *results)
    if isinstance(fact, Known):
        assert fact.unit == "mg/dL"
        assert fact.as_of is not None
        assert fact.sources
    else:
        assert fact.detail.startswith("creatinine")
