"""What could not be checked about the drugs in focus: one line per cause, never per rule."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import HOOKS_WITHOUT_ORDERS, Chart
from cds_service.chart.facts import Reason
from cds_service.knowledge.release import CardPolicy, Release
from cds_service.knowledge.rules import Rule, Severity, Status
from cds_service.presenting.groups import Unchecked
from cds_service.presenting.quiet import SELECTING, is_unwritten_dose
from cds_service.reasoning.findings import Finding, Missing, Outcome

MOST_NAMED = 20  # entries of one list that could not be placed
SEVERITIES = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why something could not be checked, and what it kept open. `drug` as in `Unchecked`."""

    missing: Missing
    drug: str = ""
    title: str = ""

    @property
    def key(self) -> tuple[str, str, Reason, str]:
        return (self.missing.kind, self.missing.subject, self.missing.reason, self.drug)


@dataclass(slots=True)
class Line:
    """A line being written: the first cause met, with the details and titles of all causes that say the same."""

    cause: Cause
    details: dict[str, None] = field(default_factory=dict)
    titles: dict[str, None] = field(default_factory=dict)


def list_unchecked(findings: tuple[Finding, ...], chart: Chart, release: Release, hook: str) -> tuple[Unchecked, ...]:
    """The lines of the not-checked card: rules that failed, lists not read, drugs not recognised, missing values.

    Rules that are not active keep their gaps to themselves. Where nothing is ordered only lists not read, and failed
    rules, are named.
    """
    active = [finding for finding in findings if finding.rule.status is Status.ACTIVE]
    causes = [*failed_rules(active), *unread_lists(chart, hook), *needed_lists(active, release)]
    if hook not in HOOKS_WITHOUT_ORDERS:
        causes += [*unrecognised_drugs(chart), *missing_values(active, release, hook)]
    return merge(causes)


def failed_rules(findings: Iterable[Finding]) -> Iterator[Cause]:
    for finding in findings:
        if finding.outcome is Outcome.ERROR:
            yield Cause(Missing("rule", finding.rule.title, Reason.MALFORMED))


def unread_lists(chart: Chart, hook: str) -> Iterator[Cause]:
    """Lists that matter whatever the rules: drugs and allergies beside an order, the drugs where nothing is ordered."""
    if hook in HOOKS_WITHOUT_ORDERS:
        names: tuple[str, ...] = ("medications",)
    elif has_order_in_focus(chart):
        names = ("orders", "medications", "allergies")
    else:
        names = ("orders",)
    for name in names:
        items = getattr(chart, name)
        if not items.complete:
            yield Cause(Missing("list", name, items.reason or Reason.NOT_SENT))


def has_order_in_focus(chart: Chart) -> bool:
    """Whether this call is about at least one drug being ordered; one nobody recognises is still being ordered."""
    return bool(chart.focus or chart.orders.unrecognised)


def needed_lists(findings: Iterable[Finding], release: Release) -> Iterator[Cause]:
    """Lists not read that kept a reached rule open."""
    for finding, missing in open_ends(findings):
        if missing.kind == "list" and missing.reason is not Reason.UNRECOGNISED:
            yield Cause(missing, title=title_of(finding, release))


def unrecognised_drugs(chart: Chart) -> Iterator[Cause]:
    if has_order_in_focus(chart):
        for drug in chart.unrecognised_drugs:
            yield Cause(Missing("drug", drug.text, Reason.UNRECOGNISED))


def missing_values(findings: Iterable[Finding], release: Release, hook: str) -> Iterator[Cause]:
    """Values, and list entries nobody could place, that kept a rule open which is severe enough or asks to be named.

    A severe rule that asks not to be named is left out, and so is the dosage of a drug that is only being picked.
    """
    for finding, missing in open_ends(findings):
        unplaced = missing.kind == "value" or (missing.kind == "list" and missing.reason is Reason.UNRECOGNISED)
        wanted = is_worth_naming(finding.rule, release.policy)
        if unplaced and wanted and not (hook == SELECTING and is_unwritten_dose(finding, missing.subject)):
            yield as_cause(finding, missing, title_of(finding, release))


def is_worth_naming(rule: Rule, policy: CardPolicy) -> bool:
    """Whether what keeps a rule open is named: the rule is severe enough, or asks for it itself."""
    severe = SEVERITIES[rule.severity] <= SEVERITIES[policy.unchecked_severity]
    return severe if rule.say_unchecked is None else rule.say_unchecked


def as_cause(finding: Finding, missing: Missing, title: str) -> Cause:
    """What was missing, and of which drug; whether a drug is on the allergy list is a matter of that list."""
    side = missing.subject.partition(".")[0]
    drug = finding.bindings[side].drug.name if side in finding.bindings else ""
    fact = missing.subject.removeprefix(f"{side}.") if drug else missing.subject
    if fact == "allergy_same_ingredient":
        unplaced = missing.detail.removeprefix("allergy: ") if missing.reason is Reason.UNRECOGNISED else ""
        return Cause(Missing("list", "allergies", missing.reason, unplaced), title=title)
    return Cause(as_gene_test(Missing(missing.kind, fact, missing.reason, missing.detail)), drug, title)


def as_gene_test(missing: Missing) -> Missing:
    """Genes that were not tested share one line, however many there are; anything else stays as it is."""
    fact = CATALOGUE.get(missing.subject)
    if fact is None or fact.key != "genomics":
        return missing
    return Missing(missing.kind, "gene_test", missing.reason, fact.label)


def open_ends(findings: Iterable[Finding]) -> Iterator[tuple[Finding, Missing]]:
    for finding in findings:
        if finding.outcome is Outcome.UNDETERMINED:
            for missing in finding.missing:
                yield finding, missing


def title_of(finding: Finding, release: Release) -> str:
    """The problem that stays open, with the drugs it is about."""
    names = sorted({bound.drug.name for bound in finding.bindings.values()})
    title = release.problems[finding.rule.problem].title
    return f"{title} ({', '.join(names)})" if names else title


def merge(causes: Iterable[Cause]) -> tuple[Unchecked, ...]:
    """One line per cause in the order first met; entries of one list that could not be placed share a line."""
    lines: dict[tuple[str, str, Reason, str], Line] = {}
    for cause in causes:
        line = lines.setdefault(cause.key, Line(cause))
        line.details.update({cause.missing.detail: None} if cause.missing.detail else {})
        line.titles.update({cause.title: None} if cause.title else {})
    return tuple(as_unchecked(line) for line in lines.values())


def as_unchecked(line: Line) -> Unchecked:
    missing = line.cause.missing
    named = list(line.details)[:MOST_NAMED]
    more = [f"{len(line.details) - MOST_NAMED} more"] if len(line.details) > MOST_NAMED else []
    detail = ", ".join((*named, *more))
    return Unchecked(
        Missing(missing.kind, missing.subject, missing.reason, detail), tuple(line.titles), line.cause.drug
    )
