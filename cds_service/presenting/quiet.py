"""What is true and still better not said now: findings held back, each with the reason that the record keeps."""

from cds_service.chart.drug_fact_types import DOSES
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Known
from cds_service.knowledge.release import CardPolicy
from cds_service.knowledge.rules import NEVER_LOWERED, Indicator, Rule, Severity, Status
from cds_service.reasoning.findings import Finding
from cds_service.reasoning.grades import renews_unchanged

SELECTING = "order-select"
INDICATORS = {indicator: place for place, indicator in enumerate(Indicator)}
STILL_TO_WRITE = frozenset(
    {*(fact.name for fact in DOSES), "times_per_day", "duration_days", "mme_daily"} - {"strength"}
)
"""Facts that a dosage gives; the strength is the product's own."""


def reason_to_wait(finding: Finding, policy: CardPolicy, hook: str) -> str:
    """Why a finding that fires is not shown in this call; empty when it is.

    An unchanged renewal is what the clinician decided before: what is then less urgent than `policy.renewals_from` is
    left to the review of the whole list. Not while something unknown could make it more urgent. While a drug is being
    picked, its dose is still to be written.
    """
    if finding.rule.status is not Status.ACTIVE:
        return "rule is silent"
    if is_quiet_renewal(finding, policy):
        return "unchanged renewal"
    if hook == SELECTING and judges_unwritten_dose(finding):
        return "dosage not written yet"
    return ""


def is_quiet_renewal(finding: Finding, policy: CardPolicy) -> bool:
    quiet = INDICATORS[finding.indicator] > INDICATORS[policy.renewals_from]
    return quiet and may_wait(finding.rule) and renews_unchanged(finding.bindings) and not could_be_more_urgent(finding)


def may_wait(rule: Rule) -> bool:
    """Whether a rule may be quiet on renewals: its author lowers it there, or lets it interrupt nobody anyway."""
    if rule.severity is Severity.CONTRAINDICATED or rule.family in NEVER_LOWERED:
        return False
    return rule.continuation == "lower" or rule.interrupt == "passive"


def could_be_more_urgent(finding: Finding) -> bool:
    """Whether a grade that could not be proven would make the finding more urgent than it is."""
    return any(INDICATORS[grade.indicator] < INDICATORS[finding.indicator] for grade in finding.skipped_grades)


def judges_unwritten_dose(finding: Finding) -> bool:
    """Whether a finding rests on the dosage of a draft that has none yet."""
    return any(is_unwritten_dose(finding, name) for name in finding.used)


def is_unwritten_dose(finding: Finding, name: str) -> bool:
    """Whether a fact (`this.daily_dose`) hangs on the dosage of a draft that has none yet."""
    side, _, fact = name.rpartition(".")
    drugs = [bound.drug for each, bound in finding.bindings.items() if each == side or not side]
    return fact in STILL_TO_WRITE and any(is_unwritten(drug) for drug in drugs)


def is_unwritten(drug: Drug) -> bool:
    """Whether a draft lacks a dosage from which the amount of a day follows."""
    return drug.is_draft and not any(isinstance(fact, Known) for fact in drug.dose.daily.values())
