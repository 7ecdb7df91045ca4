"""Evaluating many rules at once: failures stay apart, order does not matter, and only named rules are looked at."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.release import RuleIndex
from cds_service.knowledge.rules import Indicator, Rule
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Outcome
from cds_service.reasoning.sides import stand
from tests.support.charts import (
    SNOMED,
    a_chart,
    a_draft,
    a_drug,
    a_grade,
    a_line,
    a_problem,
    a_rule,
    a_side,
    code_set,
    index_of,
    number,
)
from tests.support.findings import drugs_of, the_finding

IBUPROFEN_RULE = a_rule("ibuprofen", sides=[a_side("this", "ibuprofen")])


def test_a_rule_that_crashes_gives_an_error_and_the_others_still_run() -> None:
    broken = a_rule("broken", sides=[a_side("this", "ibuprofen")], all=[a_line("inr", "above", "four", unit="{INR}")])
    chart = a_chart(orders=[a_draft("ibuprofen")], inr=number(5, "{INR}"))
    error, fired = evaluate(index_of(broken, IBUPROFEN_RULE), chart)
    assert (error.rule.id, error.outcome, error.indicator) == ("broken", Outcome.ERROR, Indicator.WARNING)
    assert (fired.rule.id, fired.outcome) == ("ibuprofen", Outcome.FIRES)


def test_the_message_of_an_error_names_the_rule_and_no_patient_data() -> None:
    broken = a_rule("broken", sides=[a_side("this", "ibuprofen")], all=[a_line("name", "above", 4)])
    finding = the_finding(broken, a_chart(orders=[a_draft("ibuprofen")], name=Known("Jane Roe")))
    assert finding.error == "broken 1.0.0 stopped with TypeError"
    assert finding.bindings == {}


def test_a_rule_of_any_drug_is_asked_of_each_drug_in_focus_and_of_nothing_else() -> None:
    rule = a_rule("any", sides=[a_side("this", any_drug=True)], all=[a_line("this.is_draft", "is", True)])
    chart = a_chart(orders=[a_draft("ibuprofen"), a_draft("warfarin")], medications=[a_drug("digoxin")])
    fired = evaluate(index_of(rule), chart)
    assert [drugs_of(finding) for finding in fired] == [{"this": "ibuprofen"}, {"this": "warfarin"}]
    assert evaluate(index_of(rule), a_chart(medications=[a_drug("digoxin")])) == ()
    assert evaluate(index_of(rule), a_chart(unrecognised={"orders": ["kava"]})) == ()


def test_a_rule_of_any_drug_is_not_reached_at_a_hook_it_does_not_serve() -> None:
    rule = a_rule("any", sides=[a_side("this", any_drug=True)])
    assert evaluate(index_of(rule), a_chart(orders=[a_draft("ibuprofen")], hook="order-dispatch")) == ()


def test_a_rule_nobody_wants_leaves_the_others_in() -> None:
    other = a_rule("other", sides=[a_side("this", "ibuprofen")])
    index, chart = index_of(IBUPROFEN_RULE, other), a_chart(orders=[a_draft("ibuprofen")])
    found = evaluate(index, chart, lambda rule: rule.id != "ibuprofen")
    assert [finding.rule.id for finding in found] == ["other"]


def test_only_rules_that_name_a_drug_of_the_chart_are_looked_at() -> None:
    class Watched(dict[str, tuple[Rule, ...]]):
        asked: list[str]

        def get(self, key: str, default: object = None) -> tuple[Rule, ...]:  # type: ignore[override]
            self.asked.append(key)
            return super().get(key, ())

    library = index_of(*(a_rule(f"rule-{number}", sides=[a_side("this", f"drug-{number}")]) for number in range(500)))
    by_ingredient = Watched(library.by_ingredient)
    by_ingredient.asked = []
    chart = a_chart(orders=[a_draft("drug-7")], medications=[a_drug("drug-8")])
    assert [finding.rule.id for finding in evaluate(RuleIndex(by_ingredient), chart)] == ["rule-7"]
    assert by_ingredient.asked == ["drug-7"]


def test_a_rule_reached_twice_is_evaluated_once() -> None:
    rule = a_rule("r", sides=[a_side("this", "ibuprofen", "famotidine")])
    assert len(evaluate(index_of(rule), a_chart(orders=[a_draft("both", "ibuprofen", "famotidine")]))) == 1


def test_a_drug_without_the_ingredient_does_not_stand_on_a_side() -> None:
    assert stand(a_side("this", "warfarin"), a_drug("ibuprofen")) is None


def test_the_key_of_a_finding_is_its_rule_and_drugs_in_reference_order() -> None:
    rule = a_rule("r", sides=[a_side("a", "x"), a_side("b", "y")])
    finding = the_finding(
        rule, a_chart(orders=[a_draft("x", reference="z/9")], medications=[a_drug("y", reference="b/1")])
    )
    assert finding.key == "r|b/1|z/9"
    assert drugs_of(finding) == {"a": "x", "b": "y"}


def test_two_lines_that_find_items_on_one_list_are_both_named() -> None:
    heart_failure, ulcer = code_set("hf", (SNOMED, "84114007")), code_set("ulcer", (SNOMED, "13200003"))
    rule = a_rule(
        sides=[a_side("this", "x")],
        all=[a_line("conditions", "any_in", heart_failure)],
        grades=[a_grade(a_line("conditions", "any_in", ulcer), "critical")],
    )
    problems = [a_problem("HF", (SNOMED, "84114007")), a_problem("Ulcer", (SNOMED, "13200003"))]
    found = the_finding(rule, a_chart(orders=[a_draft("x")], conditions=problems)).used["conditions"]
    assert isinstance(found, Known)
    assert found.value == ("HF", "Ulcer")
    assert [source.reference for source in found.sources] == ["Condition/HF", "Condition/Ulcer"]


def test_two_lines_on_one_value_name_it_once() -> None:
    lines = [a_line("inr", "above", 2, unit="{INR}"), a_line("inr", "below", 6, unit="{INR}")]
    inr = number(5, "{INR}")
    finding = the_finding(a_rule(sides=[a_side("this", "x")], all=lines), a_chart(orders=[a_draft("x")], inr=inr))
    assert finding.used == {"inr": inr}


def test_a_missing_value_that_two_lines_want_is_named_once() -> None:
    lines = [a_line("inr", "above", 2, unit="{INR}"), a_line("inr", "below", 6, unit="{INR}")]
    chart = a_chart(orders=[a_draft("x")], inr=Unknown(Reason.TOO_OLD))
    assert len(the_finding(a_rule(sides=[a_side("this", "x")], all=lines), chart).missing) == 1


def everything_said(index: RuleIndex, drafts: list[str], taken: list[str]) -> set[tuple[str, str, str]]:
    chart = a_chart(orders=map(a_draft, drafts), medications=map(a_drug, taken))
    return {
        (finding.key, finding.outcome.value, str(sorted(drugs_of(finding).items())))
        for finding in evaluate(index, chart)
    }


DRUGS = st.lists(st.sampled_from(["ibuprofen", "naproxen", "warfarin", "digoxin"]), unique=True)


@settings(deadline=None, derandomize=True)
@given(DRUGS, DRUGS)
def test_the_order_of_drugs_and_rules_does_not_matter(drafts: list[str], taken: list[str]) -> None:
    nsaids = a_side("a", "ibuprofen", "naproxen")
    rules = [
        a_rule("bleeding", sides=[nsaids, a_side("b", "warfarin")]),
        a_rule("two", sides=[nsaids, replace(nsaids, name="b")]),
        a_rule("one", sides=[a_side("this", "digoxin", "warfarin")]),
    ]
    said = everything_said(index_of(*rules), drafts, taken)
    assert everything_said(index_of(*reversed(rules)), drafts[::-1], taken[::-1]) == said
