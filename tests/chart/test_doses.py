"""Daily and single doses per ingredient. Each expected number is worked out by hand in the test or its comment."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.doses import compare, differ, read_dose
from cds_service.chart.drugs import Dose
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.fhir.resources import Dosage
from cds_service.terminology.products import Ingredient, Product, Strength
from tests.support.small_terminology import SmallTerminology

SMALL = SmallTerminology()
WRITTEN = Source("MedicationRequest/1", datetime(2026, 11, 1, tzinfo=UTC))
TWICE = {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}
ONCE = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
IBUPROFEN, ACETAMINOPHEN, OXYCODONE = "5640", "161", "7804"


def product(rxcui: str) -> Product:
    found = SMALL.by_rxcui(rxcui)
    assert found is not None
    return found


def dose(rxcui: str, *dosages: dict[str, Any]) -> Dose:
    return read_dose(msgspec.convert(list(dosages), list[Dosage]), product(rxcui), WRITTEN)


def giving(value: float | None, unit: str | None = None, **members: Any) -> dict[str, Any]:
    quantity = {key: each for key, each in (("value", value), ("unit", unit)) if each is not None}
    return {"timing": TWICE, "doseAndRate": [{"doseQuantity": quantity}], **members}


def number(fact: Fact[float]) -> float:
    assert isinstance(fact, Known)
    return fact.value


def why(fact: Fact[float]) -> Reason:
    assert isinstance(fact, Unknown)
    return fact.reason


@pytest.mark.parametrize("unit", [None, "{tbl}", "tablet", "Tablets", "TAB", "{tablet}", "1", "ea"])
def test_a_count_is_multiplied_by_the_strength(unit: str | None) -> None:
    read = dose("197806", giving(2, unit))  # 2 tablets of 600 mg, twice a day
    assert read.single[IBUPROFEN] == Known(1200.0, "mg", (WRITTEN,), WRITTEN.as_of)
    assert read.daily[IBUPROFEN] == Known(2400.0, "mg/d", (WRITTEN,), WRITTEN.as_of)
    assert read.times_per_day == Known(2.0, "/d")


def test_every_ingredient_of_a_combination_has_its_own_dose() -> None:
    read = dose("1049221", giving(2))  # 2 × (325 mg + 5 mg), twice a day
    assert {rxcui: number(fact) for rxcui, fact in read.daily.items()} == {ACETAMINOPHEN: 1300, OXYCODONE: 20}


@pytest.mark.parametrize(("value", "unit", "mg"), [(600, "mg", 1200), (0.6, "g", 1200), (600000, "mcg", 1200)])
def test_an_amount_of_substance_needs_no_strength(value: float, unit: str, mg: float) -> None:
    assert number(dose("5640", giving(value, unit)).daily[IBUPROFEN]) == pytest.approx(mg)


def test_the_coded_unit_is_read_before_its_spelling() -> None:
    quantity = {"value": 600, "unit": "one six-hundred", "code": "mg"}
    assert number(dose("5640", {"timing": ONCE, "doseAndRate": [{"doseQuantity": quantity}]}).daily[IBUPROFEN]) == 600


@pytest.mark.parametrize(
    ("rxcui", "ingredient", "value", "unit", "daily", "ucum"),
    [
        ("308189", "723", 5, "mL", 800, "mg/d"),  # 5 mL × 80 mg/mL × 2
        ("1719286", "4603", 4, "mL", 80, "mg/d"),  # 4 mL × 10 mg/mL × 2
        ("1719286", "4603", 1, None, 200, "mg/d"),  # one 10 mL vial × 10 mg/mL × 2
        ("311041", "274783", 20, "units", 40, "[IU]/d"),
        ("311041", "274783", 0.2, "mL", 40, "[IU]/d"),  # 0.2 mL × 100 units/mL × 2
        ("198116", "8591", 1, "tablet", 40, "meq/d"),
        ("198116", "8591", 20, "mEq", 40, "meq/d"),
        ("895994", "41126", 2, "puffs", 0.176, "mg/d"),  # 2 × 0.044 mg × 2
        ("895994", "41126", 2, None, 0.176, "mg/d"),
        ("855633", "3355", 4, "g", 80, "mg/d"),  # 4 g of a 1 % gel is 40 mg
        ("245134", "4337", 25, "ug/h", 0.6, "mg/d"),  # 25 ug/h × 24 h, changed twice a day all the same
    ],
)
def test_liquids_units_sprays_gels_and_patches_come_out_in_their_own_unit(
    rxcui: str, ingredient: str, value: float, unit: str | None, daily: float, ucum: str
) -> None:
    found = dose(rxcui, giving(value, unit)).daily[ingredient]
    assert number(found) == pytest.approx(daily)
    assert isinstance(found, Known)
    assert found.unit == ucum


def test_a_patch_changed_every_72_hours_gives_24_hours_of_its_rate_a_day() -> None:
    read = dose("245134", {"timing": {"code": {"text": "Q72H"}}, "doseAndRate": [{"doseQuantity": {"value": 1}}]})
    assert number(read.daily["4337"]) == pytest.approx(0.6)  # 0.025 mg/h × 24 h
    assert number(read.single["4337"]) == pytest.approx(1.8)  # 0.025 mg/h × 72 h


def test_a_patch_left_on_beyond_what_it_lasts_gives_no_more() -> None:
    read = dose("245134", {"timing": {"repeat": {"frequency": 1, "period": 6, "periodUnit": "d"}}, "text": None}
                | {"doseAndRate": [{"doseQuantity": {"value": 1}}]})  # fmt: skip
    assert number(read.daily["4337"]) == pytest.approx(0.3)  # 1.8 mg every 6 days


def test_a_rate_per_hour_is_read_for_patches_and_infusions_are_not() -> None:
    patch = {"timing": {"code": {"text": "Q72H"}}, "doseAndRate": [{"rateQuantity": {"value": 25, "unit": "ug/h"}}]}
    drip = {"timing": ONCE, "doseAndRate": [{"rateQuantity": {"value": 100, "unit": "mL/h"}}]}
    assert number(dose("245134", patch).daily["4337"]) == pytest.approx(0.6)
    assert why(dose("1719286", drip).daily["4603"]) is Reason.NOT_RECORDED


def test_a_weekly_drug_is_a_seventh_a_day() -> None:
    weekly = {"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}}
    read = dose("105585", weekly | {"doseAndRate": [{"doseQuantity": {"value": 6}}]})
    assert number(read.daily["6851"]) == pytest.approx(15 / 7)  # 6 × 2.5 mg a week
    assert number(read.single["6851"]) == 15


@pytest.mark.parametrize(
    "shape",
    [
        {"doseAndRate": [{"doseQuantity": {"value": 2}}]},
        {"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2}}}]},
        {"doseQuantity": {"value": 2}},
        {"doseRange": {"low": {"value": 1}, "high": {"value": 2}}},
        {"doseAndRate": [{}, {"doseQuantity": {"value": 2}}]},
        {"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "drops"}}, {"doseQuantity": {"value": 2}}]},
    ],
)
def test_r4_and_stu3_shapes_and_the_upper_end_of_ranges_are_read(shape: dict[str, Any]) -> None:
    assert number(dose("197806", {"timing": TWICE, **shape}).daily[IBUPROFEN]) == 2400


@pytest.mark.parametrize(
    ("dosage", "reason"),
    [
        ({"timing": TWICE}, Reason.NOT_RECORDED),
        ({"doseAndRate": [{"doseQuantity": {"value": 1}}]}, Reason.NOT_RECORDED),
        (giving(None, "tablet"), Reason.NOT_RECORDED),
        (giving(10, "mg/kg"), Reason.UNRECOGNISED),
        (giving(3, "[drp]"), Reason.UNRECOGNISED),
        (giving(5, "mL"), Reason.UNRECOGNISED),
        (giving(20, "mEq"), Reason.UNRECOGNISED),
        (giving(0), Reason.IMPLAUSIBLE),
        (giving(-1), Reason.IMPLAUSIBLE),
        (giving(101), Reason.IMPLAUSIBLE),
        (giving(60), Reason.IMPLAUSIBLE),  # twice a day: 120 tablets
        (giving(1e308, "mg"), Reason.IMPLAUSIBLE),  # twice a day: more than a float holds
        (giving(1.1e5, "kg"), Reason.UNRECOGNISED),
        (giving(1.1e5, "g"), Reason.IMPLAUSIBLE),  # 110 kg
        ({"timing": TWICE, "doseAndRate": [{"doseQuantity": {"value": 1, "comparator": ">"}}]}, Reason.UNRECOGNISED),
    ],
)
def test_what_cannot_be_known_is_unknown_and_says_why(dosage: dict[str, Any], reason: Reason) -> None:
    assert why(dose("197806", dosage).daily[IBUPROFEN]) is reason


@pytest.mark.parametrize(
    ("rxcui", "ingredient", "value", "unit", "reason"),
    [
        ("5640", "5640", 1, "tablet", Reason.NOT_RECORDED),  # an ingredient has no strength
        ("1049221", "161", 650, "mg", Reason.UNRECOGNISED),  # mg of which ingredient?
        ("308189", "723", 5, None, Reason.UNRECOGNISED),  # 5 what of a suspension?
        ("245134", "4337", 5, "mL", Reason.UNRECOGNISED),
        ("751905", "4124", 1, "tablet", Reason.NOT_RECORDED),  # a pack of different tablets
    ],
)
def test_an_amount_that_does_not_fit_the_product_is_unknown(
    rxcui: str, ingredient: str, value: float, unit: str | None, reason: Reason
) -> None:
    assert why(dose(rxcui, giving(value, unit)).daily[ingredient]) is reason


def test_without_a_dosage_nothing_is_known() -> None:
    assert dose("197806") == Dose()


def test_instructions_without_a_sequence_add_up() -> None:
    morning = {"timing": {"repeat": {"when": ["MORN"]}}, "doseAndRate": [{"doseQuantity": {"value": 1}}]}
    evening = {"timing": {"repeat": {"when": ["EVE"]}}, "doseAndRate": [{"doseQuantity": {"value": 2}}]}
    read = dose("197806", morning, evening)
    assert number(read.daily[IBUPROFEN]) == 1800
    assert number(read.single[IBUPROFEN]) == 1200
    assert number(read.times_per_day) == 2


def test_steps_of_a_sequence_do_not_add_up_the_highest_counts() -> None:
    steps = [giving(count, sequence=step) for step, count in enumerate((4, 2, 1), start=1)]
    assert number(dose("310965", *steps).daily[IBUPROFEN]) == 1600  # 4 × 200 mg × 2, not 7 × 200 mg × 2


def test_instructions_with_the_same_sequence_add_up_inside_their_step() -> None:
    steps = [giving(1, sequence=1), giving(2, sequence=1), giving(2, sequence=2)]
    assert number(dose("310965", *steps).daily[IBUPROFEN]) == 1200  # (1 + 2) × 200 mg × 2


def test_an_instruction_without_a_number_runs_beside_numbered_steps() -> None:
    steps = [giving(1), giving(2, sequence=1), giving(1, sequence=2)]
    assert number(dose("310965", *steps).daily[IBUPROFEN]) == 1200  # (1 + 2) × 200 mg × 2


def bounded(count: float, start: str, end: str) -> dict[str, Any]:
    timing = {"repeat": {**TWICE["repeat"], "boundsPeriod": {"start": start, "end": end}}}
    return giving(count, timing=timing)


def test_periods_that_do_not_overlap_follow_each_other() -> None:
    taper = [bounded(4, "2026-11-01", "2026-11-07"), bounded(2, "2026-11-08", "2026-11-14")]
    overlap = [bounded(4, "2026-11-01", "2026-11-07"), bounded(2, "2026-11-05", "2026-11-14")]
    assert number(dose("310965", *taper).daily[IBUPROFEN]) == 1600
    assert number(dose("310965", *overlap).daily[IBUPROFEN]) == 2400


def test_a_sum_with_one_unknown_part_is_a_lower_bound() -> None:
    found = dose("197806", giving(1), {"text": "as directed"}).daily[IBUPROFEN]
    assert isinstance(found, Known)
    assert (found.value, found.at_least) == (1200, True)


def test_a_sig_fills_in_what_the_codes_leave_out() -> None:
    all_text = dose("197806", {"text": "take 1 tablet by mouth three times daily"})
    no_dose = dose("197806", {"text": "take 1 tablet by mouth twice daily", "timing": TWICE})
    no_timing = dose("197806", {"text": "1 tab po tid", "doseAndRate": [{"doseQuantity": {"value": 1}}]})
    assert number(all_text.daily[IBUPROFEN]) == 1800
    assert number(no_dose.daily[IBUPROFEN]) == 1200
    assert number(no_timing.daily[IBUPROFEN]) == 1800
    assert all_text.as_needed == Known(False)


def test_codes_and_text_that_disagree_are_both_not_believed() -> None:
    amount = dose("197806", giving(1, text="take 2 tablets twice daily"))
    times = dose("197806", giving(1, text="take 1 tablet once daily"))
    assert why(amount.daily[IBUPROFEN]) is Reason.MALFORMED
    assert why(times.daily[IBUPROFEN]) is Reason.MALFORMED
    assert amount.times_per_day == Known(2.0, "/d")


def test_a_coded_value_inside_the_range_of_the_text_is_widened_to_it() -> None:
    read = dose("197806", giving(1, text="1-2 tablets every 4-6 hours as needed", timing={"code": {"text": "Q6H"}}))
    assert number(read.daily[IBUPROFEN]) == 7200  # 2 × 600 mg × 6
    assert read.as_needed == Known(True)


def test_a_text_in_other_units_than_the_code_leaves_the_code_alone() -> None:
    assert number(dose("197806", giving(1, text="take 600 mg twice daily")).daily[IBUPROFEN]) == 1200


@pytest.mark.parametrize("period", [0, -1, 5e-324, 1e308])
def test_a_maximum_for_a_period_that_cannot_be_sets_no_dose(period: float) -> None:
    most = {"numerator": {"value": 4, "unit": "tablet"}, "denominator": {"value": period, "unit": "h"}}
    known = number(dose("197806", giving(1, maxDosePerPeriod=most)).daily[IBUPROFEN])
    assert known == 1200  # 600 mg twice a day
    unknown = dose("197806", {"maxDosePerPeriod": most}).daily[IBUPROFEN]
    assert why(unknown) is Reason.NOT_RECORDED


def test_an_implausible_coded_dose_is_not_repaired_by_its_text() -> None:
    assert why(dose("197806", giving(0, text="1 tablet twice daily")).daily[IBUPROFEN]) is Reason.IMPLAUSIBLE


@pytest.mark.parametrize(
    ("members", "needed"),
    [
        ({"asNeededBoolean": True}, Known(True)),
        ({"asNeededBoolean": False}, Known(False)),
        ({"asNeededCodeableConcept": {"text": "pain"}}, Known(True)),
        ({"text": "1 tablet bid prn"}, Known(True)),
        ({"text": "1 tablet bid"}, Known(False)),
        ({}, Unknown(Reason.NOT_RECORDED)),
        (
            {"asNeededBoolean": False, "text": "1 tablet bid prn"},
            Unknown(Reason.MALFORMED, "coded dose and text disagree"),
        ),
    ],
)
def test_as_needed_is_stated_or_unknown(members: dict[str, Any], needed: Fact[bool]) -> None:
    assert dose("197806", {"timing": TWICE, **members}).as_needed == needed


def test_one_scheduled_instruction_makes_the_drug_scheduled() -> None:
    scheduled, needed = giving(1, asNeededBoolean=False), giving(1, asNeededBoolean=True)
    assert dose("197806", scheduled, needed).as_needed == Known(False)
    assert dose("197806", needed, needed).as_needed == Known(True)
    assert dose("197806", needed, giving(1)).as_needed == Unknown(Reason.NOT_RECORDED)


def most(value: float, unit: str, per: float, per_unit: str) -> dict[str, Any]:
    return {
        "maxDosePerPeriod": {
            "numerator": {"value": value, "unit": unit},
            "denominator": {"value": per, "unit": per_unit},
        }
    }


def test_the_stated_maximum_caps_a_daily_dose_and_stands_in_for_an_unstated_one() -> None:
    every_4_hours = {"timing": {"code": {"text": "Q4H"}}}
    assert number(dose("313782", giving(2, **every_4_hours, **most(8, "tablets", 1, "d"))).daily[ACETAMINOPHEN]) == 2600
    assert number(dose("313782", giving(2, **every_4_hours, **most(3, "g", 24, "h"))).daily[ACETAMINOPHEN]) == 3000
    unstated = {"asNeededBoolean": True, **most(8, "tablets", 1, "d")}
    assert number(dose("313782", unstated).daily[ACETAMINOPHEN]) == 2600
    assert number(dose("313782", giving(1, **most(20, "tablets", 1, "d"))).daily[ACETAMINOPHEN]) == 650


@pytest.mark.parametrize("cap", [most(8, "drops", 1, "d"), most(8, "tablets", 0, "d"), most(8, "tablets", 1, "course")])
def test_a_maximum_that_cannot_be_read_caps_nothing(cap: dict[str, Any]) -> None:
    assert number(dose("313782", giving(2, **cap)).daily[ACETAMINOPHEN]) == 1300


def test_a_maximum_per_administration_caps_each_dose() -> None:
    capped = giving(3, maxDosePerAdministration={"value": 2, "unit": "tablet"})
    assert number(dose("313782", capped).daily[ACETAMINOPHEN]) == 1300
    assert number(dose("313782", capped).single[ACETAMINOPHEN]) == 650


def test_the_duration_comes_from_the_bounds_or_the_text() -> None:
    bounds = {"repeat": {**TWICE["repeat"], "boundsDuration": {"value": 10, "code": "d"}}}
    assert dose("308191", giving(1, timing=bounds)).duration_days == Known(10.0, "d")
    assert dose("308191", {"text": "1 capsule tid x 7 days"}).duration_days == Known(7.0, "d")
    steps = [giving(1, timing=bounds, sequence=1), giving(1, timing=bounds, sequence=2)]
    assert number(dose("308191", *steps).duration_days) == 20


def test_the_dose_keeps_the_words_of_the_order() -> None:
    assert dose("197806", {"text": "as directed"}, {"patientInstruction": "with food"}).text == "as directed; with food"


def test_doses_are_compared_ingredient_by_ingredient() -> None:
    low, high, silent = dose("1049221", giving(1)), dose("1049221", giving(2)), dose("1049221")
    assert (compare(low, low), compare(low, high), compare(high, low)) == ("same", "increased", "decreased")
    assert compare(low, silent) == "unknown"
    assert (differ(low, high), differ(low, low), differ(low, silent)) == (True, False, False)


def test_two_instructions_that_say_the_same_are_the_same_even_without_a_daily_dose() -> None:
    assert compare(dose("1049221"), dose("1049221")) == "same"
    once, twice = {"text": "as the clinic says"}, {"text": "as the nurse says"}
    assert compare(dose("1049221", once), dose("1049221", once)) == "same"
    assert compare(dose("1049221", once), dose("1049221", twice)) == "unknown"


def test_an_amount_nobody_can_read_may_be_another_amount() -> None:
    spoons = {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "spoons"}}]}
    assert compare(dose("1049221", spoons), dose("1049221", spoons)) == "unknown"


def test_a_dose_that_rises_in_one_ingredient_and_falls_in_another_has_no_direction() -> None:
    one = dose("1049625", giving(1))  # 325 mg + 10 mg
    other = Dose(daily={ACETAMINOPHEN: Known(1300.0, "mg/d"), OXYCODONE: Known(10.0, "mg/d")})
    assert compare(one, other) == "unknown"
    assert differ(one, other)


def test_a_lower_bound_is_not_compared() -> None:
    certain = dose("197806", giving(1))
    bound = dose("197806", giving(1), {"text": "as directed"})
    assert compare(certain, bound) == "unknown"


counts = st.integers(1, 4)


@given(st.permutations([1, 2, 3]))
def test_the_order_of_concurrent_instructions_does_not_matter(order: Sequence[int]) -> None:
    assert number(dose("310965", *(giving(count) for count in order)).daily[IBUPROFEN]) == 2400


@given(counts, st.integers(1, 12), st.sampled_from(["tablet", None, "{tbl}"]))
def test_the_daily_dose_is_count_times_frequency_times_strength(count: int, times: int, unit: str | None) -> None:
    timing = {"repeat": {"frequency": times, "period": 1, "periodUnit": "d"}}
    assert number(dose("197806", giving(count, unit, timing=timing)).daily[IBUPROFEN]) == pytest.approx(
        count * times * 600
    )


@given(st.floats(0.01, 5000), st.sampled_from([("mg", 1.0), ("g", 1000.0), ("ug", 0.001), ("mcg", 0.001)]))
def test_units_of_mass_come_out_in_mg(value: float, unit: tuple[str, float]) -> None:
    assert number(dose("5640", giving(value, unit[0])).single[IBUPROFEN]) == pytest.approx(value * unit[1], rel=1e-9)


@given(st.lists(counts, min_size=1, max_size=5))
def test_more_concurrent_instructions_never_lower_the_dose(given_counts: list[int]) -> None:
    all_of_them = number(dose("310965", *(giving(count) for count in given_counts)).daily[IBUPROFEN])
    steps = [giving(count, sequence=step) for step, count in enumerate(given_counts)]
    assert all_of_them >= number(dose("310965", *steps).daily[IBUPROFEN])


def test_a_compound_with_its_strength_per_gram_reads_grams_of_cream() -> None:
    cream = Product("", "", "cream", (Ingredient("1", "x", Strength(0.02, "mg/mg")),))
    dosage = msgspec.convert(giving(1, "g"), Dosage)
    assert number(read_dose([dosage], cream, WRITTEN).single["1"]) == pytest.approx(20)  # 2 % of 1 g
