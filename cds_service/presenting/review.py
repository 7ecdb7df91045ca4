"""The medication review: where nothing is being ordered, one or two cards in the place of a list of alarms."""

from cds_service.knowledge.release import ProblemKind
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.groups import Group

REVIEW = ProblemKind("medication-review", "Medication review", "", "patient")
MOST_CARDS = 2


def review(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """The same findings in at most two groups: a leading critical problem keeps its own card, the rest is one review.

    `groups` come in order of urgency, and stand in that order on the review.
    """
    if len(groups) <= MOST_CARDS:
        return groups
    is_critical = any(finding.indicator is Indicator.CRITICAL for finding in groups[0].findings)
    leading, rest = (groups[:1], groups[1:]) if is_critical else ((), groups)
    return (*leading, as_one(rest))


def as_one(groups: tuple[Group, ...]) -> Group:
    """One group of all; those of the same problem are one part of it."""
    parts: dict[str, Group] = {}
    for each in groups:
        known = parts.get(each.problem.id)
        findings = (*known.findings, *each.findings) if known else each.findings
        parts[each.problem.id] = Group(each.problem.id, each.problem, findings)
    findings = tuple(finding for part in parts.values() for finding in part.findings)
    return Group("|".join((REVIEW.id, *(each.key for each in groups))), REVIEW, findings, parts=tuple(parts.values()))
