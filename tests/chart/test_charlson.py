"""The Charlson index from a problem list; points by hand from the 1987 weights."""

import pytest

from cds_service.chart.charlson import charlson_points
from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Items, Known, Reason, Unknown, Unrecognised
from tests.support.charts import ICD10CM, SNOMED


def problems(*codes: str, complete: bool = True, system: str = ICD10CM) -> Items[Problem]:
    listed = tuple(Problem(f"Condition/{code}", code, (Coded(system, code),), active=True) for code in codes)
    return Items(listed, complete=complete, reason=None if complete else Reason.TRUNCATED)


@pytest.mark.parametrize(
    ("codes", "points"),
    [
        ((), 0),
        (("M32.9", "K26.9", "J44.9"), 3),  # connective tissue disease, ulcer, lung disease: 1 each
        (("E11.9", "E11.2"), 2),  # organ damage replaces plain diabetes
        (("C50.9", "C78.0"), 6),  # metastases replace the tumour
        (("K74.6", "K72.9"), 3),  # severe liver disease replaces mild
        (("I50.9", "I50.1"), 1),  # one group counts once
        (("N18.4", "B20"), 8),
        (("I10",), 0),
        (("E113211", "S72.001A"), 2),  # diabetic retinopathy to the seventh character; a fracture
    ],
)
def test_each_group_counts_once_and_the_severe_form_replaces_the_mild_one(
    codes: tuple[str, ...], points: float
) -> None:
    fact = charlson_points(problems(*codes))
    assert isinstance(fact, Known)
    assert (fact.value, fact.unit, fact.at_least) == (points, "{score}", False)


def test_a_problem_without_an_icd_10_cm_code_leaves_the_index_a_lower_bound() -> None:
    fact = charlson_points(problems("84114007", system=SNOMED))
    assert isinstance(fact, Known)
    assert fact.at_least


def test_a_list_that_was_not_read_whole_leaves_a_lower_bound_and_an_unread_one_nothing() -> None:
    partly = charlson_points(problems("I50.9", complete=False))
    assert isinstance(partly, Known)
    assert (partly.value, partly.at_least) == (1, True)
    assert isinstance(charlson_points(problems(complete=False)), Unknown)
    unplaced: Items[Problem] = Items((), (Unrecognised("bad heart"),), complete=True, reason=None)
    assert isinstance(charlson_points(unplaced), Unknown)
