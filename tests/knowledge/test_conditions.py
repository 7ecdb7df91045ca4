"""Lines, groups, drugs and texts of a rule: what each becomes, and what is said of a slip."""

import tomllib
from typing import Any

import pytest

from cds_service.knowledge.conditions import read_condition
from cds_service.knowledge.library import read_library
from cds_service.knowledge.page import Page
from cds_service.knowledge.parse_rules import facts_of
from cds_service.knowledge.rules import Condition, Group, Line, Operator, Side
from cds_service.knowledge.sides import read_side
from cds_service.knowledge.sources import plain
from cds_service.knowledge.texts import check_text
from cds_service.terminology.products import Route
from tests.knowledge.shelves import load_shelf
from tests.support.small_terminology import SmallTerminology

TERMINOLOGY = SmallTerminology()
VOCABULARY = read_library(load_shelf(), TERMINOLOGY).vocabulary
PAIR = ("a", "b")


def written(text: str) -> Any:
    return plain(tomllib.loads(f"x = {text}"))["x"]


def condition_of(text: str) -> Condition:
    page = Page("rules/a-rule.toml")
    condition = read_condition(page, "when.all[1]", written(text), PAIR, VOCABULARY)
    assert page.problems == []
    assert condition is not None
    return condition


def complaint_about(text: str) -> str:
    page = Page("rules/a-rule.toml")
    assert read_condition(page, "when.all[1]", written(text), PAIR, VOCABULARY) is None
    return page.problems[0].message


@pytest.mark.parametrize(
    ("text", "operator", "operand"),
    [
        ('{ fact = "potassium", between = [3.5, 5.0], unit = "mmol/L" }', Operator.BETWEEN, (3.5, 5.0)),
        ('{ fact = "inr", within_days = 14 }', Operator.WITHIN_DAYS, 14.0),
        ('{ fact = "sex", is = "female" }', Operator.IS, "female"),
        ('{ fact = "sex", any_in = ["female", "male"] }', Operator.ANY_IN, ("female", "male")),
        ('{ fact = "pregnant", is = false }', Operator.IS, False),
    ],
)
def test_a_line_holds_what_its_operator_compares_with(text: str, operator: Operator, operand: object) -> None:
    line = condition_of(text)
    assert isinstance(line, Line)
    assert (line.operator, line.operand, line.where) == (operator, operand, "when.all[1]")


def test_a_count_over_a_list_has_its_number_and_leaves_a_drug_out() -> None:
    line = condition_of('{ fact = "medications", count_at_least = { in = "nsaid", n = 2 }, excluding = "a" }')
    assert isinstance(line, Line)
    assert (line.operator, line.count, line.excluding, line.operand) == (Operator.COUNT_AT_LEAST, 2, "a", None)
    assert line.value_set is VOCABULARY.value_sets["nsaid"]


def test_several_value_sets_are_their_union() -> None:
    line = condition_of('{ fact = "medications", any_in = ["nsaid", "warfarin"] }')
    assert isinstance(line, Line)
    assert line.value_set is not None
    assert line.value_set.ingredients == {"5640", "3355", "11289"}


def test_a_fact_of_a_drug_keeps_its_side() -> None:
    line = condition_of('{ fact = "a.is_new", is = true, if_missing = "assume-true", source = "label 2" }')
    assert isinstance(line, Line)
    assert (line.drug, line.fact, line.if_missing, line.source) == ("a", "is_new", True, "label 2")


def test_a_dose_of_what_is_no_mass_is_compared_in_its_own_unit() -> None:
    line = condition_of('{ fact = "a.daily_dose", above = 200, unit = "[IU]/d" }')
    assert isinstance(line, Line)
    assert line.unit == "[IU]/d"
    assert "is counted in 'mg/d', found 'mL/d'" in complaint_about(
        '{ fact = "a.daily_dose", above = 20, unit = "mL/d" }'
    )


def test_a_dose_per_kilogram_needs_the_weight() -> None:
    line = condition_of('{ fact = "a.single_dose_per_kg", above = 15, unit = "mg/kg" }')
    assert isinstance(line, Line)
    assert facts_of(line) == ("weight",)
    page = Page("rules/a-rule.toml")
    assert check_text(page, "card.detail", "{{ a.single_dose_per_kg }}", "pair") == {"weight"}


def test_lines_nest_in_groups_that_know_their_place() -> None:
    group = condition_of('{ any = [{ not = { fact = "pregnant", is = true } }, { fact = "sex", is = "male" }] }')
    assert isinstance(group, Group)
    assert [member.where for member in group.members] == ["when.all[1].any[1]", "when.all[1].any[2]"]
    negation = group.members[0]
    assert isinstance(negation, Group)
    assert (negation.kind, len(negation.members)) == ("not", 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{ any = [], fact = "inr" }', "'any' stands alone in its braces, found 'fact' beside it"),
        ("{ all = [] }", "'all' needs a list of lines in braces"),
        ('{ not = "inr" }', "'not' needs one line in braces"),
        ('{ above = 3, unit = "{INR}" }', 'a line names its fact, as in fact = "inr"'),
        ('{ fact = "inr", abov = 3, unit = "{INR}" }', "a line has no 'abov'; did you mean 'above'?"),
        ('{ fact = "inr", within_days = 14, unit = "d" }', "a unit belongs to a number; 'within_days' has none here"),
        ('{ fact = "potassium", between = [5, 3], unit = "mmol/L" }', "'between' needs two numbers, the lower first"),
        ('{ fact = "pregnant", is = "yes" }', "'is' needs true or false here, found 'yes'"),
        ('{ fact = "sex", is = ["female"] }', "'is' takes one word; for several write any_in"),
        ('{ fact = "sex", is = "woman" }', "'sex' is never 'woman'; it is female or male"),
        ('{ fact = "sex", any_in = [1] }', "a word in quotes is needed, found the number 1"),
        ('{ fact = "medications", count_at_least = 2 }', 'write count_at_least = { in = "value-set", n = 2 }'),
        ('{ fact = "inr", above = 3, unit = "{INR}", ever = true }', "'ever' is true or false, and only conditions"),
        (
            '{ fact = "conditions", any_in = "gi-bleed", excluding = "a" }',
            "'excluding' names a drug of this rule (a or b)",
        ),
        ('{ fact = "inr", above = 3, unit = "{INR}", source = 7 }', "'source' is a text, found the number 7"),
        ('{ fact = "a.inr", above = 3, unit = "{INR}" }', "'inr' is a fact of the patient, not of a drug"),
        ('{ fact = "a.is_neww", is = true }', "no fact of a drug is called 'is_neww'; did you mean 'is_new'?"),
        ('{ fact = "medications", any_in = [] }', "an empty list names no value set"),
    ],
)
def test_a_slip_in_a_line_is_explained(text: str, says: str) -> None:
    assert complaint_about(text).startswith(says)


def side_of(text: str) -> tuple[Side | None, list[str]]:
    page = Page("rules/a-rule.toml")
    side = read_side(page, "a", written(text), VOCABULARY)
    return side, [problem.message for problem in page.problems]


def test_a_drug_is_narrowed_by_ingredient_route_and_form() -> None:
    text = '{ ingredient_in = "nsaid", not_ingredient_in = "diclofenac", route = ["systemic", "topical"], '
    side, problems = side_of(text + 'form_in = "Oral Tablet", not_form_in = ["Topical Gel"], not_with = "warfarin" }')
    assert problems == []
    assert side is not None
    assert (side.ingredients, side.routes) == (frozenset({"5640"}), frozenset({Route.SYSTEMIC, Route.TOPICAL}))
    assert (side.forms, side.not_forms) == (frozenset({"Oral Tablet"}), frozenset({"Topical Gel"}))
    assert side.not_with == frozenset({"11289"})
    assert side.written == (
        "nsaid, but not diclofenac, in no product with warfarin, systemic or topical, "
        "as Oral Tablet, not as Topical Gel"
    )


def test_a_drug_may_be_any_drug_on_any_route() -> None:
    side, problems = side_of('{ ingredient_in = "any", route = ["any"] }')
    assert problems == []
    assert side is not None
    assert (side.any_drug, side.ingredients, side.routes, side.written) == (True, frozenset(), frozenset(), "any drug")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{ ingredient_in = "warfarin", not_ingredient_in = "warfarin" }', "takes away every ingredient"),
        ('{ ingredient_in = "nsaid", form_in = "Oral Tablets" }', "called 'Oral Tablets'; did you mean 'Oral Tablet'?"),
        ("{ ingredient_in = [] }", "found a list, expected a text or a list of texts"),
        ('{ ingredient_in = ["any"] }', "no value set and no RxNorm ingredient is called 'any'"),
        ('{ ingredients = "nsaid" }', "there is no key 'ingredients' here; did you mean"),
    ],
)
def test_a_slip_in_a_drug_is_explained(text: str, says: str) -> None:
    _, problems = side_of(text)
    assert any(says in problem for problem in problems)


@pytest.mark.parametrize(
    ("text", "scope", "says"),
    [
        ("{{ a }} is here", "pair", "{{ a }} is a drug; write {{ a.name }}"),
        ("{{ a.name }}", "order", "a text of a rule of scope 'order' has only this, found 'a.name'"),
        ("{{ this.name }}", "patient", "a text of a rule of scope 'patient' has no drug, found 'this.name'"),
        ("{{ all_drugs }}", "pair", "'all_drugs' cannot be printed; of the lists only medications, orders"),
        ("{{ inr + 1 }}", "pair", "only names stand between {{ and }}"),
        ("{{ inr", "pair", "the braces are not well formed"),
        ("{{ inrr }}", "pair", "a text cannot name 'inrr'; did you mean 'inr'?"),
    ],
)
def test_a_slip_in_a_text_is_explained(text: str, scope: str, says: str) -> None:
    page = Page("rules/a-rule.toml")
    check_text(page, "card.detail", text, scope)
    assert page.problems[0].message.startswith(says)


def test_a_text_says_which_facts_of_the_patient_it_names() -> None:
    page = Page("rules/a-rule.toml")
    text = "{{ inr.value }}, {{ age }}, {{ medications }}, {{ other.name }}, {{ this.daily_dose }}"
    assert check_text(page, "card.detail", text, "pair") == {"inr", "age", "medications"}
    assert page.problems == []
