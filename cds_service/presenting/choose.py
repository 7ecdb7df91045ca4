"""Which findings become cards: grouped by clinical problem, ranked, capped; the rest withheld with a reason."""

from collections.abc import Iterable

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.knowledge.release import ProblemKind, Release
from cds_service.knowledge.rules import NEVER_LOWERED, Indicator, Severity
from cds_service.presenting.audience import ANYBODY, Reader, withhold
from cds_service.presenting.groups import Group, Shown, Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.quiet import reason_to_wait
from cds_service.presenting.quieting import keep_quiet
from cds_service.presenting.review import review
from cds_service.presenting.unchecked import list_unchecked
from cds_service.reasoning.findings import Finding, Outcome

SEVERITIES = {severity: place for place, severity in enumerate(Severity)}
INDICATORS = {indicator: place for place, indicator in enumerate(Indicator)}
OPEN = frozenset({Outcome.UNDETERMINED, Outcome.ERROR})
QUALITIES = {"high": 0, "moderate": 1, "low": 2, "very low": 3}  # GRADE; anything else comes last

Rank = tuple[int, int, int, int, str, str]


def choose(
    findings: tuple[Finding, ...],
    chart: Chart,
    release: Release,
    hook: str,
    reader: Reader = ANYBODY,
    memory: Memory = NO_MEMORY,
) -> tuple[Shown, tuple[Withheld, ...]]:
    """Sort findings into cards, and name what is held back.

    Contraindicated groups are always shown and count towards the cap of the hook, or of the client where it has one of
    its own; a hook without a cap has none. What `memory` has been decided about is not said again.
    """
    fired = [finding for finding in findings if finding.outcome is Outcome.FIRES]
    reasons = [
        reason_to_wait(each, release.policy, hook) or withhold(each.rule, reader, chart.encounter_class)
        for each in fired
    ]
    waiting = list(zip(fired, reasons, strict=True))
    quiet = [Withheld(finding, reason) for finding, reason in waiting if reason]
    groups = group((finding for finding, reason in waiting if not reason), chart, release)
    groups, decided = keep_quiet(groups, memory, chart)
    groups = fold(groups)
    if hook in release.policy.review_hooks:
        groups = review(groups)
    kept, more = cap(groups, reader.most_cards or release.policy.caps.get(hook, len(groups)))
    over = [Withheld(finding, "over the cap") for each in more for finding in each.told]
    left_open = [finding for finding in findings if finding.outcome in OPEN]
    meant = tuple([each for each in left_open if not withhold(each.rule, reader, chart.encounter_class)])
    unchecked = list_unchecked(meant, chart, release, hook)
    return Shown(kept, more, unchecked), (*quiet, *decided, *over)


def rank(finding: Finding) -> Rank:
    """Sort key, most important first: severity, certainty, own risk factors met, evidence quality, rule id."""
    rule = finding.rule
    uncertain = bool(finding.missing or finding.assumed)
    quality = min((QUALITIES.get(each.quality, len(QUALITIES)) for each in rule.evidence), default=len(QUALITIES))
    return (SEVERITIES[rule.severity], uncertain, finding.grade is None, quality, rule.id, finding.key)


def group(findings: Iterable[Finding], chart: Chart, release: Release) -> tuple[Group, ...]:
    """One group per problem, or per problem and order, most urgent first (CH-104).

    A finding whose drugs all stand on an earlier card of the same problem joins that card: three drugs of one class
    are one duplicate, not two.
    """
    places = {drug.reference: place for place, drug in enumerate((*chart.focus, *chart.drugs))}
    found: dict[str, list[list[Finding]]] = {}
    for finding in sorted(findings, key=lambda each: (anchor(each, places), rank(each))):
        cards = found.setdefault(finding.rule.problem, [])
        by_patient = release.problems[finding.rule.problem].group_by == "patient"
        home = next((card for card in cards if by_patient or belongs(finding, card, places)), None)
        if home is None:
            cards.append([finding])
        else:
            home.append(finding)
    groups = [as_group(release.problems[problem], card) for problem, cards in found.items() for card in cards]
    return tuple(sorted(groups, key=urgency))


def belongs(finding: Finding, card: list[Finding], places: dict[str, int]) -> bool:
    """Whether a finding is about the same order as a card, or about drugs that the card names anyway."""
    return anchor(finding, places) == anchor(card[0], places) or subjects(finding) <= set().union(
        *(subjects(each) for each in card)
    )


def subjects(finding: Finding) -> set[str]:
    """References of the drugs a finding is about."""
    return {bound.drug.reference for bound in finding.bindings.values()}


def anchor(finding: Finding, places: dict[str, int]) -> int:
    """Place of the order a finding belongs to: its first drug in the order of focus; -1 for the patient alone."""
    return min((places.get(reference, len(places)) for reference in subjects(finding)), default=-1)


def as_group(problem: ProblemKind, findings: list[Finding]) -> Group:
    references = sorted(set().union(*(subjects(finding) for finding in findings)))
    return Group("|".join((problem.id, *references)), problem, tuple(sorted(findings, key=rank)))


def urgency(group: Group) -> tuple[int, Rank, str]:
    """Sort key of a card: its most urgent indicator, then its leading finding."""
    indicator = min(INDICATORS[finding.indicator] for finding in group.findings)
    return (indicator, rank(group.findings[0]), group.key)


def fold(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Groups of which a quiet one about the same order as an urgent one is told on that card: one order, one decision.

    A card of its own keep contraindications, and the families whose findings are never lowered.
    """
    urgent = [each for each in groups if not is_quiet(each)]
    beside: dict[str, list[Finding]] = {}
    left = []
    for each in groups:
        home = next((card for card in urgent if drafts(each) <= drafts(card)), None) if is_told_beside(each) else None
        if home is None:
            left.append(each)
        else:
            beside.setdefault(home.key, []).extend(each.findings)
    return tuple(replace(each, also=tuple(beside.get(each.key, ()))) for each in left)


def is_quiet(group: Group) -> bool:
    return all(finding.indicator is Indicator.INFO for finding in group.findings)


def is_told_beside(group: Group) -> bool:
    """Whether a group about orders may stand as a line on another card."""
    rules = [finding.rule for finding in group.findings]
    keep = any(rule.severity is Severity.CONTRAINDICATED or rule.family in NEVER_LOWERED for rule in rules)
    return is_quiet(group) and not keep and bool(drafts(group))


def drafts(group: Group) -> set[str]:
    """References of the orders a group is about."""
    bound = [each for finding in group.findings for each in finding.bindings.values()]
    return {each.drug.reference for each in bound if each.drug.is_draft}


def cap(groups: tuple[Group, ...], most: int) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups to show and those beyond the cap, both in order. Contraindications are never beyond it."""
    certain = sum(is_contraindicated(group) for group in groups)
    room = max(0, most - certain)
    kept, more = [], []
    for each in groups:
        if is_contraindicated(each):
            kept.append(each)
        elif room:
            kept.append(each)
            room -= 1
        else:
            more.append(each)
    return tuple(kept), tuple(more)


def is_contraindicated(group: Group) -> bool:
    return group.findings[0].rule.severity is Severity.CONTRAINDICATED
