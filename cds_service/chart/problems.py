"""Looking for codes on the problem list, and whether the list can prove that something is not on it."""

from functools import lru_cache

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
    return coded.system == ICD10CM and coded.code.replace(".", "").startswith(undotted(icd_10_cm_prefixes))


@lru_cache(maxsize=256)
def undotted(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    """The prefixes without dots; they stand in the code of this package, so there are few."""
    return tuple(prefix.replace(".", "") for prefix in prefixes)


def unsettled(conditions: Items[Problem]) -> Unknown | None:
    """Why the problem list cannot prove that something is not on it; None when it can."""
    if not conditions.complete:
        reason = conditions.reason or Reason.NOT_SENT
        return Unknown(reason, f"problem list {reason.value}")
    if conditions.unrecognised:
        return Unknown(Reason.UNRECOGNISED, "the problem list has an entry without a known code")
    return None
