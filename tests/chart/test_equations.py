"""Published equations against published or hand-calculated values."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart import equations
from cds_service.chart.equations import LiverValues, QtRisks
from tests.support.shared import SHARED, needs_shared

VECTORS = Path(__file__).resolve().parents[1] / "support" / "vectors" / "equations.json"
QTC = {
    "QTc bazett": equations.qtc_bazett,
    "QTc fridericia": equations.qtc_fridericia,
    "QTc framingham": equations.qtc_framingham,
    "QTc hodges": equations.qtc_hodges,
}
START = datetime(2026, 11, 1, tzinfo=UTC)


def compute(vector: dict[str, Any]) -> Any:
    """What our function gives for a vector's inputs."""
    name, given_ = vector["equation"], vector["inputs"]
    if name == "CKD-EPI-2021":
        return equations.ckd_epi_2021(given_["scr"], given_["age"], given_["sex"] == "female")
    if name.startswith("Cockcroft-Gault"):
        weight = given_.get("weight_used", given_["weight"])
        return equations.cockcroft_gault(given_["scr"], given_["age"], weight, given_["sex"] == "female")
    if name == "Child-Pugh":
        words = given_["ascites"], given_["encephalopathy"]
        return equations.child_pugh(given_["bili_mg_dl"], given_["alb"], given_["inr"], *words)
    if name == "Tisdale":
        return equations.tisdale(qt_risks(given_))
    if name in QTC:
        return QTC[name](given_["qt_ms"], given_["hr"])
    values = LiverValues(
        bool(given_["female"]),
        given_["bili"],
        given_["inr"],
        given_["cr"],
        given_["na"],
        given_["alb"],
        given_.get("dialysis", False),
    )
    return {"raw": equations.meld_3_unrounded(values), "score": equations.meld_3(values)}


def qt_risks(given_: dict[str, Any]) -> QtRisks:
    return QtRisks(
        given_["age"],
        bool(given_["female"]),
        bool(given_["loop"]),
        given_["k"],
        given_["qtc"],
        bool(given_["ami"]),
        bool(given_["sepsis"]),
        bool(given_["hf"]),
        given_["n_qt"],
    )


def ours(vectors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    named = ("CKD-EPI-2021", "Cockcroft-Gault", "MELD 3.0", "Child-Pugh", "QTc", "Tisdale")
    return [vector for vector in vectors if vector["equation"].startswith(named)]


@pytest.mark.parametrize("vector", json.loads(VECTORS.read_text()), ids=lambda vector: vector["equation"])
def test_an_equation_reproduces_its_vector(vector: dict[str, Any]) -> None:
    assert compute(vector) == pytest.approx(vector["expected"], abs=vector["tolerance"])


@needs_shared
@pytest.mark.shared
def test_every_equation_reproduces_all_shared_vectors() -> None:
    vectors = ours(json.loads((SHARED / "data/models/test_vectors.json").read_text()))
    assert len(vectors) == 50
    for vector in vectors:
        assert compute(vector) == pytest.approx(vector["expected"], abs=vector["tolerance"]), vector


def test_creatinine_equations_refuse_children() -> None:
    assert equations.ckd_epi_2021(0.6, 17, True) is None
    assert equations.cockcroft_gault(0.6, 17, 60, True) is None


def test_creatinine_equations_refuse_impossible_inputs() -> None:
    assert equations.ckd_epi_2021(0, 50, True) is None
    assert equations.cockcroft_gault(1, 140, 60, True) is None
    assert equations.cockcroft_gault(1, 50, 0, True) is None
    assert equations.cockcroft_gault(0, 50, 60, True) is None


def test_ideal_weight_follows_devine_from_five_feet() -> None:
    assert equations.ideal_weight(152.4, female=False) == pytest.approx(50.0)
    assert equations.ideal_weight(152.4, female=True) == pytest.approx(45.5)
    # 175 cm is 8.898 inches over five feet: 50 + 2.3 * 8.898 = 70.46
    assert equations.ideal_weight(175, female=False) == pytest.approx(70.464, abs=0.001)
    assert equations.ideal_weight(152.3, female=False) is None


def test_adjusted_weight_takes_four_tenths_of_the_excess() -> None:
    # the worked Cockcroft-Gault example: 70.464 + 0.4 * (87 - 70.464) = 77.079
    assert equations.adjusted_weight(87, 70.4646) == pytest.approx(77.0787, abs=0.001)


@pytest.mark.parametrize(
    ("weight", "expected", "which"),
    [
        (60, 60, "actual"),  # below the ideal 70.46
        (87, 70.464, "ideal"),  # BMI 28.4
        (100, 82.279, "adjusted"),  # BMI 32.7: 70.464 + 0.4 * 29.535
    ],
)
def test_dosing_weight_says_which_weight_it_is(weight: float, expected: float, which: str) -> None:
    found = equations.dosing_weight(weight, 175, female=False)
    assert found == (pytest.approx(expected, abs=0.001), which)


def test_dosing_weight_is_not_defined_below_five_feet() -> None:
    assert equations.dosing_weight(50, 140, female=True) is None


def test_body_mass_index_is_kilograms_by_square_metre() -> None:
    assert equations.body_mass_index(81, 180) == pytest.approx(25.0)


def creatinines(*values: tuple[float, float]) -> list[tuple[datetime, float]]:
    """(hours after START, mg/dL)"""
    return [(START + timedelta(hours=hours), value) for hours, value in values]


@pytest.mark.parametrize(
    ("series", "stage"),
    [
        (((0, 0.9), (24, 1.2)), 1),  # +0.3 within 48 h, exactly
        (((0, 0.9), (24, 1.19)), 0),
        (((0, 1.0), (48, 1.3)), 1),  # the 48th hour still counts
        (((0, 1.0), (49, 1.3)), 0),  # +0.3 too slowly, and only 1.3 times
        (((0, 1.0), (144, 1.5)), 1),  # 1.5 times within 7 days
        (((0, 1.0), (144, 1.99)), 1),
        (((0, 1.0), (144, 2.0)), 2),
        (((0, 1.0), (144, 3.0)), 3),
        (((0, 3.7), (24, 4.0)), 3),  # +0.3 makes it AKI, 4.0 makes it stage 3
        (((0, 4.0), (24, 4.1)), 0),  # chronically high is not acute
        (((0, 1.0), (24, 3.2), (96, 1.4)), 3),  # the highest stage of the week
        (((0, 2.0), (24, 1.0)), 0),  # a fall is not a rise
        (((0, 1.0), (169, 3.0)), None),  # nothing to compare within the week
        (((0, 1.0),), None),
        ((), None),
    ],
)
def test_aki_is_staged_as_kdigo_defines_it(series: tuple[tuple[float, float], ...], stage: int | None) -> None:
    assert equations.aki_stage(creatinines(*series)) == stage


SERIES = st.lists(st.tuples(st.integers(0, 300), st.floats(0.2, 12)), max_size=8, unique_by=lambda pair: pair[0])


@given(SERIES)
def test_aki_stage_does_not_depend_on_the_order_results_arrive_in(series: list[tuple[float, float]]) -> None:
    forward, backward = creatinines(*series), creatinines(*reversed(series))
    assert equations.aki_stage(forward) == equations.aki_stage(backward)


@given(st.floats(0.2, 15), st.floats(0.2, 15), st.floats(18, 100), st.booleans())
def test_more_creatinine_is_never_more_filtration(one: float, other: float, age: float, female: bool) -> None:
    low, high = sorted((one, other))
    better, worse = equations.ckd_epi_2021(low, age, female), equations.ckd_epi_2021(high, age, female)
    assert better is not None
    assert worse is not None
    assert better >= worse


@pytest.mark.parametrize("formula", QTC.values())
def test_every_qt_correction_leaves_the_qt_alone_at_sixty_beats(formula: Any) -> None:
    assert formula(400, 60) == pytest.approx(400)
    assert formula(400, 0) is None


def test_child_pugh_spans_five_to_fifteen_points() -> None:
    assert equations.child_pugh(1.9, 3.6, 1.6, "none", "none") == 5
    assert equations.child_pugh(2, 3.5, 1.7, "mild", "mild") == 10
    assert equations.child_pugh(3, 2.8, 2.3, "mild", "mild") == 10
    assert equations.child_pugh(3.1, 2.7, 2.4, "severe", "severe") == 15


def test_child_pugh_refuses_words_it_does_not_know() -> None:
    assert equations.child_pugh(1, 4, 1, "some", "none") is None
    assert equations.child_pugh(1, 4, 1, "none", "drowsy") is None
