"""The body of a card in Markdown: what, why, this patient, what is not known, what to do, and where it comes from."""

import re
from collections.abc import Iterable, Set
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known, Reason
from cds_service.knowledge.conditions import DRUG_LISTS
from cds_service.knowledge.rules import Evidence, Indicator, Severity
from cds_service.presenting.groups import Group, Unchecked
from cds_service.presenting.summary import plain_title, speak, summarise
from cds_service.presenting.text import escape_markdown, markdown_text
from cds_service.presenting.views import UNLIMITED, ingredient_name
from cds_service.presenting.wording import (
    fact_label,
    say,
    say_dose,
    say_drug,
    say_missing,
    say_not_known,
    say_reason,
    say_value,
    sentence,
)
from cds_service.reasoning.findings import Finding, Missing

MOST_LINES = 40  # of the not-checked card; a list of thousands is counted, not printed
INDICATORS = {indicator: place for place, indicator in enumerate(Indicator)}
MOST_ENTRIES = 3  # of a list, named on the line that says why the list did not settle a question
LINKABLE = re.compile(r"https?://[^\s()<>\"]+")


def describe(group: Group, chart: Chart, offered: Iterable[str] = ()) -> str:
    """The detail of a group's card, in the order in which a clinician decides.

    `offered` are lines about the card's suggestions, in Markdown.
    """
    findings = group.findings
    rules = list({finding.rule.id: finding.rule for finding in findings}.values())
    sections = (
        what(findings, chart),
        titled("Why", beside_detail(findings, [(rule.title, rule.mechanism) for rule in rules])),
        listed("This patient", [*drug_lines(findings, chart), *value_lines(findings, chart)]),
        listed("How sure", doubt_lines(findings)),
        titled("What to do", beside_detail(findings, [(rule.title, rule.management) for rule in rules])),
        bullets(offered),
        "\n".join(source_line(rule.id, rule.version, rule.evidence, rule.reviewer) for rule in rules),
    )
    return "\n\n".join(section for section in sections if section)


def beside_detail(findings: tuple[Finding, ...], texts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The texts without what the detail, with which a card of one finding starts, says word for word."""
    said = findings[0].rule.card.detail if len(findings) == 1 else ""
    return tuple((title, text) for title, text in texts if text not in said)


def what(findings: tuple[Finding, ...], chart: Chart) -> str:
    """One finding: its rule's own detail and the grade it meets. Several: one line each, in rank order."""
    if len(findings) > 1:
        return bullets(because(finding, chart) for finding in findings)
    only = findings[0]
    detail = speak(markdown_text, only.rule.card.detail, only, chart) or escape_markdown(plain_title(only, UNLIMITED))
    return "\n\n".join(part for part in (detail, grade_reason(only, chart)) if part)


def because(finding: Finding, chart: Chart) -> str:
    """The one line that a card of several findings takes from a rule."""
    text = speak(markdown_text, finding.rule.because, finding, chart)
    lead = "Contraindicated: " if finding.rule.severity is Severity.CONTRAINDICATED else ""
    reason = grade_reason(finding, chart)
    return f"{lead}{text or escape_markdown(plain_title(finding, UNLIMITED))}" + (f". {reason}" if reason else "")


def grade_reason(finding: Finding, chart: Chart) -> str:
    """Why this patient's urgency differs from the default, in the grade's words."""
    return speak(markdown_text, finding.grade.because, finding, chart) if finding.grade else ""


def drug_lines(findings: Iterable[Finding], chart: Chart) -> list[str]:
    """The drugs of the card with dose and start, each once, orders first."""
    drugs = {bound.drug.reference: bound.drug for finding in findings for bound in finding.bindings.values()}
    return [say_drug(drug, chart.now) for drug in sorted(drugs.values(), key=lambda drug: not drug.is_draft)]


def value_lines(findings: Iterable[Finding], chart: Chart) -> list[str]:
    """The facts that decided, with unit and date, each once; what does not hold (comfort care: no) is left out."""
    every = tuple(findings)
    shown = {bound.drug.reference for finding in every for bound in finding.bindings.values()}
    lines: dict[str, None] = {}
    for finding in every:
        for name, fact in finding.used.items():
            left = unsaid(finding, name, fact, shown)
            if left is not None:
                lines[say(left, label_in(finding, name), chart.now)] = None
    return list(lines)


def unsaid(finding: Finding, name: str, fact: Fact[Any], shown: Set[str]) -> Fact[Any] | None:
    """What of a fact the lines of the drugs do not say already; None when nothing is left."""
    if not isinstance(fact, Known):
        return fact
    if fact.value is False or is_in_drug_line(finding, name, fact):
        return None
    if name not in DRUG_LISTS or not fact.value:
        return fact
    named = zip(fact.value, fact.sources, strict=True)
    others = tuple(each for each, source in named if source.reference not in shown)
    return replace(fact, value=others) if others else None


def is_in_drug_line(finding: Finding, name: str, fact: Known[Any]) -> bool:
    """Whether the line of the drug says it already: its form and daily dose, that it is ordered, new or a renewal."""
    side, _, bare = name.partition(".")
    if bare in ("daily_dose", "total_daily_dose") and side in finding.bindings:
        return say_value(fact) in say_dose(finding.bindings[side].drug)
    return bare in ("is_new", "is_draft", "dose_form", "allergy_same_ingredient") or (
        bare == "dose_change" and fact.value in ("new", "same")
    )


def label_in(finding: Finding, name: str) -> str:
    """What the card calls a fact; a drug's fact says whose it is."""
    side = name.partition(".")[0]
    if side not in finding.bindings:
        return fact_label(name)
    return f"{ingredient_name(finding.bindings[side])} {fact_label(name)}"


def doubt_lines(findings: Iterable[Finding]) -> list[str]:
    """What was not known and what it could change, what was assumed, what was lowered; each once."""
    lines: dict[str, None] = {}
    for finding in findings:
        change = possible_change(finding)
        lines.update((gap + change, None) for gap in gaps(finding))
        lines.update(dict.fromkeys(finding.assumed))
        if finding.lowered:
            lines["shown one step less urgent because the same treatment is renewed unchanged"] = None
    # What could change the urgency of one finding need not be said again for another.
    told = {line.partition("; could be ")[0] for line in lines if "; could be " in line}
    return [line for line in lines if line not in told]


def gaps(finding: Finding) -> list[str]:
    """What was missing, as clauses; values missing for one reason share one."""
    values: dict[str, list[str]] = {}
    lists: dict[tuple[str, Reason], list[Missing]] = {}
    others: list[str] = []
    for missing in finding.missing:
        if missing.kind == "value":
            label = label_in(finding, missing.subject)
            values.setdefault(say_reason(missing.reason, missing.detail), []).append(label)
        elif missing.kind == "list":
            lists.setdefault((missing.subject, missing.reason), []).append(missing)
        else:
            others.append(say_missing(missing))
    return [
        *(say_not_known(", ".join(labels), reason) for reason, labels in values.items()),
        *(say_missing(as_one(entries)) for entries in lists.values()),
        *others,
    ]


def as_one(entries: list[Missing]) -> Missing:
    """What is wrong with one list for one reason: the first entries by name, the rest by number."""
    named = list(dict.fromkeys(entry.detail for entry in entries if entry.detail))
    more = f" and {len(named) - MOST_ENTRIES} more" if len(named) > MOST_ENTRIES else ""
    return replace(entries[0], detail=", ".join(named[:MOST_ENTRIES]) + more)


def possible_change(finding: Finding) -> str:
    """What the grades that could not be proven would do to the urgency."""
    if any(INDICATORS[grade.indicator] < INDICATORS[finding.indicator] for grade in finding.skipped_grades):
        return "; could be more urgent"
    if any(INDICATORS[grade.indicator] > INDICATORS[finding.indicator] for grade in finding.skipped_grades):
        return "; could be less urgent"
    return ""


@lru_cache(maxsize=4096)
def source_line(id: str, version: str, evidence: tuple[Evidence, ...], reviewer: str | None) -> str:
    """Evidence, rule and version, and who reviewed it, or that nobody has."""
    cited = "; ".join(cite(each) for each in evidence)
    reviewed = f"reviewed by {escape_markdown(reviewer)}" if reviewer else "not yet reviewed by a pharmacist"
    known = f"Source: {cited}. " if cited else ""
    return f"{known}Rule {escape_markdown(f'{id} {version}')}, {reviewed}."


def cite(evidence: Evidence) -> str:
    text = escape_markdown(evidence.citation)
    linked = f"[{text}]({evidence.url})" if LINKABLE.fullmatch(evidence.url) else text
    return f"{linked} ({escape_markdown(evidence.quality)})" if evidence.quality else linked


def describe_more(groups: tuple[Group, ...], chart: Chart) -> str:
    return bullets(escape_markdown(summarise(group, chart)) for group in groups)


def describe_unchecked(unchecked: tuple[Unchecked, ...]) -> str:
    """Every cause with the problems it leaves open, and what that does not mean; beyond `MOST_LINES` only counted."""
    lines = []
    for line in unchecked[:MOST_LINES]:
        clause = escape_markdown(sentence(say_missing(line.missing, line.drug)))
        still_open = f". Left open: {escape_markdown('; '.join(line.titles))}" if line.titles else ""
        lines.append(clause + still_open)
    if len(unchecked) > MOST_LINES:
        lines.append(f"{len(unchecked) - MOST_LINES} more that could not be checked")
    return f"{bullets(lines)}\n\nWhat is not known was not taken as normal or absent."


@lru_cache(maxsize=4096)
def titled(heading: str, texts: tuple[tuple[str, str], ...]) -> str:
    """A section from the rules alone: one text beside its heading, or one line per rule title."""
    filled = {title: escape_markdown(text) for title, text in texts if text}
    if not filled:
        return ""
    if len(set(filled.values())) == 1:
        return f"**{heading}:** {next(iter(filled.values()))}"
    return f"**{heading}**\n\n" + bullets(f"{escape_markdown(title)}: {text}" for title, text in filled.items())


def listed(heading: str, lines: list[str]) -> str:
    """A section of short plain lines; empty when there are none."""
    return f"**{heading}**\n\n{bullets(escape_markdown(sentence(line)) for line in lines)}" if lines else ""


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
