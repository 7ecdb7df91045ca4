"""Age, sex, death, hospital stay and comfort care."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.facts import Items, Known, Reason, Source, Unknown
from cds_service.chart.people import age_in_months, comfort_care, describe_person, in_years, inpatient, is_inpatient
from cds_service.fhir.received import KeyResult, Received
from tests.support.observed import (
    ICD_10_CM,
    NOW,
    PATIENT_ID,
    ZONE,
    encounter,
    partial,
    patient,
    problem,
    problems,
    received,
    whole,
)

HERE = Source("Patient/p1")


def years(birth_date: str | None, today: date) -> Known[float] | Unknown:
    return in_years(age_in_months(birth_date, today, HERE))


@pytest.mark.parametrize(
    ("birth_date", "today", "age"),
    [
        ("1960-05-17", date(2026, 5, 16), 65),
        ("1960-05-17", date(2026, 5, 17), 66),
        ("2000-02-29", date(2026, 2, 28), 25),
        ("2000-02-29", date(2026, 3, 1), 26),
        ("2026-11-20", date(2026, 11, 20), 0),
        ("1960-05-17T03:00:00Z", date(2026, 5, 17), 66),
    ],
)
def test_age_is_completed_calendar_years(birth_date: str, today: date, age: int) -> None:
    assert years(birth_date, today) == Known(float(age), "a", (HERE,))


def test_an_infant_is_aged_in_completed_months() -> None:
    months = age_in_months("2026-01-31", date(2026, 11, 20), HERE)
    assert isinstance(months, Known)
    assert (months.value, months.unit) == (9, "mo")


@pytest.mark.parametrize(
    ("birth_date", "youngest"),
    [("1960", 65), ("1960-12", 65), ("1960-05", 66), ("2026", 0), ("2026-11", 0), ("1960-11", 65)],
)
def test_a_partial_birth_date_gives_the_least_age_only(birth_date: str, youngest: int) -> None:
    age = years(birth_date, date(2026, 11, 20))
    assert isinstance(age, Known)
    assert (age.value, age.at_least) == (youngest, True)


@pytest.mark.parametrize(
    ("birth_date", "reason"),
    [
        (None, Reason.NOT_RECORDED),
        ("", Reason.NOT_RECORDED),
        ("17.5.1960", Reason.MALFORMED),
        ("1960-13-01", Reason.MALFORMED),
        ("1960-02-30", Reason.MALFORMED),
        ("1960-13", Reason.MALFORMED),
        ("1960-00", Reason.MALFORMED),
        ("0000", Reason.MALFORMED),
        ("2027-01-01", Reason.IMPLAUSIBLE),
        ("2027", Reason.IMPLAUSIBLE),
        ("1890-01-01", Reason.IMPLAUSIBLE),
    ],
)
def test_a_birth_date_that_cannot_be_gives_no_age(birth_date: str | None, reason: Reason) -> None:
    age = years(birth_date, date(2026, 11, 20))
    assert isinstance(age, Unknown)
    assert age.reason is reason


@given(st.dates(date(1930, 1, 1), date(2026, 11, 20)))
def test_a_year_of_birth_never_claims_more_age_than_the_full_date(born: date) -> None:
    full, partly = years(str(born), date(2026, 11, 20)), years(str(born.year), date(2026, 11, 20))
    assert isinstance(full, Known)
    assert isinstance(partly, Known)
    assert partly.value <= full.value <= partly.value + 1


def test_the_birthday_begins_at_midnight_of_the_site() -> None:
    # 03:00 UTC on 17 May is still the 16th in New York
    person = describe_person(received(), datetime(2026, 5, 17, 3, 0, tzinfo=UTC), ZONE)
    assert person["age"].value == 65  # type: ignore[union-attr]


@pytest.mark.parametrize("gender", ["male", "female"])
def test_sex_is_read_from_gender(gender: str) -> None:
    person = describe_person(received(patient=whole(patient(gender=gender))), NOW, ZONE)
    assert person["sex"] == Known(gender, sources=(HERE,))


@pytest.mark.parametrize("gender", ["other", "unknown", None, "f"])
def test_any_other_gender_leaves_the_sex_unknown(gender: str | None) -> None:
    person = describe_person(received(patient=whole(patient(gender=gender))), NOW, ZONE)
    assert isinstance(person["sex"], Unknown)


def test_without_a_patient_nothing_about_the_person_is_known() -> None:
    person = describe_person(Received(PATIENT_ID), NOW, ZONE)
    assert {fact.reason for fact in person.values() if isinstance(fact, Unknown)} == {Reason.NOT_REQUESTED}
    refused = describe_person(received(patient=partial(Reason.REFUSED)), NOW, ZONE)
    assert refused["age"] == Unknown(Reason.REFUSED, "patient refused")


def test_another_persons_patient_resource_is_not_read() -> None:
    person = describe_person(received(patient=whole(patient(id="somebody-else"))), NOW, ZONE)
    assert isinstance(person["age"], Unknown)
    assert person["age"].reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("members", "dead"),
    [
        ({}, False),
        ({"deceasedBoolean": False}, False),
        ({"deceasedBoolean": True}, True),
        ({"deceasedDateTime": "2026-11-01"}, True),
        ({"deceasedDateTime": "2027-01-01"}, False),  # replayed at an earlier date
        ({"deceasedDateTime": "sometime"}, True),
    ],
)
def test_death_is_read_as_of_now(members: dict[str, object], dead: bool) -> None:
    person = describe_person(received(patient=whole(patient(**members))), NOW, ZONE)  # type: ignore[arg-type]
    assert person["deceased"] == Known(dead, sources=(HERE,))


@pytest.mark.parametrize(
    ("code", "stay"), [("IMP", True), ("ACUTE", True), ("NONAC", True), ("OBSENC", True), ("AMB", False), ("VR", False)]
)
def test_the_encounter_class_says_who_is_in_hospital(code: str, stay: bool) -> None:
    call = received(encounter=whole(encounter(code)))
    assert inpatient(call) == Known(stay, sources=(Source("Encounter/e1"),))
    assert is_inpatient(call) is stay


def test_a_cancelled_stay_is_no_stay() -> None:
    assert not is_inpatient(received(encounter=whole(encounter("IMP", status="cancelled"))))


def test_without_an_encounter_nobody_is_taken_to_be_in_hospital() -> None:
    call = received(encounter=KeyResult())
    assert inpatient(call) == Unknown(Reason.NOT_SENT, "encounter not sent")
    assert not is_inpatient(call)


def test_an_encounter_without_class_or_of_another_patient_says_nothing() -> None:
    assert isinstance(inpatient(received(encounter=whole(encounter(None)))), Unknown)
    foreign = encounter("IMP", subject={"reference": "Patient/other"})
    assert isinstance(inpatient(received(encounter=whole(foreign))), Unknown)


@pytest.mark.parametrize(
    "item",
    [
        problem("385763009"),
        problem("103735009"),
        problem("Z51.5", ICD_10_CM),
        problem("Z515", ICD_10_CM),
    ],
)
def test_an_active_hospice_or_palliative_problem_is_comfort_care(item: object) -> None:
    fact = comfort_care(problems(item))  # type: ignore[arg-type]
    assert isinstance(fact, Known)
    assert fact.value is True


def test_no_comfort_care_is_known_only_from_a_whole_problem_list() -> None:
    assert comfort_care(problems(problem("38341003"))) == Known(False)
    assert comfort_care(problems(problem("385763009", active=False))) == Known(False)
    assert comfort_care(Items()) == Unknown(Reason.NOT_SENT, "problem list not sent")
    unclear = comfort_care(problems(unrecognised="goals of care talk"))
    assert unclear == Unknown(Reason.UNRECOGNISED, "the problem list has an entry without a known code")
