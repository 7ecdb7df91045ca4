"""Looking for codes on the problem list, and whether the list can prove that something is not on it."""

from cds_service.chart.drugs import Coded, Problem
from cds_service.chart.facts import Items, Reason, Unknown
from cds_service.chart.systems import ICD10CM, SNOMED


def find_problem(
    conditions: Items[Problem], snomed: frozenset[str], icd_10_cm_prefixes: tuple[str, ...]
) -> Problem | None:
    """The first active problem with one of these codes."""
    for problem in conditions.items:
        if problem.active and any(is_coded(coded, snomed, icd_10_cm_prefixes) for coded in problem.codes):
            return problem
    return None


def is_coded(coded: Coded, snomed: frozenset[str], icd_10_cm_prefixes: tuple[str, ...]) -> bool:
    """Whether a code is listed, or begins with a listed ICD-10-CM prefix ("Z515" is Z51.5)."""
    if coded.system == SNOMED:
        return coded.code in snomed
    plain = coded.code.replace(".", "")
    prefixes = tuple(prefix.replace(".", "") for prefix in icd_10_cm_prefixes)
    return coded.system == ICD10CM and plain.startswith(prefixes)


def unsettled(conditions: Items[Problem]) -> Unknown | None:
    """Why the problem list cannot prove that something is not on it; None when it can."""
    if not conditions.complete:
        reason = conditions.reason or Reason.NOT_SENT
        return Unknown(reason, f"problem list {reason.value}")
    if conditions.unrecognised:
        return Unknown(Reason.UNRECOGNISED, "the problem list has an entry without a known code")
    return None
