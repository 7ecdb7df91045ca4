"""Problems that count only while they are new: myocardial infarction, sepsis."""

from datetime import datetime, timedelta

from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.problems import is_coded, unsettled

Codes = tuple[frozenset[str], tuple[str, ...]]

# Myocardial infarction, with and without ST elevation; ICD-10-CM calls one acute for four weeks.
INFARCTION: Codes = (frozenset({"22298006", "401303003", "401314000"}), ("I21", "I22"))
SEPSIS: Codes = (frozenset({"91302008", "10001005"}), ("A40", "A41", "R65.2"))
ACUTE = timedelta(weeks=4)  # for sepsis a house default, not from a source


def is_acute(conditions: Items[Problem], codes: Codes, now: datetime) -> Fact[bool]:
    """Whether an active problem with one of these codes began within four weeks; one without a date may have."""
    listed = listed_with(conditions, codes)
    recent = [problem for problem in listed if problem.onset is not None and now - problem.onset <= ACUTE]
    if recent:
        return Known(True, sources=tuple(Source(problem.reference, problem.onset) for problem in recent))
    if any(problem.onset is None for problem in listed):
        return Unknown(Reason.NOT_RECORDED, f"{listed[0].name} without a date")
    return unsettled(conditions) or Known(False)


def listed_with(conditions: Items[Problem], codes: Codes) -> list[Problem]:
    """The active problems with one of these codes."""
    problems = [problem for problem in conditions.items if problem.active]
    return [problem for problem in problems if any(is_coded(coded, *codes) for coded in problem.codes)]
