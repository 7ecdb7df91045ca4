"""The examples that are derived for a row of a table: limits crossed, lines turned, values and lists left out."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from cds_service.knowledge.boundaries import derive_examples
from cds_service.knowledge.conditions import read_condition
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.page import Page
from cds_service.knowledge.rules import Condition, Rule, Scope
from cds_service.knowledge.sources import plain
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

TERMINOLOGY = SmallTerminology()
LIBRARY = read_library(load_shelf(), TERMINOLOGY)


def condition_of(text: str, sides: tuple[str, ...] = ("a", "b")) -> Condition:
    page = Page("rules/a-rule.toml")
    document = plain(tomllib.loads(f"x = {text}"))["x"]
    condition = read_condition(page, "when.all[1]", document, sides, LIBRARY.vocabulary)
    assert page.problems == []
    assert condition is not None
    return condition


def rule_of(library: Library, id: str) -> Rule:
    assert library.pages.problems == ()
    return library.rules[id]


def test_examples_are_derived_for_a_pair_with_limits_lists_and_silencers(tmp_path: Any) -> None:
    text = (
        (SHELF / "rules/warfarin-nsaid.toml")
        .read_text(encoding="utf-8")
        .replace(
            "all = []",
            'all = [{ fact = "inr", between = [2, 3.5], unit = "{INR}" }, { fact = "conditions", any_in = "gi-bleed" },'
            '{ fact = "age", above = 65, unit = "a", if_missing = "assume-false" }, { fact = "sex", is = "male" }, '
            '{ fact = "medications", any_in = "digoxin" }]',
        )
    )
    copy_shelf(tmp_path, {"rules/warfarin-nsaid.toml": text})
    made = derive_examples(rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid"), TERMINOLOGY)
    outcomes = {example["name"].removeprefix("derived: "): example["expect"]["outcome"] for example in made}
    # between = [2, 3.5]: one step of the last decimal of each end, 1 for 2 and 0.1 for 3.5.
    assert outcomes == {
        "everything holds": "fires",
        **{"inr 1": "silent", "inr 2": "fires", "inr 3": "fires", "inr 3.4": "fires", "inr 3.5": "fires"},
        **{"inr 3.6": "silent", "inr not known": "undetermined"},
        **{"age 64": "silent", "age 65": "silent", "age 66": "fires", "age not known": "silent"},
        "not in conditions": "silent",
        "another sex": "silent",
        "sex not known": "undetermined",
        "not in medications": "silent",
        "silenced by comfort_care": "silent",
        "conditions not sent": "undetermined",
        "the other drug is not there": "silent",
        "the medication list was not sent": "undetermined",
    }
    first = made[0]
    assert first["order"] == ["diclofenac, systemic"]
    assert first["drugs"] == ["warfarin, systemic", "digoxin"]
    assert first["chart"]["conditions"] == ["snomed:13200003"]
    assert (first["chart"]["sex"], first["chart"]["comfort_care"]) == ("male", False)


def test_examples_are_derived_for_a_word_and_for_what_counts_as_absent_while_it_is_missing(tmp_path: Any) -> None:
    copy_shelf(tmp_path, {})
    rule = rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid")
    word = condition_of('{ fact = "smoking_status", any_in = ["current", "former"] }')
    absent = condition_of('{ not = { fact = "sex", is = "male", if_missing = "assume-false" } }')
    first = derive_examples(replace(rule, all=(word, absent)), TERMINOLOGY)[0]
    assert first["expect"]["outcome"] == "fires"
    assert first["chart"]["smoking_status"] == "current"
    assert "sex" not in first["chart"]


def test_no_example_is_derived_from_nested_conditions(tmp_path: Any) -> None:
    text = (
        (SHELF / "rules/warfarin-nsaid.toml")
        .read_text(encoding="utf-8")
        .replace("all = []", 'all = [{ any = [{ fact = "sex", is = "male" }, { fact = "sex", is = "female" }] }]')
    )
    copy_shelf(tmp_path, {"rules/warfarin-nsaid.toml": text})
    rule = rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid")
    assert derive_examples(rule, TERMINOLOGY) == []


def test_an_alternative_that_counts_as_false_while_missing_leaves_the_other_line_to_derive_from(tmp_path: Any) -> None:
    copy_shelf(tmp_path, {})
    rule = rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid")
    either = condition_of(
        '{ any = [{ fact = "inr", above = 4, unit = "{INR}" }, '
        '{ fact = "comfort_care", is = true, if_missing = "assume-false" }] }'
    )
    made = derive_examples(replace(rule, all=(either,), unless=()), TERMINOLOGY)
    outcomes = {example["name"].removeprefix("derived: "): example["expect"]["outcome"] for example in made}
    assert outcomes["inr 4"] == "silent"
    assert outcomes["inr 5"] == "fires"
    assert outcomes["inr not known"] == "undetermined"


def test_an_order_that_is_new_is_derived_without_a_word_about_it(tmp_path: Any) -> None:
    copy_shelf(tmp_path, {})
    rule = rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid")
    made = derive_examples(replace(rule, all=(condition_of('{ fact = "a.is_new", is = true }'),)), TERMINOLOGY)
    assert made[0]["order"] == ["diclofenac, systemic"]


def test_no_example_is_derived_for_a_limit_that_a_sig_cannot_say(tmp_path: Any) -> None:
    copy_shelf(tmp_path, {})
    rule = rule_of(read_library(load_shelf(tmp_path), TERMINOLOGY), "warfarin-nsaid")
    line = condition_of('{ fact = "a.daily_dose", above = 200, unit = "[IU]/d" }')
    assert derive_examples(replace(rule, all=(line,)), TERMINOLOGY) == []


def order_rule(lines: tuple[str, ...], unless: tuple[str, ...] = ()) -> Rule:
    """An NSAID that is ordered, with these lines."""
    rule = rule_of(LIBRARY, "warfarin-nsaid")
    this = replace(rule.sides[0], name="this")
    read = [tuple(condition_of(text, ("this",)) for text in texts) for texts in (lines, unless)]
    return replace(rule, scope=Scope.ORDER, sides=(this,), all=read[0], unless=read[1])


def outcomes_of(rule: Rule) -> dict[str, str]:
    made = derive_examples(rule, TERMINOLOGY)
    return {example["name"].removeprefix("derived: "): example["expect"]["outcome"] for example in made}


def test_a_test_that_is_due_is_derived_for_a_drug_taken_long_enough() -> None:
    due = '{ not = { fact = "inr", within_days = 28 } }'
    rule = order_rule(('{ fact = "this.days_on", above = 28, unit = "d" }', due))
    # Days are a lower bound: a drug written 28 days ago may have been taken before.
    assert outcomes_of(rule) == {
        "everything holds": "fires",
        **{"this.days_on 27": "undetermined", "this.days_on 28": "undetermined", "this.days_on 29": "fires"},
        "this.days_on not known": "undetermined",
        "inr of 28 days ago": "silent",
        "inr never measured": "fires",
    }
    first = derive_examples(rule, TERMINOLOGY)[0]
    assert first["order"] == []
    assert first["drugs"] == ["diclofenac, systemic, started 29 days ago"]
    assert first["chart"] == {"inr": {"value": 1, "unit": "{INR}", "days_ago": 29}}


def test_a_drug_taken_long_enough_needs_a_hook_that_looks_at_what_is_taken() -> None:
    rule = order_rule(('{ fact = "this.days_on", above = 28, unit = "d" }',))
    assert derive_examples(replace(rule, hooks=frozenset({"order-sign"})), TERMINOLOGY) == []


def test_a_renewal_is_derived_and_turned_into_a_new_order_and_back() -> None:
    renewed = order_rule(('{ fact = "this.is_new", is = false }',))
    assert outcomes_of(renewed) == {"everything holds": "fires", "a new order": "silent"}
    first, turned = derive_examples(renewed, TERMINOLOGY)
    assert (first["order"], turned["order"]) == (["diclofenac, systemic, renewal"], ["diclofenac, systemic"])
    new = derive_examples(order_rule(('{ fact = "this.is_new", is = true }',)), TERMINOLOGY)
    assert new[1]["order"] == ["diclofenac, systemic, renewal"]
    assert new[1]["expect"]["outcome"] == "silent"


def test_what_silences_a_rule_is_derived_too() -> None:
    rule = order_rule(
        (),
        (
            '{ fact = "sex", any_in = ["male"], if_missing = "assume-false" }',
            '{ fact = "smoking_status", any_in = ["current", "former"] }',
            '{ fact = "conditions", any_in = "gi-bleed" }',
            '{ fact = "this.as_needed", is = true, if_missing = "assume-false" }',
            '{ fact = "this.days_on", above = 90, unit = "d", if_missing = "assume-false" }',
        ),
    )
    assert outcomes_of(rule) == {
        "everything holds": "fires",
        "silenced by sex": "silent",
        "silenced by smoking_status": "silent",
        "silenced by conditions": "silent",
    }
    first = derive_examples(rule, TERMINOLOGY)[0]
    # One word that is missing counts as false; of the other one that is not listed stands in.
    assert first["chart"] == {"smoking_status": "never"}


def test_a_list_that_is_not_sent_decides_only_with_an_assumption() -> None:
    line = '{ fact = "conditions", any_in = "gi-bleed" }'
    absent = '{ fact = "conditions", none_in = "gi-bleed", if_missing = "assume-true" }'
    assert outcomes_of(order_rule((line,)))["conditions not sent"] == "undetermined"
    assert outcomes_of(order_rule((absent,))) == {
        "everything holds": "fires",
        "in conditions": "silent",
        "conditions not sent": "fires",
    }
    assert outcomes_of(order_rule((absent,), (line,)))["conditions not sent"] == "undetermined"


@pytest.mark.parametrize(
    ("line", "unless"),
    [
        ('{ fact = "this.dose_change", is = "same" }', ()),
        ('{ fact = "medications", count_at_least = { in = "nsaid", n = 2 } }', ()),
        ('{ fact = "sex", any_in = ["female", "male"] }', ()),
        ('{ fact = "sex", is = "male" }', ('{ fact = "this.daily_dose", above = 5, unit = "mg/d" }',)),
        ('{ fact = "sex", is = "male" }', ('{ fact = "inr", above = 5, unit = "{INR}" }',)),
        ('{ fact = "sex", is = "male" }', ('{ not = { fact = "comfort_care", is = true } }',)),
    ],
)
def test_no_example_is_derived_from_what_an_example_cannot_settle(line: str, unless: tuple[str, ...]) -> None:
    assert derive_examples(order_rule((line,), unless), TERMINOLOGY) == []
