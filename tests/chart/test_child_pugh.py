"""The Child-Pugh class: what codes leave open stays open, and laboratory values alone never make one."""

from typing import Any

import pytest

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from tests.support.charts import ICD10CM, SNOMED, a_chart, a_drug, a_problem, number

CIRRHOSIS = a_problem("cirrhosis", (SNOMED, "19943007"))
ASCITES = a_problem("ascites", (ICD10CM, "R18.8"))
CONFUSED = a_problem("encephalopathy", (SNOMED, "13920009"))
GOOD = {"bilirubin": number(1.0, "mg/dL"), "albumin": number(4.0, "g/dL"), "inr": number(1.1, "{INR}", days_ago=4)}
BAD = {"bilirubin": number(3.5, "mg/dL"), "albumin": number(2.5, "g/dL"), "inr": number(2.5, "{INR}")}


def class_of(*problems: Any, labs: Any = None, **more: Any) -> Fact[Any]:
    return a_chart(conditions=problems, **(GOOD if labs is None else labs), **more).value("child_pugh_class")


@pytest.mark.parametrize(
    ("problems", "labs", "expected"),
    [
        ([CIRRHOSIS], GOOD, "A"),  # 1 + 1 + 1 + 1 + 1 = 5
        ([CIRRHOSIS], BAD, "C"),  # 3 + 3 + 3 + 1 + 1 = 11
        ([CIRRHOSIS, ASCITES, CONFUSED], BAD, "C"),  # 9 + 2..3 + 2..3 = 13 to 15
        ([CIRRHOSIS, ASCITES, CONFUSED], GOOD, "B"),  # 3 + 2..3 + 2..3 = 7 to 9
        ([a_problem("alcohol", (ICD10CM, "K70.30"))], GOOD, "A"),
    ],
)
def test_the_class_follows_from_the_points(problems: list[Any], labs: Any, expected: str) -> None:
    fact = class_of(*problems, labs=labs)
    assert isinstance(fact, Known)
    assert (fact.value, fact.formula) == (expected, "Child-Pugh")


def test_it_names_its_sources_and_the_oldest_date() -> None:
    fact = class_of(CIRRHOSIS)
    assert isinstance(fact, Known)
    assert fact.sources[0].reference == "Condition/cirrhosis"
    assert fact.as_of == GOOD["inr"].as_of


def test_a_grade_that_codes_do_not_say_can_leave_the_class_open() -> None:
    # 3 + ascites 2 or 3 + 1 = 6 or 7
    assert class_of(CIRRHOSIS, ASCITES) == Unknown(Reason.NOT_RECORDED, "Child-Pugh class between A and B")
    with_ascites = a_problem("alcoholic cirrhosis with ascites", (ICD10CM, "K70.31"))
    assert isinstance(class_of(with_ascites), Unknown)


def test_without_cirrhosis_on_a_list_that_was_read_there_is_no_class_and_that_is_known() -> None:
    assert class_of(labs=BAD) == Known("no-cirrhosis")
    assert class_of(a_problem("fatty liver", (ICD10CM, "K76.0")), labs=BAD) == Known("no-cirrhosis")


def test_an_unread_problem_list_leaves_it_unknown() -> None:
    assert class_of(unread=["conditions"]) == Unknown(Reason.NOT_SENT, "problem list not sent")


def test_with_a_strange_problem_on_the_list_ascites_is_not_excluded() -> None:
    fact = class_of(CIRRHOSIS, unrecognised={"conditions": ["water in the belly"]})
    assert isinstance(fact, Unknown)
    decided = class_of(CIRRHOSIS, labs=BAD, unrecognised={"conditions": ["water in the belly"]})
    assert isinstance(decided, Known)
    assert decided.value == "C"  # 9 + 1..3 + 1..3 = 11 to 15


@pytest.mark.parametrize("name", ["bilirubin", "albumin", "inr"])
def test_a_missing_laboratory_value_is_named(name: str) -> None:
    fact = class_of(CIRRHOSIS, labs={**GOOD, name: Unknown(Reason.TOO_OLD, f"{name} of 3 Mar 2020")})
    assert fact == Unknown(Reason.TOO_OLD, f"{name} of 3 Mar 2020")


def test_a_lower_bound_decides_nothing() -> None:
    fact = class_of(CIRRHOSIS, labs={**GOOD, "bilirubin": number(1, "mg/dL", at_least=True)})
    assert isinstance(fact, Unknown)


@pytest.mark.parametrize("more", [{"medications": [a_drug("warfarin", "11289")]}, {"unread": ["medications"]}])
def test_the_inr_of_an_anticoagulant_says_nothing_of_the_liver(more: Any) -> None:
    # Good values: 1 + 1 + 1..3 + 1 + 1 = 5 to 7. Bad ones: 3 + 3 + 1..3 + 1 + 1 = 9 to 11.
    assert isinstance(class_of(CIRRHOSIS, **more), Unknown)
    assert isinstance(class_of(CIRRHOSIS, labs=BAD, **more), Unknown)
    sure = class_of(CIRRHOSIS, ASCITES, CONFUSED, labs=BAD, **more)  # 6 + 1..3 + 2..3 + 2..3 = 11 to 15
    assert isinstance(sure, Known)
    assert sure.value == "C"
