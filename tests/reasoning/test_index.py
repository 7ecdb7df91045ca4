"""The index and what it saves change no answer: reading every rule one by one says the same."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.chart.changing import with_order, without
from cds_service.chart.chart import Chart
from cds_service.chart.facts import Known
from cds_service.knowledge.index import index_rules
from cds_service.knowledge.rules import Condition, Group, Rule
from cds_service.presenting.verify import Findings, changed_ingredients
from cds_service.reasoning.bindings import arrange
from cds_service.reasoning.evaluate import evaluate, evaluate_rule
from cds_service.reasoning.findings import Finding
from tests.support.charts import (
    a_chart,
    a_draft,
    a_drug,
    a_line,
    a_rule,
    a_side,
    all_lines,
    any_line,
    ingredient_set,
    not_line,
    number,
)

INGREDIENTS = ["warfarin", "ibuprofen", "aspirin", "digoxin", "codeine"]
DRUG_LISTS = ("medications", "orders", "all_drugs")

some = st.lists(st.sampled_from(INGREDIENTS), min_size=1, max_size=3, unique=True)
list_lines = st.builds(
    lambda fact, operator, names: a_line(fact, operator, ingredient_set("-".join(names), *names)),
    st.sampled_from(DRUG_LISTS),
    st.sampled_from(["any_in", "none_in"]),
    some,
)
value_lines = st.sampled_from(
    [
        a_line("age", "at_least", 65, unit="a"),
        a_line("inr", "above", 4, unit="{INR}"),
        a_line("mme_daily", "at_least", 50, unit="mg/d"),
    ]
)
lines: st.SearchStrategy[Condition] = st.recursive(
    list_lines | value_lines,
    lambda inner: (
        st.builds(lambda a, b: all_lines(a, b), inner, inner)
        | st.builds(lambda a, b: any_line(a, b), inner, inner)
        | st.builds(not_line, inner)
    ),
    max_leaves=3,
)


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    found = []
    for number_of in range(draw(st.integers(1, 4))):
        names = draw(st.sampled_from([(), ("this",), ("a", "b")]))
        sides = [a_side(name, *draw(some)) for name in names]
        if names == ("this",) and draw(st.booleans()):
            sides = [a_side("this", any_drug=True)]
        conditions = draw(st.lists(lines, min_size=0 if names else 1, max_size=2))
        unless = draw(st.lists(lines, max_size=1))
        hooks = frozenset(draw(st.sampled_from([("order-sign",), ("order-select",), ("order-sign", "order-select")])))
        found.append(a_rule(f"rule-{number_of}", sides=sides, all=conditions, unless=unless, hooks=hooks))
    return found


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    chart = a_chart(
        orders=[
            a_draft(f"draft-{place}", *draw(some), selected=draw(st.booleans()))
            for place in range(draw(st.integers(0, 3)))
        ],
        medications=[a_drug(f"drug-{place}", *draw(some)) for place in range(draw(st.integers(0, 3)))],
        unread=draw(st.sampled_from([(), ("medications",), ("orders",)])),
        unrecognised=draw(st.sampled_from([{}, {"medications": ["herbs"]}, {"orders": ["herbs"]}])),
        hook=draw(st.sampled_from(["order-sign", "order-select"])),
    )
    values = draw(st.sampled_from([{}, {"age": number(80, "a")}, {"age": number(30, "a"), "inr": number(5, "{INR}")}]))
    return replace(chart, values=values)


def is_reached(rule: Rule, chart: Chart) -> bool:
    """DESIGN 4, read off one rule: a drug in focus stands on a side; for the patient, the fact it starts with is there.

    Where an order was not read or not recognised, any drug of the chart may have it as its partner in focus.
    """
    if chart.hook not in rule.hooks:
        return False
    if rule.sides:
        wanted = frozenset().union(*(side.ingredients for side in rule.sides))
        hidden = bool(chart.orders.unrecognised) or not chart.orders.complete
        held = {each for drug in (chart.drugs if hidden else chart.focus) for each in drug.ingredient_rxcuis}
        return not wanted.isdisjoint(held) or (rule.sides[0].any_drug and bool(chart.focus))
    first = rule.all[0]
    while isinstance(first, Group):
        first = first.members[0]
    if first.fact == "all_drugs":
        return bool(chart.drugs)
    if first.fact in DRUG_LISTS:
        return bool(getattr(chart, first.fact).items)
    return isinstance(chart.value(first.fact), Known)


def outcomes(findings: list[Finding]) -> list[tuple[str, str, str, tuple[object, ...]]]:
    return sorted((each.key, each.outcome.value, each.indicator.value, each.missing) for each in findings)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(rules(), charts())
def test_the_index_says_what_every_rule_says_one_by_one(library: list[Rule], chart: Chart) -> None:
    present = arrange(chart)
    one_by_one = [finding for rule in library if is_reached(rule, chart) for finding in evaluate_rule(rule, present)]
    assert outcomes(list(evaluate(index_rules(library), chart))) == outcomes(one_by_one)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(rules(), charts(), some, st.integers(0, 2))
def test_rules_that_read_no_changed_drug_say_the_same_again(
    library: list[Rule], chart: Chart, new: list[str], what: int
) -> None:
    index = index_rules(library)
    changed = chart if what == 2 or not chart.drugs else without(chart, chart.drugs[0])
    if what:
        changed = with_order(changed, a_draft("new", *new))
    before = Findings.of(evaluate(index, chart))
    again = before.again(changed, index, changed_ingredients(chart, changed))
    full = Findings.of(evaluate(index, changed))
    assert again.firing.keys() == full.firing.keys()
    assert again.undetermined.keys() == full.undetermined.keys()
    assert again.reached >= full.reached
