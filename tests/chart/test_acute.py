"""Problems that count for four weeks."""

from datetime import datetime, timedelta

from cds_service.chart.acute import INFARCTION, is_acute
from cds_service.chart.child_pugh import ASCITES_ICD_10_CM, ASCITES_SNOMED, graded
from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Items, Known, Reason, Unknown
from tests.support.charts import ICD10CM, NOW


def listed(code: str, onset: datetime | None) -> Items[Problem]:
    return Items((Problem("Condition/1", "one", (Coded(ICD10CM, code),), True, onset),), complete=True, reason=None)


def test_an_infarction_is_acute_for_four_weeks() -> None:
    recent = is_acute(listed("I21.4", NOW - timedelta(days=28)), INFARCTION, NOW)
    assert isinstance(recent, Known)
    assert recent.value
    assert is_acute(listed("I21.4", NOW - timedelta(days=29)), INFARCTION, NOW) == Known(False)


def test_an_infarction_without_a_date_may_be_acute() -> None:
    fact = is_acute(listed("I21.4", None), INFARCTION, NOW)
    assert isinstance(fact, Unknown)
    assert fact.reason is Reason.NOT_RECORDED


def test_no_infarction_needs_a_list_that_was_read() -> None:
    assert isinstance(is_acute(Items(), INFARCTION, NOW), Unknown)


def test_ascites_is_none_only_on_a_list_read_whole_and_a_code_has_no_grade() -> None:
    none: Items[Problem] = Items(complete=True, reason=None)
    assert graded(none, ASCITES_SNOMED, ASCITES_ICD_10_CM, "ascites") == Known("none")
    coded = graded(listed("R18.8", None), ASCITES_SNOMED, ASCITES_ICD_10_CM, "ascites")
    assert coded == Unknown(Reason.NOT_RECORDED, "ascites without its grade")
    assert isinstance(graded(Items(), ASCITES_SNOMED, ASCITES_ICD_10_CM, "ascites"), Unknown)
