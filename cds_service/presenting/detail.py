"""The body of a card in Markdown: what, why, this patient, what is not known, what to do, and where it comes from."""

import re
from collections.abc import Iterable
from functools import lru_cache

from cds_service.chart.chart import Chart
from cds_service.knowledge.parse_rules import lines_of
from cds_service.knowledge.rules import Evidence, Indicator, Rule, Severity
from cds_service.presenting.groups import Group, Unchecked
from cds_service.presenting.patient import doubt_lines, drug_lines, is_news, value_lines
from cds_service.presenting.quiet import INDICATORS
from cds_service.presenting.summary import inside, plain_title, speak, summarise
from cds_service.presenting.text import escape_markdown, markdown_text
from cds_service.presenting.views import UNLIMITED
from cds_service.presenting.wording import fact_label, say_missing, sentence
from cds_service.reasoning.findings import Finding

INTERACTIONS = frozenset({"interaction", "burden"})  # families whose cards carry the PDDI minimum information
MOST_LINES = 40  # of the not-checked card; a list of thousands is counted, not printed
GAP = "\0"  # where the name of a drug stood in a line
VERB = re.compile(rf"{GAP} (is|has|[a-z]{{2,}}[^s\W]s)\b")  # straight after the name
PLURALS = {"is": "are", "has": "have"}
LINKABLE = re.compile(r"https?://[^\s()<>\"]+")


def describe(group: Group, chart: Chart, offered: Iterable[str] = (), scores: str = "") -> str:
    """The detail of a group's card, in the order in which a clinician decides.

    `offered` are lines about the card's suggestions, in Markdown; `scores` is what models say of the problem.
    """
    findings = group.findings
    rules = list({finding.rule.id: finding.rule for finding in findings}.values())
    said = what(findings, chart)
    doubts = doubt_lines(findings)
    values = [line for line in value_lines(findings, chart) if is_news(line, said, doubts)]
    sections = (
        said,
        titled("How serious", tuple((rule.title, say_seriousness(rule, group)) for rule in rules)),
        titled("Why", beside_detail(findings, [(rule.title, rule.mechanism) for rule in rules])),
        listed("This patient", [*drug_lines(findings, chart), *values]),
        listed("How sure", doubts),
        titled("What to do", beside_detail(findings, [(rule.title, rule.management) for rule in rules])),
        bullets(offered),
        also(group.also, chart),
        scores,
        sources(group.told),
    )
    return "\n\n".join(section for section in sections if section)


def say_seriousness(rule: Rule, group: Group) -> str:
    """Of an interaction: how bad in general, what may happen, and which facts of the patient were weighed.

    With drugs, mechanism, management and evidence these are the elements of the PDDI minimum information model.
    """
    if rule.family not in INTERACTIONS:
        return ""
    conditions = (*rule.all, *rule.unless, *(grade.when for grade in rule.grades))
    weighed = sorted(
        {fact_label(line.fact) for condition in conditions for line in lines_of(condition)}, key=str.casefold
    )
    factors = f" Weighed: {', '.join(weighed)}." if weighed else " No fact of the patient changes it."
    return f"{sentence(rule.severity)}: {inside(group.problem.title)}.{factors}"


def also(findings: Iterable[Finding], chart: Chart) -> str:
    """The quieter findings about the order, one line each with what to do."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule.id, []).append(finding)
    lines = [
        " ".join(
            end_sentence(each) for each in (*because_lines(alike, chart), escape_markdown(alike[0].rule.management))
        )
        for alike in by_rule.values()
    ]
    return f"**Also**\n\n{bullets(lines)}" if lines else ""


def end_sentence(text: str) -> str:
    return text if not text or text.endswith((".", "?", "!")) else f"{text}."


def sources(findings: Iterable[Finding]) -> str:
    """Where every rule comes from, its version and its review; of several rules a list, each evidence once."""
    rules: dict[tuple[tuple[Evidence, ...], str | None], dict[str, None]] = {}
    for rule in (finding.rule for finding in findings):
        rules.setdefault((rule.evidence, rule.reviewer), {})[f"{rule.id} {rule.version}"] = None
    if len(rules) == 1:
        ((evidence, reviewer), named), *_ = rules.items()
        return f"{'Source: ' if evidence else ''}{source_line(tuple(named), evidence)}, {say_review(reviewer)}."
    unreviewed = not any(reviewer for _, reviewer in rules)
    lines = [
        source_line(tuple(named), evidence) + ("." if unreviewed else f", {say_review(reviewer)}.")
        for (evidence, reviewer), named in rules.items()
    ]
    return f"**Sources**{f' (rules {say_review(None)})' if unreviewed else ''}\n\n{bullets(lines)}"


def say_review(reviewer: str | None) -> str:
    """Who reviewed a rule, or that nobody has."""
    return f"reviewed by {escape_markdown(reviewer)}" if reviewer else "not yet reviewed by a pharmacist"


def beside_detail(findings: tuple[Finding, ...], texts: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The texts without what the detail, with which a card of one finding starts, says word for word."""
    said = findings[0].rule.card.detail if len(findings) == 1 else ""
    return tuple((title, text) for title, text in texts if text not in said)


def what(findings: tuple[Finding, ...], chart: Chart) -> str:
    """One finding: its rule's own detail and the grade it meets. Several: one line each, in rank order."""
    if len(findings) > 1:
        return bullets(because_lines(findings, chart))
    only = findings[0]
    detail = speak(markdown_text, only.rule.card.detail, only, chart) or escape_markdown(plain_title(only, UNLIMITED))
    return "\n\n".join(sentence(part) for part in (detail, grade_reason(only, chart)) if part)


def because_lines(findings: Iterable[Finding], chart: Chart) -> list[str]:
    """One line for each finding; what a rule says of several drugs alike is one line about all of them."""
    names_of: dict[tuple[str, str], dict[str, None]] = {}
    for finding in findings:
        line, this = because(finding, chart), finding.bindings.get("this")
        name = escape_markdown(this.drug.name) if this else ""
        gapped = line.replace(name, GAP) if name else line
        names_of.setdefault((finding.rule.id, gapped), {})[name] = None
    return [
        sentence((agree(gapped) if len(names) > 1 else gapped).replace(GAP, name_all(list(names))))
        for (_, gapped), names in names_of.items()
    ]


def agree(gapped: str) -> str:
    """A line about one drug as one about several: "are" for "is", "need" for "needs"."""
    return VERB.sub(lambda verb: f"{GAP} {PLURALS.get(verb[1], verb[1][:-1])}", gapped)


def name_all(names: list[str]) -> str:
    """Names inside a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(each for each in (", ".join(names[:-1]), names[-1]) if each)


def because(finding: Finding, chart: Chart) -> str:
    """The one line that a card of several findings takes from a rule."""
    text = speak(markdown_text, finding.rule.because, finding, chart) or escape_markdown(
        plain_title(finding, UNLIMITED)
    )
    says_it = "contraindicated" in text.casefold() or finding.rule.severity is not Severity.CONTRAINDICATED
    reason = grade_reason(finding, chart)
    return ("" if says_it else "Contraindicated: ") + text + (f". {reason}" if reason else "")


def grade_reason(finding: Finding, chart: Chart) -> str:
    """Why this patient's urgency differs from the default, in the grade's words."""
    return speak(markdown_text, finding.grade.because, finding, chart) if finding.grade else ""


@lru_cache(maxsize=4096)
def source_line(rules: tuple[str, ...], evidence: tuple[Evidence, ...]) -> str:
    """Evidence, and the rules that rest on it with their version."""
    cited = "; ".join(cite(each) for each in evidence)
    known = f"{cited}. " if cited else ""
    return f"{known}Rule{'s' if len(rules) > 1 else ''} {escape_markdown(name_all(list(rules)))}"


def cite(evidence: Evidence) -> str:
    text = escape_markdown(evidence.citation)
    linked = f"[{text}]({evidence.url})" if LINKABLE.fullmatch(evidence.url) else text
    return f"{linked} ({escape_markdown(evidence.quality)})" if evidence.quality else linked


def describe_more(groups: tuple[Group, ...], chart: Chart) -> str:
    """The summary of every group with its urgency."""
    return bullets(f"{escape_markdown(summarise(group, chart))} ({indicator_of(group)})" for group in groups)


def indicator_of(group: Group) -> Indicator:
    """The most urgent indicator of a group."""
    return min((finding.indicator for finding in group.findings), key=INDICATORS.__getitem__)


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
    titles: dict[str, list[str]] = {}
    for title, text in texts:
        if text:
            titles.setdefault(escape_markdown(text), []).append(escape_markdown(title))
    if len(titles) < 2:
        return f"**{heading}:** {next(iter(titles))}" if titles else ""
    return f"**{heading}**\n\n" + bullets(
        f"{sentence(lead_in('; '.join(named)))} {text}" for text, named in titles.items()
    )


def lead_in(title: str) -> str:
    """A title before a text: with a colon, or a full stop where it has a colon of its own ("Overdue: sodium.")."""
    return f"{title}." if ": " in title else f"{title}:"


def listed(heading: str, lines: list[str]) -> str:
    """A section of short plain lines; empty when there are none."""
    return f"**{heading}**\n\n{bullets(escape_markdown(sentence(line)) for line in lines)}" if lines else ""


def bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
