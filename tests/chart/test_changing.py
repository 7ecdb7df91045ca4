"""Charts as they would be: doses rewritten in an order's own words, orders read back, renewals kept together."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.changing import (
    read_order,
    renew,
    rewrite_dose,
    rewrite_frequency,
    with_changed,
    with_new_dose,
    with_order,
    without,
)
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Known
from cds_service.chart.sigs import reword
from cds_service.fhir.build import change_dose, new_medication_order
from cds_service.knowledge.suggestions import Sig
from cds_service.terminology.products import Strength
from tests.support.charts import a_chart, a_dose, a_draft, a_drug
from tests.support.small_terminology import SmallTerminology

TERMINOLOGY = SmallTerminology()
IBUPROFEN = "5640"


def ordered(dose: Any, text: str | None = None, strength: float | None = 200, **more: Any) -> Drug:
    """A draft of ibuprofen whose order states `dose` as its doseQuantity."""
    instruction = {**({"text": text} if text else {}), "doseAndRate": [{"doseQuantity": dose}]}
    order = {"resourceType": "MedicationRequest", "id": "o1", "dosageInstruction": [instruction]}
    return a_draft(
        "ibuprofen",
        IBUPROFEN,
        reference="MedicationRequest/o1",
        rxcui="310965",
        strength=Strength(strength, "mg") if strength else None,
        original=json.dumps({**order, **more}).encode(),
    )


@pytest.mark.parametrize(
    ("dose", "value", "unit", "number"),
    [
        ({"value": 600, "unit": "mg"}, 400, "mg", 400),
        ({"value": 0.6, "unit": "g"}, 400, "mg", 0.4),
        ({"value": 600, "unit": "mg"}, 0.4, "g", 400),
        ({"value": 3, "unit": "tablet"}, 400, "mg", 2),  # tablets of 200 mg
        ({"value": 3}, 200, "mg", 1),
    ],
)
def test_a_dose_is_rewritten_in_the_orders_own_unit(dose: Any, value: float, unit: str, number: float) -> None:
    rewritten = rewrite_dose(ordered(dose), value, unit)
    assert rewritten is not None
    assert (rewritten.value, rewritten.words) == (number, None)


@pytest.mark.parametrize(
    ("dose", "value", "unit"),
    [
        ({"value": 3, "unit": "tablet"}, 300, "mg"),  # one and a half tablets of 200 mg
        ({"value": 3, "unit": "tablet"}, 100, "mg"),  # half a tablet
        ({"value": 10, "unit": "mL"}, 400, "mg"),
        ({"value": 3, "unit": "tablet"}, 400, "[IU]"),
        ({"unit": "tablet"}, 400, "mg"),
        ({"value": 1, "unit": "dollop"}, 400, "mg"),
    ],
)
def test_a_dose_that_cannot_be_said_exactly_is_not_rewritten(dose: Any, value: float, unit: str) -> None:
    assert rewrite_dose(ordered(dose), value, unit) is None


def test_tablets_of_unknown_strength_are_not_counted() -> None:
    assert rewrite_dose(ordered({"value": 3, "unit": "tablet"}, strength=None), 400, "mg") is None


@pytest.mark.parametrize("instructions", [[], [{"text": "as directed"}], [{}, {}]])
def test_an_order_without_one_coded_dose_is_not_rewritten(instructions: Any) -> None:
    assert rewrite_dose(ordered({"value": 1}, dosageInstruction=instructions), 400, "mg") is None


def test_the_sentence_changes_with_the_dose_if_it_counts_the_same() -> None:
    tablets = rewrite_dose(ordered({"value": 3, "unit": "tablet"}, "Take 3 tablets 3 times daily"), 200, "mg")
    assert tablets
    assert tablets.words == "Take 1 tablet 3 times daily"
    in_mg = rewrite_dose(ordered({"value": 600, "unit": "mg"}, "Take 3 tablets 3 times daily"), 200, "mg")
    assert in_mg
    assert in_mg.words is None


@pytest.mark.parametrize(
    ("text", "amount", "frequency", "new"),
    [
        ("Take 2 Tablets by mouth every 6 hours as needed", 1, "", "Take 1 Tablet by mouth every 6 hours as needed"),
        ("Take 2 tablets every 6 hours as needed for pain", 1, "", "Take 1 tablet every 6 hours as needed for pain"),
        ("  500 mg BID.", 250, "", "  250 mg BID."),
        ("1 cap daily", 3, "", "3 caps daily"),
        ("1 daily", 2, "", "2 daily"),
        ("Take 1 tablet every 6 hours for 5 days", None, "twice a day", "Take 1 tablet twice a day for 5 days"),
        ("Take 1-2 tablets daily", 1, "", None),
        ("take as directed", 1, "", None),
        ("twice daily", 1, "", None),
        ("Take 1 tablet daily in the morning", None, "twice a day", None),
        ("Take 1 tablet as needed", None, "twice a day", None),
        ("", 1, "", None),
    ],
)
def test_a_sentence_changes_in_one_place_or_not_at_all(
    text: str, amount: float | None, frequency: str, new: str | None
) -> None:
    assert reword(text, amount, frequency) == new


def test_a_frequency_is_reworded_only_in_a_sentence_that_is_there() -> None:
    assert rewrite_frequency(ordered({"value": 1}), "twice a day") is None
    said = ordered({"value": 1, "unit": "tablet"}, "Take 1 tablet every 6 hours")
    assert rewrite_frequency(said, "twice a day") == "Take 1 tablet twice a day"


def test_a_created_order_is_read_like_a_draft() -> None:
    sig = Sig(2, "tablet", "oral", times_per_day=3)
    order = new_medication_order("310965", "ibuprofen 200 MG Oral Tablet", sig, "P1", None)
    drug = read_order(order, "MedicationRequest/new", TERMINOLOGY)
    assert drug
    assert drug.is_draft
    assert drug.selected
    daily = drug.dose.daily[IBUPROFEN]
    assert isinstance(daily, Known)
    assert (daily.value, daily.unit) == (1200, "mg/d")  # 2 × 200 × 3


def test_an_order_nobody_recognises_is_none() -> None:
    order = new_medication_order("1", "unheard of", Sig(1, "tablet", "oral"), "P1", None)
    assert read_order(order, "MedicationRequest/new", TERMINOLOGY) is None


def test_a_changed_order_is_read_again() -> None:
    drug = ordered({"value": 3})
    patched = change_dose(drug.original, 1, None)
    assert patched
    changed = with_new_dose(a_chart(orders=(drug,)), drug, patched, TERMINOLOGY)
    single = changed.dose.single[IBUPROFEN]
    assert isinstance(single, Known)
    assert single.value == 200
    assert changed.original == patched


def test_a_compound_that_rxnorm_does_not_know_keeps_its_ingredients() -> None:
    drug = replace(ordered({"value": 3, "unit": "tablet"}), rxcui="")
    changed = with_new_dose(a_chart(orders=(drug,)), drug, drug.original, TERMINOLOGY)
    assert isinstance(changed.dose.single[IBUPROFEN], Known)


def test_drugs_leave_join_and_change_on_the_chart() -> None:
    order, active = a_draft("one"), a_drug("two")
    chart = a_chart(orders=(order,), medications=(active,))
    assert without(chart, order).drugs == (active,)
    assert without(chart, active).drugs == (order,)
    third = a_draft("three")
    assert with_order(chart, third).orders.items == (order, third)
    lower = a_draft("one", dose=a_dose("one", 5))
    assert with_changed(chart, lower).orders.items == (lower,)


def test_what_takes_the_place_of_a_renewal_renews_the_same_medication() -> None:
    before = a_drug("ibuprofen", IBUPROFEN, dose=a_dose(IBUPROFEN, 1800))
    old = a_draft("ibuprofen", IBUPROFEN, continues=before.reference, dose_change="same")
    chart = replace(a_chart(orders=(old,)), continued={old.reference: before})
    lower = a_draft("lower", IBUPROFEN, dose=a_dose(IBUPROFEN, 1200))
    changed = renew(chart, old, lower)
    (new,) = changed.orders.items
    assert (new.continues, new.dose_change) == (before.reference, "decreased")
    assert changed.continued == {lower.reference: before}
    other = renew(chart, old, a_draft("acetaminophen")).orders.items[0]
    assert (other.continues, other.dose_change) == (before.reference, "unknown")


def test_what_takes_the_place_of_a_new_draft_is_new() -> None:
    old = a_draft("old")
    (new,) = renew(a_chart(orders=(old,)), old, a_draft("new")).orders.items
    assert new.continues is None
