from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.drugs import RecognisedBy
from cds_service.chart.facts import Items, Known, Reason, Unknown
from cds_service.chart.unit_words import say_unit
from cds_service.presenting.wording import (
    LISTS,
    fact_label,
    say,
    say_ago,
    say_dose,
    say_drug,
    say_missing,
    say_number,
    say_value,
    sentence,
)
from cds_service.reasoning.findings import Missing
from tests.support.charts import NOW, Dose, a_dose, a_draft, a_drug, a_problem, number


def test_a_number_is_said_with_its_date_and_age() -> None:
    assert say(number(4.8, "{INR}", days_ago=3), "INR", NOW) == "INR 4.8 (17 Nov 2026, 3 days ago)"


def test_a_derived_value_names_its_equation_once() -> None:
    egfr = Known(28.0, "mL/min/{1.73_m2}", formula="CKD-EPI 2021")
    assert say(egfr, "eGFR", NOW) == "eGFR (CKD-EPI 2021) 28 mL/min/1.73 m²"
    assert say(egfr, "eGFR (CKD-EPI 2021)", NOW) == "eGFR (CKD-EPI 2021) 28 mL/min/1.73 m²"


def test_a_value_of_this_moment_has_no_date() -> None:
    assert say(number(50, "a"), "age", NOW) == "age 50 years"


def test_a_lower_bound_says_so() -> None:
    assert say_value(Known(4550.0, "mg/d", at_least=True)) == "at least 4,550 mg/d"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (4.8, "4.8"),
        (5.0, "5"),
        (2.345, "2.35"),  # halves away from zero
        (28.04, "28"),
        (28.06, "28.1"),
        (100.5, "101"),
        (-78, "-78"),
        (999.0, "999"),
        (1000, "1,000"),
        (-1000, "-1,000"),
        (4550, "4,550"),
        (0.125, "0.125"),
        (0.00012345, "0.000123"),
        (-0.5, "-0.5"),
        (9.996, "10"),
        (Decimal("1.10"), "1.1"),
        (1e30, "1" + ",000" * 10),
    ],
)
def test_numbers_keep_three_digits_without_trailing_zeros(value: float | Decimal, said: str) -> None:
    assert say_number(value) == said


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9))
def test_a_rounded_number_is_within_half_a_percent_of_the_value(value: float) -> None:
    assert float(say_number(value).replace(",", "")) == pytest.approx(value, rel=0.00501)


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        (None, ""),
        ("{INR}", ""),
        ("1", ""),
        ("a", " years"),
        ("mg/d", " mg/d"),
        ("ug/d", " mcg/d"),
        ("[IU]/d", " units/d"),
        ("10*3/uL", " ×10³/µL"),
        ("mm[Hg]", " mmHg"),
        ("kg/m2", " kg/m²"),
        ("mL/min/{1.73_m2}", " mL/min/1.73 m²"),
        ("%", "%"),
        ("/min", " /min"),
        ("{stage}", ""),
    ],
)
def test_units_are_written_as_people_write_them(unit: str | None, said: str) -> None:
    assert say_unit(unit) == said


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (-1, ""),
        (0, "today"),
        (1, "yesterday"),
        (59, "59 days ago"),
        (61, "2 months ago"),
        (400, "13 months ago"),
        (731, "2 years ago"),
    ],
)
def test_ages_are_said_in_the_unit_that_reads_best(days: int, said: str) -> None:
    assert say_ago(days) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "d", "1 day"),
        (1, "a", "1 year"),
        (35, "mo", "35 months"),
        (118, "mo", "9 years"),
        (729, "d", "729 days"),
        (7063, "d", "19 years"),
    ],
)
def test_long_times_are_said_in_whole_years(value: float, unit: str, said: str) -> None:
    # 118 = 9 x 12 + 10; 7063 = 19 x 365 + 128
    assert say_value(Known(value, unit)) == said


def test_a_date_is_the_date_at_the_site() -> None:
    # 02:00 UTC on the 20th is still the 19th at UTC-5.
    site = timezone(timedelta(hours=-5))
    drawn = Known(4.1, "mmol/L", as_of=datetime(2026, 11, 20, 2, 0, tzinfo=UTC))
    assert say(drawn, "potassium", NOW.astimezone(site)) == "potassium 4.1 mmol/L (19 Nov 2026, yesterday)"


def test_a_date_after_now_has_no_age() -> None:
    assert say(number(4.1, "mmol/L", days_ago=-2), "potassium", NOW) == "potassium 4.1 mmol/L (22 Nov 2026)"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (True, "pregnant: yes"),
        (False, "pregnant: no"),
        ("possible", "pregnant: possible"),
        (("Gastric ulcer", "Asthma"), "pregnant: Asthma, Gastric ulcer"),
        (("Stroke (disorder)",), "pregnant: Stroke"),
        ((), "pregnant: read, nothing relevant found"),
        (Items((a_problem("Asthma"),), complete=True), "pregnant: Asthma"),
        (datetime(2026, 3, 3, tzinfo=UTC), "pregnant: 3 Mar 2026"),
    ],
)
def test_values_that_are_not_numbers_follow_a_colon(value: object, said: str) -> None:
    assert say(Known(value), "pregnant", NOW) == said


def test_an_unknown_value_says_why() -> None:
    assert say(Unknown(Reason.NOT_RECORDED), "INR", NOW) == "INR not recorded"
    assert say(Unknown(Reason.NOT_RECORDED, "INR not recorded"), "INR", NOW) == "INR not recorded"
    assert say(Unknown(Reason.TOO_OLD, as_of=NOW - timedelta(days=100)), "creatinine", NOW) == (
        "creatinine not known: last value too old (12 Aug 2026, 3 months ago)"
    )
    assert say(Unknown(Reason.REFUSED, "scope"), "INR", NOW) == "INR refused by the EHR (scope)"


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("subject", sorted(LISTS))
def test_words_for_the_unknown_never_claim_absence(reason: Reason, subject: str) -> None:
    said = [say_missing(Missing("list", subject, reason)), say_missing(Missing("value", "inr", reason))]
    for text in said:
        words = set(text.lower().replace(",", " ").split())
        assert words.isdisjoint({"no", "none", "nil", "absent", "negative", "normal", "empty", "without", "never"})
    assert LISTS[subject] in said[0]


def test_what_is_missing_is_named_by_its_kind() -> None:
    assert say_missing(Missing("list", "allergies", Reason.NOT_SENT)) == "the allergy list was not sent"
    assert say_missing(Missing("list", "conditions", Reason.UNRECOGNISED, "Fatigue")) == (
        "the problem list holds an entry that was not recognised (Fatigue)"
    )
    assert (
        say_missing(Missing("drug", "St John tea", Reason.UNRECOGNISED)) == "“St John tea” was not recognised as a drug"
    )
    assert say_missing(Missing("rule", "Warfarin with an NSAID", Reason.MALFORMED)) == (
        "the check “Warfarin with an NSAID” could not be run"
    )
    assert say_missing(Missing("value", "single_dose", Reason.NOT_RECORDED), "ibuprofen 600 MG Oral Tablet") == (
        "ibuprofen 600 MG Oral Tablet, single dose not recorded"
    )


def test_a_fact_is_called_as_the_catalogue_calls_it() -> None:
    assert fact_label("inr") == "INR"
    assert fact_label("a.single_dose") == "single dose"
    assert fact_label("something_new") == "something new"


def test_a_drug_is_said_with_dose_and_start() -> None:
    started = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
    warfarin = a_drug("warfarin 5 MG Oral Tablet", authored=started, dose=Dose(text="1 tablet daily"))
    assert say_drug(warfarin, NOW) == "warfarin 5 MG Oral Tablet, 1 tablet daily (on the list since 3 Mar 2026)"
    assert say_drug(a_drug("warfarin"), NOW) == "warfarin (on the list)"
    assert say_drug(a_draft("ibuprofen"), NOW) == "ibuprofen (being ordered now)"
    assert (
        say_drug(a_draft("ibuprofen", continues="MedicationRequest/1"), NOW) == "ibuprofen (renewal, being ordered now)"
    )


def test_without_a_sig_the_amount_per_day_is_said() -> None:
    assert say_dose(a_drug("warfarin", dose=a_dose("warfarin", 5))) == "5 mg/d"
    both = a_drug("Percocet", "oxycodone", "acetaminophen", dose=a_dose("acetaminophen", 1300, at_least=True))
    assert say_dose(both) == "acetaminophen at least 1,300 mg/d"
    assert say_dose(a_drug("warfarin")) == ""


def test_a_drug_recognised_by_its_name_says_so() -> None:
    by_name = RecognisedBy.NAME
    drug = a_draft("ibuprofen")
    named = type(drug)(**{**{name: getattr(drug, name) for name in drug.__slots__}, "recognised_by": by_name})
    assert say_drug(named, NOW) == "ibuprofen (being ordered now, recognised by name only)"


def test_sentences_start_with_a_capital_unless_the_word_is_written_small() -> None:
    assert sentence("the allergy list") == "The allergy list"
    assert sentence("eGFR not known") == "eGFR not known"
    assert sentence("") == ""


def test_a_sig_that_ends_a_sentence_goes_on_inside_one() -> None:
    drug = a_drug("tramadol", dose=Dose(text="Take as needed."))
    assert say_drug(drug, NOW) == "tramadol, Take as needed (on the list)"


def test_a_question_nobody_answered_is_not_a_value() -> None:
    assert say(Unknown(Reason.NOT_RECORDED), "pregnant", NOW) == "pregnant: not recorded"


def test_a_value_too_old_is_named_once() -> None:
    old = Unknown(Reason.TOO_OLD, "hemoglobin of 29 Aug 2019")
    assert say(old, "hemoglobin", NOW) == "hemoglobin not known: last value too old (29 Aug 2019)"


def test_a_unit_that_the_name_says_is_not_said_again() -> None:
    assert say(Known(8.0, "h"), "hours between doses", NOW) == "hours between doses 8"
