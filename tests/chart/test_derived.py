"""Derived facts: formula, sources and dates of the inputs, or which input is missing."""

from typing import Any

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.chart.observations import patient_values
from cds_service.fhir.received import KeyResult
from tests.support.observed import (
    NOW,
    SNOMED,
    ZONE,
    concept,
    days_ago,
    observation,
    partial,
    patient,
    problem,
    problems,
    received,
    whole,
)

WEIGHT = observation("29463-7", 72, "kg", 30, id="w")
HEIGHT = observation("8302-2", 175, "cm", 200, id="h")
CREATININE = observation("2160-0", 1.0, "mg/dL", 2, id="c")


def value(name: str, conditions: Any = None, **keys: KeyResult) -> Any:
    known = problems() if conditions is None else conditions
    values, _ = patient_values(received(**keys), frozenset({name}), known, NOW, ZONE)
    return values[name]


def born(years: int, gender: str = "male") -> KeyResult:
    return whole(patient(f"{2026 - years}-01-01", gender))


def test_clearance_follows_cockcroft_and_gault_with_actual_weight() -> None:
    # (140 - 40) * 72 / (72 * 1.0) = 100 mL/min
    fact = value("crcl", patient=born(40), labs=whole(CREATININE), vitals=whole(WEIGHT))
    assert fact.value == pytest.approx(100.0)
    assert (fact.unit, fact.formula) == ("mL/min", "Cockcroft-Gault, actual weight 72 kg")


def test_a_derived_value_names_its_sources_and_the_oldest_date() -> None:
    fact = value("crcl", patient=born(40), labs=whole(CREATININE), vitals=whole(WEIGHT))
    assert {source.reference for source in fact.sources} == {"Observation/c", "Observation/w", "Patient/p1"}
    assert fact.as_of == NOW.fromisoformat(days_ago(30))


def test_clearance_by_dosing_weight_says_which_weight() -> None:
    # 100 kg and 175 cm: adjusted 70.4646 + 0.4 * 29.5354 = 82.2787; 100 * 82.2787 / 72 = 114.276
    heavy = whole(observation("29463-7", 100, "kg"), HEIGHT)
    fact = value("crcl_adjusted", patient=born(40), labs=whole(CREATININE), vitals=heavy)
    assert fact.value == pytest.approx(114.276, abs=0.001)
    assert fact.formula == "Cockcroft-Gault, adjusted weight (Devine) 82.3 kg"


def test_egfr_is_the_published_one() -> None:
    # vector CKD-EPI 2021: woman of 60, 1.2 mg/dL: 51.8213
    labs = whole(observation("2160-0", 106.08, "umol/L"))  # 1.2 * 88.4
    fact = value("egfr_ckdepi2021", patient=born(60, "female"), labs=labs, vitals=whole())
    assert fact.value == pytest.approx(51.8213, abs=0.01)
    assert (fact.unit, fact.formula) == ("mL/min/{1.73_m2}", "CKD-EPI 2021")


# Read: the laboratory's own eGFR, days before now; whether it is at odds with 51.8 computed from the day before
# yesterday's creatinine.
DISPUTES = [
    (110, 2, True),  # more than twice 51.8
    (80, 2, False),
    (20, 2, False),  # lower: the computed one is the milder of the two
    (110, 30, False),  # of another day: kidney function may have changed
]


@pytest.mark.parametrize(("reported", "days", "at_odds"), DISPUTES)
def test_an_egfr_is_disputed_when_the_laboratory_reports_twice_as_much_that_day(
    reported: float, days: int, at_odds: bool
) -> None:
    labs = whole(observation("2160-0", 1.2, "mg/dL", 2), observation("33914-3", reported, "mL/min", days, id="e"))
    fact = value("egfr_disputed", patient=born(60, "female"), labs=labs, vitals=whole())
    assert fact.value is at_odds


def test_without_a_reported_egfr_nothing_is_at_odds_and_without_a_creatinine_nobody_can_say() -> None:
    alone = value("egfr_disputed", patient=born(60, "female"), labs=whole(CREATININE), vitals=whole())
    assert alone.value is False
    assert isinstance(value("egfr_disputed", patient=born(60), labs=whole(), vitals=whole()), Unknown)


def test_body_mass_index_and_ideal_weight() -> None:
    vitals = whole(WEIGHT, HEIGHT)
    assert value("bmi", vitals=vitals).value == pytest.approx(23.51, abs=0.01)  # 72 / 1.75²
    ideal = value("ideal_weight", patient=born(40, "female"), vitals=vitals)
    assert ideal.value == pytest.approx(65.964, abs=0.001)  # 45.5 + 2.3 * 8.8976


def test_inches_typed_as_centimetres_give_no_body_mass_index() -> None:
    # 72 / 0.69² = 151
    fact = value("bmi", vitals=whole(WEIGHT, observation("8302-2", 69, "cm")))
    assert (fact.reason, fact.detail) == (Reason.IMPLAUSIBLE, "body mass index of 151.229 kg/m2")


@pytest.mark.parametrize(
    ("keys", "reason", "detail"),
    [
        ({"labs": whole(CREATININE), "vitals": whole()}, Reason.NOT_RECORDED, "weight not recorded"),
        ({"labs": whole(CREATININE), "vitals": KeyResult()}, Reason.NOT_SENT, "weight not sent"),
        ({"labs": whole(CREATININE)}, Reason.NOT_REQUESTED, "weight not requested"),
        ({"labs": partial(Reason.TIMED_OUT), "vitals": whole(WEIGHT)}, Reason.TIMED_OUT, "creatinine timed out"),
        ({"labs": whole(CREATININE), "patient": whole(patient(None))}, Reason.NOT_RECORDED, "birth date not recorded"),
        ({"labs": whole(CREATININE), "patient": partial(Reason.REFUSED)}, Reason.REFUSED, "patient refused"),
        (
            {"labs": whole(observation("2160-0", 1.0, "mg/dL", 100)), "vitals": whole(WEIGHT)},
            Reason.TOO_OLD,
            "creatinine of 12 Aug 2026",
        ),
    ],
)
def test_a_missing_input_gives_its_reason_and_its_name(keys: dict[str, KeyResult], reason: Reason, detail: str) -> None:
    fact = value("crcl", **keys)
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (reason, detail)


@pytest.mark.parametrize("name", ["bmi", "ideal_weight", "dosing_weight", "egfr_ckdepi2021", "crcl_adjusted"])
def test_no_derived_fact_is_made_of_nothing(name: str) -> None:
    assert value(name).reason is Reason.NOT_REQUESTED


def test_an_input_that_is_only_a_bound_gives_no_result() -> None:
    labs = whole(observation("2160-0", 15, "mg/dL", comparator=">"))
    fact = value("egfr_ckdepi2021", patient=born(60), labs=labs, vitals=whole())
    assert fact.reason is Reason.UNRECOGNISED
    assert fact.detail == "creatinine only known to be at least 15 mg/dL"


def test_a_year_of_birth_is_not_enough_for_an_equation() -> None:
    year_only = whole(patient("1960"))
    fact = value("egfr_ckdepi2021", patient=year_only, labs=whole(CREATININE), vitals=whole())
    assert fact == Unknown(Reason.UNRECOGNISED, "age only known to be at least 65 years")


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("egfr_ckdepi2021", "CKD-EPI 2021 is for adults"),
        ("crcl", "Cockcroft-Gault is for adults"),
        ("dosing_weight", "no ideal weight below 18 years or 152.4 cm (Devine)"),
        ("ideal_weight", "no ideal weight below 18 years or 152.4 cm (Devine)"),
    ],
)
def test_equations_for_adults_refuse_a_child(name: str, detail: str) -> None:
    vitals = whole(WEIGHT, observation("8302-2", 175, "cm", 10))
    fact = value(name, patient=born(15), labs=whole(CREATININE), vitals=vitals)
    assert isinstance(fact, Unknown)
    assert (fact.reason, fact.detail) == (Reason.IMPLAUSIBLE, detail)


@pytest.mark.parametrize("name", ["egfr_ckdepi2021", "crcl", "crcl_adjusted"])
def test_creatinine_equations_are_not_used_in_pregnancy(name: str) -> None:
    pregnant = observation("82810-3", valueCodeableConcept=concept("77386006", SNOMED))
    keys = {"patient": born(30, "female"), "labs": whole(CREATININE), "vitals": whole(WEIGHT, HEIGHT, pregnant)}
    fact = value(name, **keys)
    assert (fact.reason, fact.detail) == (Reason.NOT_VALID, "creatinine equations are not valid in pregnancy")


@pytest.mark.parametrize("name", ["egfr_ckdepi2021", "crcl", "crcl_adjusted"])
def test_no_clearance_is_estimated_while_creatinine_shows_an_acute_injury(name: str) -> None:
    # 2.1 against 1.0 mg/dL three days before is KDIGO stage 2
    rising, steady = whole(*creatinines((1, 2.1), (4, 1.0))), whole(*creatinines((1, 1.1), (4, 1.0)))
    keys = {"patient": born(40), "vitals": whole(WEIGHT, HEIGHT)}
    fact = value(name, labs=rising, **keys)
    assert (fact.reason, fact.detail) == (Reason.NOT_VALID, "acute kidney injury, creatinine is changing")
    assert isinstance(value(name, labs=steady, **keys), Known)


def test_one_creatinine_alone_does_not_stop_the_estimate() -> None:
    keys = {"patient": born(40), "labs": whole(CREATININE), "vitals": whole(WEIGHT)}
    assert isinstance(value("aki_stage", **keys), Unknown)
    assert isinstance(value("crcl", **keys), Known)


def test_an_unknown_pregnancy_does_not_stop_the_estimate() -> None:
    fact = value("egfr_ckdepi2021", patient=born(30, "female"), labs=whole(CREATININE), vitals=whole())
    assert isinstance(fact, Known)


def test_a_problem_list_pregnancy_counts_for_equations_too() -> None:
    listed = problems(problem("72892002"))
    fact = value("egfr_ckdepi2021", listed, patient=born(30, "female"), labs=whole(CREATININE), vitals=whole())
    assert isinstance(fact, Unknown)


def creatinines(*series: tuple[float, float]) -> list[Any]:
    """(days ago, mg/dL), newest first."""
    return [observation("2160-0", result, "mg/dL", days, id=f"c{days}") for days, result in series]


def test_aki_is_staged_from_the_series_and_names_every_result_used() -> None:
    fact = value("aki_stage", labs=whole(*creatinines((1, 2.1), (4, 1.0), (40, 0.9))))
    assert (fact.value, fact.unit, fact.at_least) == (2, "{stage}", False)
    assert [source.reference for source in fact.sources] == ["Observation/c1", "Observation/c4"]
    assert fact.as_of == NOW.fromisoformat(days_ago(1))


def test_a_stable_series_read_whole_is_stage_zero() -> None:
    assert value("aki_stage", labs=whole(*creatinines((1, 1.0), (4, 1.0)))).value == 0


def test_a_rise_in_the_last_week_counts_from_the_week_before_it() -> None:
    # KDIGO: 2.0 is twice the 1.0 of seven days before, stage 2, and a recovering kidney keeps its stage for a week.
    assert value("aki_stage", labs=whole(*creatinines((1, 1.0), (8, 2.0), (15, 1.0)))).value == 2


def test_one_creatinine_cannot_exclude_an_injury() -> None:
    fact = value("aki_stage", labs=whole(*creatinines((1, 1.0))))
    assert fact == Unknown(Reason.NOT_RECORDED, "no second creatinine within 7 days")


def test_a_truncated_series_can_prove_an_injury_but_not_exclude_it() -> None:
    rising = value("aki_stage", labs=partial(Reason.TRUNCATED, *creatinines((1, 1.6), (4, 1.0))))
    assert (rising.value, rising.at_least) == (1, True)
    stable = value("aki_stage", labs=partial(Reason.TRUNCATED, *creatinines((1, 1.0), (4, 1.0))))
    assert stable == Unknown(Reason.TRUNCATED, "earlier creatinine not read")


def test_an_injury_of_more_than_a_week_ago_is_not_current() -> None:
    fact = value("aki_stage", labs=whole(*creatinines((8, 3.0), (10, 1.0))))
    assert fact.reason is Reason.TOO_OLD
    assert value("aki_stage").reason is Reason.NOT_REQUESTED


def test_an_unreadable_newest_creatinine_is_not_passed_over() -> None:
    unreadable = observation("2160-0", 3.0, None, 0.5)
    fact = value("aki_stage", labs=whole(unreadable, *creatinines((1, 1.0), (2, 1.0))))
    assert fact.reason is Reason.MALFORMED
