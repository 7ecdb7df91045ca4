"""Taking facts away may make a rule less sure, never turn its answer around."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.rules import Condition, Indicator, Rule
from cds_service.terminology.products import Route
from tests.support.charts import (
    SNOMED,
    a_chart,
    a_dose,
    a_draft,
    a_drug,
    a_grade,
    a_line,
    a_problem,
    a_renewal,
    a_rule,
    a_side,
    all_lines,
    an_allergy,
    any_line,
    code_set,
    index_of,
    ingredient_set,
    not_line,
    number,
)
from tests.support.hiding import compare, contradictions, facts_to_hide, said, subsets

NSAID, PPI = ingredient_set("nsaid", "ibuprofen", "naproxen"), ingredient_set("ppi", "omeprazole")
ULCER = code_set("ulcer", (SNOMED, "13200003"))
SYSTEMIC = frozenset({Route.SYSTEMIC})

BLEEDING = a_rule(
    "warfarin-nsaid",
    sides=[a_side("a", "ibuprofen", "naproxen", routes=SYSTEMIC), a_side("b", "warfarin")],
    unless=[a_line("comfort_care", "is", True, if_missing=False)],
    grades=[
        a_grade(a_line("inr", "above", 4, unit="{INR}"), "critical"),
        a_grade(any_line(a_line("age", "above", 65, unit="a"), a_line("conditions", "any_in", ULCER)), "warning"),
        a_grade(all_lines(a_line("all_drugs", "any_in", PPI), a_line("conditions", "none_in", ULCER)), "info"),
    ],
    continuation="lower",
)
DAILY_DOSE = a_rule(
    "daily-dose",
    sides=[a_side("this", "acetaminophen")],
    all=[a_line("this.daily_dose", "above", 4000, unit="mg/d"), not_line(a_line("age", "below", 18, unit="a"))],
)
ALLERGY = a_rule(
    "allergy",
    sides=[a_side("this", "amoxicillin")],
    all=[a_line("allergies", "any_in", ingredient_set("penicillins", "amoxicillin", "penicillin V"))],
)
BURDEN = a_rule(
    "burden",
    all=[a_line("all_drugs", "count_at_least", NSAID, count=2)],
    unless=[a_line("comfort_care", "is", True)],
)
FACTS = {"inr": number(5, "{INR}"), "age": number(60, "a"), "comfort_care": Known(False)}
WARFARIN, OMEPRAZOLE = a_drug("warfarin"), a_drug("omeprazole")

CASES: list[tuple[str, Rule, Chart]] = [
    (
        "a pair that fires",
        BLEEDING,
        a_chart(orders=[a_draft("ibuprofen")], medications=[WARFARIN, OMEPRAZOLE], **FACTS),
    ),
    ("a renewal", BLEEDING, a_chart(orders=[a_renewal("ibuprofen")], medications=[WARFARIN, OMEPRAZOLE], **FACTS)),
    (
        "a mitigated pair",
        BLEEDING,
        a_chart(
            orders=[a_draft("ibuprofen")], medications=[WARFARIN, OMEPRAZOLE], **{**FACTS, "inr": number(2, "{INR}")}
        ),
    ),
    (
        "a patient with an ulcer",
        BLEEDING,
        a_chart(
            orders=[a_draft("ibuprofen")],
            medications=[WARFARIN],
            conditions=[a_problem("ulcer", (SNOMED, "13200003")), a_problem("x", (SNOMED, "38341003"))],
            **FACTS,
        ),
    ),
    ("no partner", BLEEDING, a_chart(orders=[a_draft("ibuprofen")], medications=[OMEPRAZOLE], **FACTS)),
    (
        "a silenced pair",
        BLEEDING,
        a_chart(orders=[a_draft("ibuprofen")], medications=[WARFARIN], **{**FACTS, "comfort_care": Known(True)}),
    ),
    ("at patient-view", BLEEDING, a_chart(medications=[a_drug("ibuprofen"), WARFARIN], hook="patient-view", **FACTS)),
    (
        "a dose above the limit",
        DAILY_DOSE,
        a_chart(orders=[a_draft("acetaminophen", dose=a_dose("acetaminophen", 4500))], age=number(60, "a")),
    ),
    (
        "a dose below the limit",
        DAILY_DOSE,
        a_chart(orders=[a_draft("acetaminophen", dose=a_dose("acetaminophen", 3000))], age=number(60, "a")),
    ),
    ("an allergy", ALLERGY, a_chart(orders=[a_draft("amoxicillin")], allergies=[an_allergy("pen", ["penicillin V"])])),
    ("another allergy", ALLERGY, a_chart(orders=[a_draft("amoxicillin")], allergies=[an_allergy("x", ["cefdinir"])])),
    (
        "two of a class",
        BURDEN,
        a_chart(medications=[a_drug("ibuprofen"), a_drug("naproxen")], comfort_care=Known(False)),
    ),
    ("one of a class", BURDEN, a_chart(medications=[a_drug("ibuprofen"), WARFARIN], comfort_care=Known(False))),
]


@pytest.mark.parametrize(("sentence", "rule", "chart"), CASES, ids=[case[0] for case in CASES])
def test_hiding_facts_never_turns_an_answer_around(sentence: str, rule: Rule, chart: Chart) -> None:
    assert contradictions(rule, chart, index_of(rule)) == []


def test_a_written_assumption_explains_a_change_of_answer() -> None:
    rule = a_rule(sides=[a_side("this", "x")], all=[a_line("inr", "above", 4, unit="{INR}", if_missing=False)])
    assert contradictions(rule, a_chart(orders=[a_draft("x")], inr=number(5, "{INR}")), index_of(rule)) == []


def test_an_unexplained_change_of_answer_is_found() -> None:
    """`within_days` reads "never recorded" as "not measured": hidden that way, silence would turn into firing."""
    rule = a_rule(sides=[a_side("this", "x")], unless=[a_line("inr", "within_days", 14)])
    chart = a_chart(orders=[a_draft("x")], inr=number(2, "{INR}"))
    whole, hidden = (
        said(rule, index_of(rule), each)
        for each in (chart, a_chart(inr=Unknown(Reason.NOT_RECORDED), orders=chart.orders.items))
    )
    assert list(compare(rule, chart, whole, hidden, reached=True)) == [
        "a-rule|MedicationRequest/draft-x fires, on the whole chart it does not"
    ]
    assert list(compare(rule, chart, hidden, whole, reached=True)) == [
        "a-rule|MedicationRequest/draft-x does not fire and is not undetermined"
    ]


def test_every_fact_the_rule_looks_at_is_hidden() -> None:
    chart = CASES[0][2]
    assert [name for name, _ in facts_to_hide(BLEEDING, chart)] == [
        "age",
        "comfort_care",
        "inr",
        "conditions",
        "medications",
        "medications: warfarin",
        "medications: omeprazole",
        "form of ibuprofen",
        "form of warfarin",
        "form of omeprazole",
    ]


def test_up_to_twelve_facts_every_subset_is_tried_and_above_the_same_sample_each_time() -> None:
    assert len(set(subsets(3))) == 7  # 2 ** 3 - 1
    assert len(set(subsets(12))) == 4095
    assert list(subsets(20)) == list(subsets(20))
    assert len(set(subsets(20))) > 1000


# Any condition over three numbers, two lists and a dose.
LINES = st.one_of(
    st.builds(
        lambda fact, operator, limit: a_line(fact, operator, limit, unit="u"),
        st.sampled_from(["inr", "age", "egfr"]),
        st.sampled_from(["below", "at_most", "at_least", "above"]),
        st.integers(0, 4),
    ),
    st.builds(lambda low: a_line("inr", "between", (low, low + 2), unit="u"), st.integers(0, 4)),
    st.builds(lambda days: a_line("inr", "within_days", days), st.integers(0, 4)),
    st.builds(
        lambda fact, operator, count: a_line(fact, operator, NSAID, count=count if operator == "count_at_least" else 1),
        st.sampled_from(["medications", "all_drugs", "orders"]),
        st.sampled_from(["any_in", "none_in", "count_at_least"]),
        st.integers(1, 3),
    ),
    st.builds(lambda operator: a_line("conditions", operator, ULCER), st.sampled_from(["any_in", "none_in"])),
    st.builds(lambda limit: a_line("a.daily_dose", "above", limit, unit="mg/d"), st.integers(0, 4)),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LINES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda members: all_lines(*members)),
        st.lists(inner, min_size=1, max_size=3).map(lambda members: any_line(*members)),
        inner.map(not_line),
    ),
    max_leaves=4,
)
GRADES = st.builds(a_grade, CONDITIONS, st.sampled_from(list(Indicator)))
NUMBERS = st.builds(number, st.integers(0, 4), st.just("u"), days_ago=st.integers(0, 4), at_least=st.booleans())


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    return a_rule(
        sides=[a_side("a", "ibuprofen", "naproxen", routes=SYSTEMIC), a_side("b", "warfarin", "naproxen")],
        all=draw(st.lists(CONDITIONS, max_size=2)),
        unless=draw(st.lists(CONDITIONS, max_size=1)),
        grades=draw(st.lists(GRADES, max_size=2)),
        indicator=draw(st.sampled_from(list(Indicator))),
        continuation=draw(st.sampled_from(["lower", "same"])),
    )


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    names = st.lists(st.sampled_from(["ibuprofen", "naproxen", "warfarin"]), unique=True, max_size=2)
    values: dict[str, Any] = draw(st.dictionaries(st.sampled_from(["inr", "age", "egfr"]), NUMBERS))
    return a_chart(
        orders=[a_draft(name, dose=a_dose(name, draw(st.integers(0, 4)))) for name in draw(names)],
        medications=[a_drug(name) for name in draw(names)],
        conditions=draw(
            st.sampled_from([[], [a_problem("ulcer", (SNOMED, "13200003"))], [a_problem("x", ("urn:x", "1"))]])
        ),
        unread=draw(st.sampled_from([[], ["medications"], ["conditions"]])),
        hook=draw(st.sampled_from(["order-sign", "order-select", "patient-view"])),
        **values,
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(rules(), charts())
def test_hiding_facts_never_turns_any_rule_around(rule: Rule, chart: Chart) -> None:
    assert contradictions(rule, chart, index_of(rule)) == []
