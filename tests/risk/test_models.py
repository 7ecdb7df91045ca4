"""What holds of every model and of every input: exact parts, monotone steps, quick answers equal to the slow ones."""

import subprocess
import sys
from math import fsum, isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.governance.check import check_models
from cds_service.knowledge.bundle import Bundle, Calibration, Predictor
from cds_service.knowledge.golden_rows import golden_file, read_golden
from cds_service.knowledge.page import Page
from cds_service.knowledge.rules import Line, Operator
from cds_service.knowledge.sources import Sources
from cds_service.knowledge.stored import read_release, write_release
from cds_service.knowledge.terms import Link
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.logic import Truth
from cds_service.risk.golden import check_golden
from cds_service.risk.links import calibrate, probability_of, quantity_of
from cds_service.risk.lists import arrange
from cds_service.risk.predict import predict_all
from cds_service.risk.prediction import Prediction, Predictors, Refusal
from cds_service.risk.predictors import read_predictors
from cds_service.risk.questions import ask
from tests.risk.bundles import bundle, read_shipped
from tests.risk.rewrite import MODELS
from tests.rules.library import shipped, shipped_sources
from tests.support.charts import ICD10CM, SNOMED, a_chart, a_drug, all_lines, any_line, not_line

SHIPPED = [each.id for each in read_shipped()]


def facts_of(model: Bundle) -> st.SearchStrategy[dict[str, Fact[Any]]]:
    """Facts of a model, most of them inside its ranges, some unknown or outside."""
    return st.fixed_dictionaries({each.fact: fact_of(each) for each in model.predictors})


def fact_of(predictor: Predictor) -> st.SearchStrategy[Fact[Any]]:
    unknown = st.sampled_from([Unknown(reason) for reason in (Reason.NOT_SENT, Reason.TOO_OLD)])
    if predictor.words:
        return st.one_of(st.sampled_from(predictor.words).map(lambda word: Known(word)), unknown)
    assert predictor.within is not None
    low, high = predictor.within
    if predictor.unit is None:
        return st.one_of(st.booleans().map(lambda value: Known(value)), unknown)
    inside = st.floats(low, high).map(lambda value: Known(value, predictor.unit))
    outside = st.just(Known(high + 1, predictor.unit))
    return st.one_of(inside, inside, inside, outside, unknown)


@pytest.mark.parametrize("id", SHIPPED)
@settings(max_examples=15)
@given(data=st.data())
def test_contributions_sum_exactly_and_refusals_have_reasons(id: str, data: st.DataObject) -> None:
    model = bundle(id)
    predictors = read_predictors(model, data.draw(facts_of(model)))
    for said in predict_all(model, predictors):
        if isinstance(said, Refusal):
            assert said.reasons
            continue
        total = said.intercept + fsum(each.contribution for each in said.contributions)
        assert total == pytest.approx(said.total, abs=1e-9, rel=1e-12)
        assert isfinite(said.result)
        assert [said.probability, said.points, said.quantity].count(None) == 2
        if said.probability is not None:
            assert 0 <= said.probability <= 1
        if said.points is not None:
            assert said.most is not None
            assert said.most >= said.points


@given(data=st.data())
def test_hiding_what_is_known_never_makes_points_certain(data: st.DataObject) -> None:
    model = bundle(data.draw(st.sampled_from(["has-bled", "riosord", "tisdale", "cha2ds2-va", "lace", "hospital"])))
    facts = data.draw(facts_of(model))
    hidden = data.draw(st.sets(st.sampled_from(sorted(facts))))
    less = {name: Unknown(Reason.NOT_SENT) if name in hidden else fact for name, fact in facts.items()}
    for more_known, less_known in zip(
        predict_all(model, read_predictors(model, facts)), predict_all(model, read_predictors(model, less)), strict=True
    ):
        if isinstance(less_known, Prediction):
            assert isinstance(more_known, Prediction) or hidden
        if isinstance(less_known, Prediction) and isinstance(more_known, Prediction):
            assert less_known.points is not None
            assert more_known.points is not None
            assert less_known.most is not None
            assert more_known.most is not None
            assert less_known.points <= more_known.points
            assert less_known.most >= more_known.most


def test_every_model_gives_what_its_golden_rows_say() -> None:
    sources = shipped_sources()
    rows = 0
    for model in read_shipped():
        page = Page(golden_file(model))
        golden = list(read_golden(page, sources.rows[page.file], model))
        assert page.problems == []
        assert list(check_golden(model, golden)) == []
        rows += len(golden)
    assert rows > 1000


def test_a_model_that_gives_something_else_is_refused() -> None:
    model = bundle("fib-4")
    right = shipped_sources().rows[golden_file(model)]
    wrong = ({**right[0], "expected": repr(float(right[0]["expected"]) * (1 + 1e-8))}, *right[1:])
    release = shipped().release
    rows = {**shipped_sources().rows, golden_file(model): wrong}
    (problem,) = check_models(release, Sources(shipped_sources().documents, rows))
    assert (problem.file, problem.where) == ("models/fib-4/golden.csv", "row 1")
    assert "the model gives" in problem.message


def test_a_golden_row_of_no_outcome_or_with_a_word_for_a_number_is_named() -> None:
    model = bundle("fib-4")
    row = shipped_sources().rows[golden_file(model)][0]
    page = Page(golden_file(model))
    golden = list(read_golden(page, ({**row, "outcome": "stroke"}, {**row, "age": "old"}), model))
    assert [each.where for each in page.problems] == ["row 2"]
    assert [each.message for each in check_golden(model, golden)] == ["there is no outcome 'stroke'"]
    for rows in ((), ({"outcome": "fib4", "expected": "1"},)):
        empty = Page(golden_file(model))
        assert list(read_golden(empty, rows, model)) == []
        assert empty.problems


def test_an_empty_golden_cell_is_unknown() -> None:
    model = bundle("has-bled")
    row = {**shipped_sources().rows[golden_file(model)][0], "sbp": "", "drugs": "true"}
    (golden,) = read_golden(Page(golden_file(model)), (row,), model)
    assert (golden.inputs["sbp"], golden.inputs["drugs"]) == (None, 1.0)


def test_every_folder_of_models_is_read() -> None:
    folders = {path.parent.name for path in MODELS.glob("*/bundle.toml")}
    assert folders == {each.id for each in shipped().release.models}


def test_a_release_brings_its_models_back() -> None:
    release = shipped().release
    assert read_release(write_release(release), release.terminology).models == release.models


def test_what_running_models_read_is_asked_for() -> None:
    release = shipped().release
    assert {"total_cholesterol", "qt_drug_count", "smoking_status"} <= release.needs.facts
    assert "http://loinc.org|2093-3" in release.needs.codes["labs"]


CODES = ["I50.9", "I509", "I50", "I5", "E11.9", "I63.9", "G45.9", "K74.60", "Z86.73", "F11.20"]
SNOMEDS = ["84114007", "44054006", "230690007", "1", "13645005"]
PROBLEM = st.builds(
    Problem,
    reference=st.text("abc", min_size=1, max_size=3),
    name=st.just("a problem"),
    codes=st.lists(
        st.one_of(
            st.sampled_from(CODES).map(lambda code: Coded(ICD10CM, code)),
            st.sampled_from(SNOMEDS).map(lambda code: Coded(SNOMED, code)),
            st.just(Coded("http://hl7.org/fhir/sid/icd-9-cm", "428.0")),
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
    active=st.booleans(),
)


def lines() -> list[Line]:
    """Every question about a list that a shipped model asks."""
    asked = [line for model in read_shipped() for line in (each.when for each in model.predictors)]
    return [line for line in asked if isinstance(line, Line)]


@given(
    problems=st.lists(PROBLEM, max_size=4),
    drugs=st.lists(st.sampled_from(["1364430", "5640", "7052", "4603", "999"]), max_size=4),
    unread=st.sets(st.sampled_from(["conditions", "medications", "orders"])),
    odd=st.sets(st.sampled_from(["conditions", "medications"])),
    line=st.sampled_from(lines()),
)
def test_a_quick_answer_is_the_answer_of_the_rules(
    problems: list[Problem], drugs: list[str], unread: set[str], odd: set[str], line: Line
) -> None:
    chart = a_chart(
        conditions=problems,
        medications=[a_drug(each, each) for each in drugs],
        unread=unread,
        unrecognised={name: ["something"] for name in odd},
        age=Known(70.0, "a"),
    )
    lists = arrange(chart)
    for condition in (line, not_line(line), any_line(line, line), all_lines(line, not_line(line))):
        slow = weigh(condition, chart, {}).truth
        quick = ask(condition, lists)
        assert (slow is Truth.UNKNOWN) == isinstance(quick, Unknown)
        if isinstance(quick, Known):
            assert quick.value is (slow is Truth.TRUE)


def test_an_age_of_a_value_is_left_to_the_rules() -> None:
    chart = a_chart(inr=Known(2.0, "{INR}", as_of=a_chart().now))
    answer = ask(Line("inr", Operator.WITHIN_DAYS, 7.0), arrange(chart))
    assert isinstance(answer, Known)
    assert answer.value


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-2, 2), st.floats(0.1, 3))
def test_a_calibration_step_never_turns_two_patients_round(
    one: float, other: float, intercept: float, slope: float
) -> None:
    low, high = sorted((one, other))
    for step in (
        Calibration(),
        Calibration("logistic", intercept, slope),
        Calibration("isotonic", x=(0.1, 0.2, 0.6), y=(0.05, 0.2, 0.2)),
    ):
        assert calibrate(step, low) <= calibrate(step, high)
        assert 0 <= calibrate(step, low) <= 1


def test_calibration_by_hand() -> None:
    assert calibrate(Calibration("logistic", 0.0, 1.0), 0.3) == pytest.approx(0.3)
    # Odds of 1 to 3 doubled are 2 to 3.
    assert calibrate(Calibration("logistic", 0.6931471805599453, 1.0), 0.25) == pytest.approx(0.4)
    steps = Calibration("isotonic", x=(0.1, 0.3), y=(0.2, 0.4))
    assert [calibrate(steps, each) for each in (0.0, 0.2, 0.9)] == pytest.approx([0.2, 0.3, 0.4])


def test_links_by_hand() -> None:
    assert probability_of(Link.LOGIT, 0.0, None) == 0.5
    assert probability_of(Link.LOGIT, -800.0, None) == pytest.approx(0.0)
    assert probability_of(Link.CLOGLOG, 0.0, None) == pytest.approx(1 - 1 / 2.718281828459045)
    assert probability_of(Link.CLOGLOG, 1e6, None) == 1.0
    assert probability_of(Link.SURVIVAL, 0.0, 0.9) == pytest.approx(0.1)
    assert quantity_of(Link.EXP, 1.0) == pytest.approx(2.718281828459045)
    assert quantity_of(Link.IDENTITY, 7.0) == 7.0


def test_predictors_are_the_same_to_the_bit_whoever_asks() -> None:
    model = bundle("kfre-4-north-america")
    facts: dict[str, Fact[Any]] = {
        "age": Known(63.7, "a"),
        "sex": Known("female"),
        "egfr_ckdepi2021": Known(37.3, "mL/min/{1.73_m2}"),
        "uacr": Known(0.1 + 0.2, "mg/g"),
        "not_of_the_model": Known(1.0),
    }
    read = read_predictors(model, facts)
    assert read == read_predictors(model, dict(reversed(facts.items())))
    assert read.values == {"age": 63.7, "sex": "female", "egfr": 37.3, "uacr": 0.1 + 0.2}
    assert Predictors(read.values).refusals == ()


def test_scoring_imports_nothing_of_training() -> None:
    heavy = "('sklearn', 'statsmodels', 'pandas', 'numpy', 'scipy', 'interpret')"
    code = (
        f"import sys, cds_service.risk.score, cds_service.risk.golden; print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
