"""Checks the knowledge: compiles it, runs every example, and says what is due for review."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from cds_service.errors import BadKnowledge, KnowledgeProblem
from cds_service.governance.summary import is_overdue, tabulate_rules
from cds_service.governance.valid_orders import check_orders
from cds_service.knowledge.compile import compile_library, read_variants
from cds_service.knowledge.examples import Example
from cds_service.knowledge.golden_rows import golden_file, read_golden
from cds_service.knowledge.index import index_rules
from cds_service.knowledge.library import Library, read_library
from cds_service.knowledge.overlays import find_ended
from cds_service.knowledge.page import Page, find_line
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule, Status
from cds_service.knowledge.sources import Sources
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.risk.golden import check_golden
from cds_service.terminology.products import Terminology

NOT_REVIEWED = "not yet reviewed by a pharmacist"
WORST_FIRST = (Outcome.ERROR, Outcome.FIRES, Outcome.UNDETERMINED, Outcome.SILENT)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. Nothing may be released while `problems` holds anything; `warnings` never stop a release.

    `release` is there when everything compiled. `rules` counts rules by status, `written` and `derived` the examples
    that ran, `unreviewed` the active rules that no second person has signed. `table` holds the figures by family.
    """

    problems: tuple[KnowledgeProblem, ...] = ()
    warnings: tuple[str, ...] = ()
    release: Release | None = None
    rules: Mapping[Status, int] = field(default_factory=dict)
    written: int = 0
    derived: int = 0
    reviewed: int = 0
    unreviewed: tuple[str, ...] = ()
    table: str = ""

    @property
    def passed(self) -> bool:
        return not self.problems

    def summarise(self) -> str:
        """The figures in sentences, for `cds check --summary`."""
        by_status = ", ".join(f"{count} {status}" for status, count in sorted(self.rules.items()))
        lines = [
            f"{sum(self.rules.values())} rules: {by_status or 'none'}",
            f"{self.written + self.derived} examples ran: {self.written} written, {self.derived} derived from tables",
            f"{self.reviewed} active rules reviewed, {len(self.unreviewed)} {NOT_REVIEWED}",
            self.table,
        ]
        if self.release:
            lines.append(f"release {self.release.digest}")
        return "\n".join(lines)


def check(sources: Sources, terminology: Terminology, today: date) -> Report:
    """Compile the sources and run every example of every rule, drafts included. `today` decides what is overdue."""
    library = read_library(sources, terminology, today)
    variants = read_variants(sources, terminology, today)
    examples = {id: library.examples(id) for id in library.written}
    try:
        release = compile_library(library, sources, today, variants)
    except BadKnowledge as bad:
        return Report(problems=bad.problems)
    shipped = [*check_orders(library.vocabulary.orderables.values()), *check_models(release, sources)]
    changed: list[KnowledgeProblem] = []
    for id, rule in release.rules.items():
        # A site may change a rule away from its examples on purpose: that is said, and stops nothing.
        (changed if rule.origins else shipped).extend(run(rule, examples[id], sources))
    for_tenants = run_variants(release, variants, sources)
    every = [example for listed in examples.values() for example in listed]
    active = [rule for rule in release.rules.values() if rule.status is Status.ACTIVE]
    return Report(
        problems=tuple(shipped),
        warnings=(
            *(f"changed by the site: {failure}" for failure in changed),
            *(f"changed for {tenant}: {failure}" for tenant, failure in for_tenants),
            *find_overdue(release.rules.values(), today),
            *find_underived(library, examples),
            *(
                f"{change.file}: {change.where}: ended on {change.until}; remove it"
                for change in find_ended(sources, today)
            ),
        ),
        release=release,
        rules=Counter(rule.status for rule in release.rules.values()),
        written=sum(not example.derived for example in every),
        derived=sum(example.derived for example in every),
        reviewed=sum(rule.reviewed for rule in active),
        unreviewed=tuple(sorted(rule.id for rule in active if not rule.reviewed)),
        table=tabulate_rules(release.rules.values(), today),
    )


def check_models(release: Release, sources: Sources) -> Iterator[KnowledgeProblem]:
    """Every golden row of every model, drafts included, that is written wrongly or comes out otherwise."""
    for bundle in release.models:
        page = Page(golden_file(bundle))
        rows = list(read_golden(page, sources.rows.get(page.file, ()), bundle))
        yield from page.problems
        yield from check_golden(bundle, rows)


def run_variants(
    release: Release, variants: Mapping[str, Library], sources: Sources
) -> Iterator[tuple[str, KnowledgeProblem]]:
    """The examples of the rules that are another for a tenant, where they come out otherwise."""
    for tenant, library in variants.items():
        theirs = release.tenants[tenant]
        for id, rule in theirs.rules.items():
            if rule is not release.rules.get(id):
                yield from ((tenant, failure) for failure in run(rule, library.examples(id), sources))


def run(rule: Rule, examples: tuple[Example, ...], sources: Sources) -> Iterator[KnowledgeProblem]:
    """Every example of one rule that does not come out as its author says."""
    index = index_rules((rule,))
    for example in examples:
        if wrong := compare(example, evaluate(index, example.chart)):
            line = find_line(sources.texts.get(rule.file, ""), example.where) if not example.derived else None
            yield KnowledgeProblem(rule.file, f"{rule.id}, example {example.name!r}", wrong, line)


def compare(example: Example, findings: tuple[Finding, ...]) -> str:
    """What came out otherwise than expected, in words; empty if nothing did. A rule nothing reached is silent."""
    outcome = min((finding.outcome for finding in findings), key=WORST_FIRST.index, default=Outcome.SILENT)
    finding = next((finding for finding in findings if finding.outcome is outcome), None)
    wanted, got = [example.outcome], [outcome.value]
    if finding and finding.error:
        got.append(finding.error)
    if example.indicator:
        wanted.append(f"with {example.indicator}")
        got.append(f"with {finding.indicator}" if finding and outcome is Outcome.FIRES else "without a card")
    if example.lowered is not None:
        wanted.append("lowered" if example.lowered else "not lowered")
        got.append("lowered" if finding and finding.lowered else "not lowered")
    missing = sorted({missing.subject for finding in findings for missing in finding.missing})
    if example.missing and not set(example.missing) <= set(missing):
        wanted.append(f"missing {', '.join(example.missing)}")
        got.append(f"missing {', '.join(missing) or 'nothing'}")
    if wanted == got:
        return ""
    if outcome is Outcome.UNDETERMINED and example.outcome != outcome and missing:
        got.append(f"because of {', '.join(missing)}")
    return f"wanted {' '.join(wanted)}, got {' '.join(got)}"


def find_overdue(rules: Iterable[Rule], today: date) -> Iterator[str]:
    """Rules whose review date has passed."""
    for rule in rules:
        if is_overdue(rule, today):
            yield f"{rule.file}: {rule.id}: its next review was due on {rule.next_review_date}"


def find_underived(library: Library, examples: Mapping[str, tuple[Example, ...]]) -> Iterator[str]:
    """Rows of tables with no example at all: none could be derived, and nobody wrote one. One line per table."""
    bare: dict[str, list[str]] = {}
    for id, written in library.written.items():
        if written.from_table and not examples[id]:
            bare.setdefault(written.rule.file, []).append(id.partition(".")[2])
    for file, keys in bare.items():
        rows = f"row {keys[0]}" if len(keys) == 1 else f"rows {', '.join(keys)}"
        yield f"{file}: no examples could be derived from the limits of {rows}; write some"
