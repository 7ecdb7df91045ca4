"""Lists: what "is on the list", "is not on the list" and "at least so many are on the list" mean.

A list may be read whole and be empty: then there is none. It may be unread or cut short: then nobody can say. And it
may hold an item that nobody could place in any vocabulary: then nobody can say about that item.
"""

from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.facts import Items, Known, Reason
from cds_service.knowledge.rules import ValueSet
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.lines import read_line
from cds_service.reasoning.logic import Truth
from cds_service.reasoning.membership import belongs
from tests.support.charts import (
    ICD10CM,
    SNOMED,
    a_chart,
    a_draft,
    a_drug,
    a_line,
    a_problem,
    a_procedure,
    an_allergy,
    code_set,
    ingredient_set,
)

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
NSAID = ingredient_set("nsaid", "ibuprofen", "naproxen")
IBUPROFEN, NAPROXEN, WARFARIN = a_drug("ibuprofen"), a_drug("naproxen"), a_drug("warfarin")

IBUPROFEN_DROPS, BOTH = a_drug("ibuprofen drops", "ibuprofen"), a_drug("both", "ibuprofen", "naproxen")

# Read: what the medication list looks like; any_in NSAIDs; none_in NSAIDs; at least two of them.
MEDICATION_LISTS = [
    ("read, and there is nothing on it", {}, F, T, F),
    ("read, and only warfarin is on it", {"medications": [WARFARIN]}, F, T, F),
    ("one NSAID", {"medications": [WARFARIN, IBUPROFEN]}, T, F, F),
    ("two NSAIDs", {"medications": [IBUPROFEN, NAPROXEN]}, T, F, T),
    ("two products of one NSAID", {"medications": [IBUPROFEN, IBUPROFEN_DROPS]}, T, F, F),
    ("a product of two NSAIDs", {"medications": [BOTH]}, T, F, T),
    ("not sent", {"unread": ["medications"]}, U, U, U),
    ("cut short after warfarin", {"medications": [WARFARIN], "unread": ["medications"]}, U, U, U),
    ("cut short after one NSAID", {"medications": [IBUPROFEN], "unread": ["medications"]}, T, F, U),
    ("cut short after two NSAIDs", {"medications": [IBUPROFEN, NAPROXEN], "unread": ["medications"]}, T, F, T),
    ("one herb nobody recognises", {"unrecognised": {"medications": ["hawthorn"]}}, U, U, F),
    ("two herbs nobody recognises", {"unrecognised": {"medications": ["hawthorn", "kava"]}}, U, U, U),
    ("an NSAID and a herb", {"medications": [IBUPROFEN], "unrecognised": {"medications": ["kava"]}}, T, F, U),
    (
        "two NSAIDs and a herb",
        {"medications": [IBUPROFEN, NAPROXEN], "unrecognised": {"medications": ["kava"]}},
        T,
        F,
        T,
    ),
]


@pytest.mark.parametrize(
    ("sentence", "lists", "any_in", "none_in", "two"), MEDICATION_LISTS, ids=lambda case: str(case)
)
def test_a_list_answers_only_for_what_was_read_of_it(
    sentence: str, lists: dict[str, object], any_in: Truth, none_in: Truth, two: Truth
) -> None:
    chart = a_chart(**lists)  # type: ignore[arg-type]
    assert read_line(a_line("medications", "any_in", NSAID), chart, {}).truth is any_in
    assert read_line(a_line("medications", "none_in", NSAID), chart, {}).truth is none_in
    assert read_line(a_line("medications", "count_at_least", NSAID, count=2), chart, {}).truth is two


ULCER = code_set("ulcer", (SNOMED, "13200003"), prefixes=[(ICD10CM, "K25")])

# Read: how one condition on the problem list is coded; whether it is in a set of a SNOMED code and all of K25.
CONDITIONS = [
    ("coded with the listed SNOMED code", a_problem("x", (SNOMED, "13200003")), T),
    ("coded in SNOMED with another code: certainly something else", a_problem("x", (SNOMED, "38341003")), F),
    ("an ICD-10-CM code below the listed prefix", a_problem("x", (ICD10CM, "K25.4")), T),
    ("the same code written without its dot", a_problem("x", (ICD10CM, "K254")), T),
    ("the prefix itself", a_problem("x", (ICD10CM, "K25")), T),
    ("an ICD-10-CM code outside the prefix", a_problem("x", (ICD10CM, "K26.4")), F),
    ("a prefix of one system says nothing about another", a_problem("x", ("urn:local", "K25.4")), U),
    ("coded only in a system the set does not list", a_problem("x", ("urn:local", "13200003")), U),
    ("not coded at all", a_problem("x"), U),
    ("a local code beside the listed one", a_problem("x", ("urn:local", "9"), (SNOMED, "13200003")), T),
    ("a local code beside another SNOMED code", a_problem("x", ("urn:local", "9"), (SNOMED, "38341003")), F),
    ("two systems, one of them matching", a_problem("x", (SNOMED, "38341003"), (ICD10CM, "K25.4")), T),
    ("resolved", a_problem("x", (SNOMED, "13200003"), active=False), F),
    ("resolved, in a system the set does not list", a_problem("x", ("urn:local", "9"), active=False), F),
]


@pytest.mark.parametrize(("sentence", "problem", "expected"), CONDITIONS, ids=lambda case: str(case)[:60])
def test_a_condition_is_judged_by_the_systems_the_set_lists(sentence: str, problem: object, expected: Truth) -> None:
    chart = a_chart(conditions=[problem])  # type: ignore[list-item]
    assert read_line(a_line("conditions", "any_in", ULCER), chart, {}).truth is expected
    assert belongs(problem, ULCER, ever=False) is expected  # type: ignore[arg-type]


def test_an_item_in_a_system_that_the_set_does_not_list_is_named() -> None:
    chart = a_chart(conditions=[a_problem("old trouble", ("urn:local", "9"))])
    verdict = read_line(a_line("conditions", "any_in", ULCER), chart, {})
    assert verdict.missing == (Missing("list", "conditions", Reason.UNRECOGNISED, "old trouble"),)


def test_a_prefix_holds_in_its_own_system_only_and_with_or_without_dots() -> None:
    mixed = code_set("mixed", (SNOMED, "13200003"), prefixes=[(ICD10CM, "38"), (ICD10CM, "K25.4")])
    line = a_line("conditions", "any_in", mixed)
    assert read_line(line, a_chart(conditions=[a_problem("x", (SNOMED, "38341003"))]), {}).truth is F
    assert read_line(line, a_chart(conditions=[a_problem("x", (ICD10CM, "K254"))]), {}).truth is T


def test_ever_lets_resolved_conditions_count() -> None:
    chart = a_chart(conditions=[a_problem("old ulcer", (SNOMED, "13200003"), active=False)])
    assert read_line(a_line("conditions", "any_in", ULCER), chart, {}).truth is F
    assert read_line(a_line("conditions", "any_in", ULCER, ever=True), chart, {}).truth is T


def test_a_condition_in_words_only_may_be_any_condition() -> None:
    chart = a_chart(unrecognised={"conditions": ["stomach trouble"]})
    verdict = read_line(a_line("conditions", "any_in", ULCER), chart, {})
    assert verdict.truth is U
    assert verdict.missing == (Missing("list", "conditions", Reason.UNRECOGNISED, "stomach trouble"),)


RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
PENICILLINS = ValueSet(
    "penicillins",
    "penicillins",
    "allergy",
    ingredients=frozenset({"amoxicillin", "penicillin V"}),
    codes=frozenset({(SNOMED, "91936005")}),
    systems=frozenset({SNOMED, RXNORM}),
)
PENICILLIN_INGREDIENTS = ingredient_set("penicillins", "amoxicillin", "penicillin V")

# Read: one allergy; in a set of ingredients and a SNOMED class code; in a set of ingredients alone.
ALLERGIES = [
    ("to a listed ingredient", an_allergy("x", ["amoxicillin"]), T, T),
    ("to another known ingredient", an_allergy("x", ["cefdinir"]), F, F),
    ("to the class, by its SNOMED code", an_allergy("x", codes=[(SNOMED, "91936005")]), T, U),
    ("to nuts, by a code that stands for no drug", an_allergy("x", codes=[(SNOMED, "91934008")]), F, F),
    ("to something, by a SNOMED code that no set lists", an_allergy("x", codes=[(SNOMED, "9")]), U, U),
    ("unlisted code, but said to be a food", an_allergy("x", codes=[(SNOMED, "9")], categories=("food",)), F, F),
    ("unlisted code, food or drug", an_allergy("x", codes=[(SNOMED, "9")], categories=("food", "medication")), U, U),
    ("to another class, by its SNOMED code", an_allergy("x", codes=[(SNOMED, "372722000")]), F, U),
    ("in a local code only", an_allergy("x", codes=[("urn:local", "9")]), U, U),
    ("to another ingredient, beside a local code", an_allergy("x", ["cefdinir"], [("urn:local", "9")]), F, F),
    ("to another ingredient, beside the class code", an_allergy("x", ["cefdinir"], [(SNOMED, "91936005")]), T, F),
    ("an RxNorm code that resolved to nothing", an_allergy("x", codes=[(RXNORM, "0")]), U, U),
    ("inactive", an_allergy("x", ["amoxicillin"], active=False), F, F),
]


@pytest.mark.parametrize(
    ("sentence", "allergy", "by_both", "by_ingredient"), ALLERGIES, ids=lambda case: str(case)[:50]
)
def test_an_allergy_is_judged_by_its_substance_or_its_class_code(
    sentence: str, allergy: object, by_both: Truth, by_ingredient: Truth
) -> None:
    chart = a_chart(allergies=[allergy])  # type: ignore[list-item]
    assert read_line(a_line("allergies", "any_in", PENICILLINS), chart, {}).truth is by_both
    assert read_line(a_line("allergies", "any_in", PENICILLIN_INGREDIENTS), chart, {}).truth is by_ingredient


def test_an_allergy_to_a_known_substance_is_not_in_a_set_of_classes_unless_its_code_is() -> None:
    classes = code_set("classes", (SNOMED, "91936005"), kind="allergy")
    chart = a_chart(allergies=[an_allergy("cefdinir", ["cefdinir"])])
    assert read_line(a_line("allergies", "any_in", classes), chart, {}).truth is U


# Read: what is recorded beside the substance; whether it counts as severe, and as an allergy proper.
PARTS = [
    ("a severe reaction", {"severe": True}, T, T),
    ("high criticality", {"criticality": "high"}, T, T),
    ("low criticality", {"criticality": "low"}, F, T),
    ("a reaction that was not severe", {"reactions": ("rash",)}, F, T),
    ("neither reaction nor criticality: nobody can say", {}, U, T),
    ("recorded as an allergy", {"kind": "allergy", "criticality": "low"}, F, T),
    ("recorded as an intolerance", {"kind": "intolerance", "criticality": "low"}, F, F),
    ("a severe reaction, but inactive", {"severe": True, "active": False}, F, F),
]


@pytest.mark.parametrize(("sentence", "recorded", "severe", "proper"), PARTS, ids=[case[0] for case in PARTS])
def test_severe_and_true_allergies_are_parts_of_the_allergy_list(
    sentence: str, recorded: dict[str, Any], severe: Truth, proper: Truth
) -> None:
    chart = a_chart(allergies=[an_allergy("x", ["amoxicillin"], **recorded)])
    assert read_line(a_line("severe_allergies", "any_in", PENICILLINS), chart, {}).truth is severe
    assert read_line(a_line("true_allergies", "any_in", PENICILLINS), chart, {}).truth is proper


def test_a_reaction_of_unknown_severity_is_no_unrecognised_allergy() -> None:
    chart = a_chart(allergies=[an_allergy("amoxicillin", ["amoxicillin"])])
    verdict = read_line(a_line("severe_allergies", "any_in", PENICILLINS), chart, {})
    assert verdict.missing == (Missing("value", "severity_of_the_reaction", Reason.NOT_RECORDED, "amoxicillin"),)


def test_an_unread_allergy_list_is_named_as_such_when_a_part_of_it_is_asked_for() -> None:
    verdict = read_line(a_line("severe_allergies", "any_in", PENICILLINS), a_chart(unread=["allergies"]), {})
    assert verdict.missing == (Missing("list", "allergies", Reason.NOT_SENT),)


def test_a_procedure_is_judged_by_its_codes() -> None:
    bypass = code_set("bypass", (SNOMED, "232717009"), kind="procedure")
    line = a_line("procedures", "any_in", bypass)
    assert read_line(line, a_chart(procedures=[a_procedure("bypass", (SNOMED, "232717009"))]), {}).truth is T
    assert read_line(line, a_chart(procedures=[a_procedure("x-ray", (SNOMED, "399208008"))]), {}).truth is F


# Read: the drafts; the active medications; what is unread; any NSAID in orders, in medications, in all drugs.
DRUG_LISTS = [
    ("a draft", ["ibuprofen"], [], [], T, F, T),
    ("an active medication", [], ["ibuprofen"], [], F, T, T),
    ("neither", ["warfarin"], ["warfarin"], [], F, F, F),
    ("neither, medications unread", ["warfarin"], [], ["medications"], F, U, U),
    ("a draft, medications unread", ["ibuprofen"], [], ["medications"], T, U, T),
    ("neither, one draft unreadable", ["warfarin"], [], ["orders"], U, F, U),
]


@pytest.mark.parametrize(
    ("sentence", "drafts", "active", "unread", "orders", "medications", "all_drugs"),
    DRUG_LISTS,
    ids=lambda case: str(case),
)
def test_orders_medications_and_all_drugs_are_three_lists(
    sentence: str,
    drafts: list[str],
    active: list[str],
    unread: list[str],
    orders: Truth,
    medications: Truth,
    all_drugs: Truth,
) -> None:
    chart = a_chart(orders=map(a_draft, drafts), medications=map(a_drug, active), unread=unread)
    assert read_line(a_line("orders", "any_in", NSAID), chart, {}).truth is orders
    assert read_line(a_line("medications", "any_in", NSAID), chart, {}).truth is medications
    assert read_line(a_line("all_drugs", "any_in", NSAID), chart, {}).truth is all_drugs


def test_an_unread_list_is_named_with_the_reason_and_each_unrecognised_drug_by_its_text() -> None:
    chart = a_chart(unread=["medications"], unrecognised={"medications": ["kava"], "orders": ["hawthorn"]})
    verdict = read_line(a_line("all_drugs", "none_in", NSAID), chart, {})
    assert set(verdict.missing) == {
        Missing("list", "medications", Reason.NOT_SENT),
        Missing("drug", "kava", Reason.UNRECOGNISED),
        Missing("drug", "hawthorn", Reason.UNRECOGNISED),
    }


@pytest.mark.parametrize(("reason", "named"), [(Reason.TRUNCATED, Reason.TRUNCATED), (None, Reason.NOT_SENT)])
def test_a_list_that_is_not_whole_says_why(reason: Reason | None, named: Reason) -> None:
    chart = replace(a_chart(), conditions=Items(complete=False, reason=reason))
    verdict = read_line(a_line("conditions", "any_in", ULCER), chart, {})
    assert verdict.missing == (Missing("list", "conditions", named),)


def test_the_items_that_matched_are_named_with_their_sources() -> None:
    verdict = read_line(a_line("medications", "any_in", NSAID), a_chart(medications=[WARFARIN, IBUPROFEN]), {})
    found = verdict.used["medications"]
    assert isinstance(found, Known)
    assert found.value == ("ibuprofen",)
    assert [source.reference for source in found.sources] == ["MedicationRequest/ibuprofen"]
