"""Facts of one drug; amounts are worked out by hand in the comments."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import Chart
from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.drugs import Dose, Drug
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.terminology.products import Ingredient, Route, Strength
from tests.support.charts import NOW, a_chart, a_dose, a_draft, a_drug, a_renewal, an_allergy

PARACETAMOL = "acetaminophen"


def taking(name: str, mg: float | None, **more: Any) -> Drug:
    dose = Dose() if mg is None else a_dose(PARACETAMOL, mg)
    return a_drug(name, PARACETAMOL, dose=dose, **more)


def total(drugs: Iterable[Drug], **more: Any) -> Fact[float]:
    medications = tuple(drugs)
    return fact(a_chart(medications=medications, **more), medications[0], "total_daily_dose")


def fact(chart: Chart, drug: Drug, name: str) -> Fact[Any]:
    return drug_fact(chart, drug, drug.ingredients[0].rxcui, name)


def value(found: Fact[Any]) -> Any:
    assert isinstance(found, Known)
    return found.value


def reason(found: Fact[Any]) -> Reason:
    assert isinstance(found, Unknown)
    return found.reason


def test_every_drug_fact_of_the_catalogue_is_answered() -> None:
    names = [name for name, kind in CATALOGUE.items() if kind.of == "drug"]
    drug = a_drug("warfarin")
    chart = a_chart(medications=[drug])
    answers = {name: fact(chart, drug, name) for name in names}
    assert all(isinstance(answer, Known | Unknown) for answer in answers.values())
    for name, answer in answers.items():
        if isinstance(answer, Known) and answer.unit:
            assert answer.unit == CATALOGUE[name].unit


def test_an_unknown_name_is_an_error() -> None:
    drug = a_drug("warfarin")
    with pytest.raises(KeyError):
        fact(a_chart(), drug, "colour")


def test_the_dose_of_the_matched_ingredient_is_given() -> None:
    drug = a_drug("x", "a", "b", dose=Dose(daily={"b": Known(10.0, "mg/d")}, single={"b": Known(5.0, "mg")}))
    chart = a_chart(medications=[drug])
    assert value(drug_fact(chart, drug, "b", "daily_dose")) == 10
    assert value(drug_fact(chart, drug, "b", "single_dose")) == 5
    assert reason(drug_fact(chart, drug, "a", "daily_dose")) is Reason.NOT_RECORDED
    assert reason(drug_fact(chart, drug, "a", "single_dose")) is Reason.NOT_RECORDED


def test_the_total_adds_every_systemic_product_and_names_its_sources() -> None:
    drugs = [taking("tylenol", 2000), taking("percocet", 1300), a_drug("warfarin")]
    found = total(drugs, orders=[a_draft("norco", PARACETAMOL, dose=a_dose(PARACETAMOL, 900))])
    assert isinstance(found, Known)
    assert (found.value, found.unit, found.at_least) == (4200, "mg/d", False)


@pytest.mark.parametrize(
    ("other", "at_least"),
    [
        (taking("b", None), True),  # taken, but nobody wrote how much
        (taking("b", 500, route=Route.UNKNOWN), True),  # may be systemic
        (taking("b", 500, route=Route.TOPICAL), False),
        (taking("b", 500, status="on-hold"), False),
    ],
)
def test_what_may_add_to_the_total_makes_it_a_lower_bound(other: Drug, at_least: bool) -> None:
    found = total([taking("a", 2000), other])
    assert isinstance(found, Known)
    assert (found.value, found.at_least) == (2000, at_least)


@pytest.mark.parametrize(
    "hidden",
    [
        {"unrecognised": {"medications": ["herbal"]}},
        {"unrecognised": {"orders": ["herbal"]}},
        {"unread": ["medications"]},
    ],
)
def test_what_was_not_seen_may_hold_more(hidden: dict[str, Any]) -> None:
    found = total([taking("a", 2000)], **hidden)
    assert isinstance(found, Known)
    assert found.at_least


def test_a_total_of_nothing_known_is_unknown() -> None:
    assert reason(total([taking("a", None)])) is Reason.NOT_RECORDED
    assert reason(total([taking("a", 500, route=Route.TOPICAL)])) is Reason.NOT_RECORDED


def test_amounts_in_different_units_are_not_added() -> None:
    other = a_drug("b", PARACETAMOL, dose=Dose(daily={PARACETAMOL: Known(10.0, "[IU]/d")}))
    assert reason(total([taking("a", 2000), other])) is Reason.UNRECOGNISED


def continuing(before: Drug, order: Drug) -> Chart:
    return replace(a_chart(orders=[order]), continued={order.reference: before})


def test_a_continued_medication_counts_once_by_its_renewal() -> None:
    order = a_renewal("a", dose=a_dose("a", 300))
    assert value(fact(continuing(a_drug("a", dose=a_dose("a", 200)), order), order, "total_daily_dose")) == 300


@pytest.mark.parametrize(
    ("drug", "new", "draft"),
    [(a_draft("warfarin"), True, True), (a_renewal("warfarin"), False, True), (a_drug("warfarin"), False, False)],
)
def test_only_a_draft_that_renews_nothing_is_new(drug: Drug, new: bool, draft: bool) -> None:
    chart = a_chart()
    assert value(fact(chart, drug, "is_new")) is new
    assert value(fact(chart, drug, "is_draft")) is draft


def test_a_drug_that_replaces_another_one_is_new() -> None:
    order = a_draft("apixaban", continues="MedicationRequest/warfarin", dose_change="unknown")
    chart = continuing(a_drug("warfarin"), order)
    assert value(fact(chart, order, "is_new")) is True
    assert value(fact(chart, order, "days_on")) == 0


@pytest.mark.parametrize(
    ("drug", "change", "increased"),
    [
        (a_renewal("x", "same"), "same", False),
        (a_renewal("x", "increased"), "increased", True),
        (a_renewal("x", "decreased"), "decreased", False),
        (a_draft("x"), "new", False),
        (a_drug("x"), "same", False),
    ],
)
def test_what_happens_to_the_dose_is_known(drug: Drug, change: str, increased: bool) -> None:
    assert value(fact(a_chart(), drug, "dose_change")) == change
    assert change in CATALOGUE["dose_change"].words
    assert value(fact(a_chart(), drug, "dose_increased")) is increased


def test_a_change_between_unknown_doses_is_unknown() -> None:
    renewal = a_renewal("x", "unknown")
    assert reason(fact(a_chart(), renewal, "dose_change")) is Reason.NOT_RECORDED
    assert reason(fact(a_chart(), renewal, "dose_increased")) is Reason.NOT_RECORDED


def test_days_on_count_from_the_order_that_is_renewed() -> None:
    before = a_drug("x", authored=NOW - timedelta(days=90))
    renewal = a_renewal("x", authored=NOW)
    found = fact(continuing(before, renewal), renewal, "days_on")
    assert isinstance(found, Known)
    assert (found.value, found.unit, found.at_least) == (90, "d", True)
    assert value(fact(a_chart(), before, "days_on")) == 90
    assert value(fact(a_chart(), a_draft("x"), "days_on")) == 0
    assert reason(fact(a_chart(), a_drug("x"), "days_on")) is Reason.NOT_RECORDED


@pytest.mark.parametrize(
    ("strength", "expected"),
    [(Strength(5, "mg"), 5), (Strength(1, "g"), 1000), (Strength(75, "ug"), pytest.approx(0.075))],
)
def test_the_strength_is_given_in_mg(strength: Strength, expected: float) -> None:
    assert value(fact(a_chart(), a_drug("x", strength=strength), "strength")) == expected


def test_a_liquid_has_no_strength_per_unit() -> None:
    assert reason(fact(a_chart(), a_drug("x", strength=Strength(5, "mg/mL")), "strength")) is Reason.UNRECOGNISED
    assert reason(fact(a_chart(), a_drug("x"), "strength")) is Reason.NOT_RECORDED
    two = replace(
        a_drug("x"), ingredients=(Ingredient("y", "y", Strength(1, "mg")), Ingredient("x", "x", Strength(2, "mg")))
    )
    assert value(drug_fact(a_chart(), two, "x", "strength")) == 2


def test_frequency_need_duration_and_form_come_from_the_order() -> None:
    dose = Dose(times_per_day=Known(2.0, "/d"), duration_days=Known(5.0, "d"), as_needed=Known(True))
    drug = a_drug("x", dose=dose)
    found = [
        value(fact(a_chart(), drug, name)) for name in ("times_per_day", "duration_days", "as_needed", "dose_form")
    ]
    assert found == [2, 5, True, "Oral Tablet"]
    assert reason(fact(a_chart(), a_drug("x", dose_form=None), "dose_form")) is Reason.NOT_RECORDED


@pytest.mark.parametrize(
    ("allergies", "answer"),
    [
        ([], False),
        ([an_allergy("x", ["x"])], True),
        ([an_allergy("x", ["x"], active=False)], False),
        ([an_allergy("y", ["y"])], False),
        ([an_allergy("peanut", categories=("food",))], False),
        ([an_allergy("pollen", categories=("environment", "food"))], False),
        ([an_allergy("some drug", categories=("medication",)), an_allergy("x", ["x"])], True),
    ],
)
def test_an_allergy_to_the_same_ingredient_is_certain_either_way(allergies: list[Any], answer: bool) -> None:
    drug = a_drug("x")
    assert value(fact(a_chart(allergies=allergies), drug, "allergy_same_ingredient")) is answer


def test_an_allergy_to_another_ingredient_of_the_product_counts() -> None:
    chart = a_chart(allergies=[an_allergy("y", ["y"])])
    assert value(drug_fact(chart, a_drug("both", "x", "y"), "x", "allergy_same_ingredient")) is True


SNOMED = "http://snomed.info/sct"


@pytest.mark.parametrize("code", ["91935009", "373270004"])  # allergy to peanuts; the penicillin class
def test_a_food_or_a_class_by_its_code_is_no_ingredient(code: str) -> None:
    chart = a_chart(allergies=[an_allergy("entry", codes=[(SNOMED, code)])])
    assert value(fact(chart, a_drug("x"), "allergy_same_ingredient")) is False


@pytest.mark.parametrize(
    ("allergies", "word"),
    [
        ([an_allergy("x", ["x"], kind="intolerance")], "intolerance"),
        ([an_allergy("x", ["x"], kind="intolerance", criticality="high")], "severe"),
        ([an_allergy("x", ["x"], severe=True)], "severe"),
        ([an_allergy("x", ["x"])], "allergy"),
        ([an_allergy("x", ["x"], kind="intolerance"), an_allergy("again", ["x"], kind="allergy")], "allergy"),
    ],
)
def test_the_worst_recorded_reaction_to_the_ingredient_is_named(allergies: list[Any], word: str) -> None:
    assert value(fact(a_chart(allergies=allergies), a_drug("x"), "same_ingredient_reaction")) == word


def test_without_such_an_entry_there_is_no_reaction_to_name() -> None:
    chart = a_chart(allergies=[an_allergy("y", ["y"])])
    assert reason(fact(chart, a_drug("x"), "same_ingredient_reaction")) is Reason.NOT_RECORDED


@pytest.mark.parametrize("categories", [(), ("medication",), ("food", "medication"), ("biologic",)])
def test_an_allergy_that_may_be_to_the_drug_leaves_it_open(categories: tuple[str, ...]) -> None:
    chart = a_chart(allergies=[an_allergy("substance 7", categories=categories)])
    assert fact(chart, a_drug("x"), "allergy_same_ingredient") == Unknown(Reason.UNRECOGNISED, "allergy: substance 7")


def test_unread_or_unrecognised_allergies_are_never_no_allergy() -> None:
    drug = a_drug("x")
    unread = a_chart(unread=["allergies"])
    worded = a_chart(unrecognised={"allergies": ["blue tablets"]})
    assert fact(unread, drug, "allergy_same_ingredient") == Unknown(Reason.NOT_SENT, "allergies")
    assert fact(worded, drug, "allergy_same_ingredient") == Unknown(Reason.UNRECOGNISED, "allergy: blue tablets")
    certain = a_chart(allergies=[an_allergy("x", ["x"])], unread=["allergies"])
    assert value(fact(certain, drug, "allergy_same_ingredient")) is True
