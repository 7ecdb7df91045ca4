"""The body of a medication review in Markdown: one section for each problem, in order of urgency."""

from collections.abc import Iterable

from cds_service.chart.chart import Chart
from cds_service.knowledge.rules import Rule
from cds_service.presenting.detail import because_lines, bullets, indicator_of, listed, say_seriousness, sources
from cds_service.presenting.groups import Group
from cds_service.presenting.patient import doubt_lines, is_news, value_lines
from cds_service.presenting.text import escape_markdown
from cds_service.presenting.wording import NOTHING_FOUND
from cds_service.reasoning.findings import Finding


def describe_review(review: Group, chart: Chart, offered: Iterable[str] = (), scores: str = "") -> str:
    """Every problem with its findings and what to do; then this patient, what is not known, and the sources.

    `offered` are lines about the card's suggestions, in Markdown; `scores` is what models say of the problems. Lists
    that hold nothing of the kind are left out: among several problems nobody could tell what was looked for in them.
    """
    said = "\n\n".join(describe_part(part, chart) for part in review.parts)
    doubts, changes = doubt_lines(review.findings), bullets(offered)
    values = [line for line in value_lines(review.findings, chart) if is_news(line, said, doubts)]
    sections = (
        said,
        f"**Suggestions**\n\n{changes}" if changes else "",
        listed("This patient", [line for line in values if not line.endswith(NOTHING_FOUND)]),
        listed("How sure", doubts),
        scores,
        sources(review.told),
    )
    return "\n\n".join(section for section in sections if section)


def describe_part(part: Group, chart: Chart) -> str:
    """One problem under its title and urgency: what each rule found, and what it asks for."""
    alike: dict[tuple[str, ...], list[Finding]] = {}
    for finding in part.findings:
        alike.setdefault(advice(finding.rule, part), []).append(finding)
    lines = []
    for given, findings in alike.items():
        *before, last = because_lines(findings, chart)
        lines += [*before, "".join((last, *(f"\n  - {line}" for line in given)))]
    return f"**{escape_markdown(part.problem.title)} ({indicator_of(part)})**\n\n{bullets(lines)}"


def advice(rule: Rule, part: Group) -> tuple[str, ...]:
    """What stands below the findings of a rule; of interactions also how serious and why."""
    serious = say_seriousness(rule, part)
    said = {"How serious": serious, "Why": rule.mechanism if serious else "", "What to do": rule.management}
    return tuple(f"{heading}: {escape_markdown(text)}" for heading, text in said.items() if text)
