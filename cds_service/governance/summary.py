"""Counts the rules of a library for `cds check --summary`: by family, status, review, confidence and source."""

from collections.abc import Callable, Iterable
from datetime import date

from cds_service.knowledge.rules import Rule, Status

CONFIDENCES = {
    "high": frozenset({"verified"}),
    "moderate": frozenset({"label-known", "corroborated"}),
    "uncertain": frozenset({"uncertain"}),
    "not said": frozenset({""}),
}
LEGEND = "Confidence: high = verified; moderate = label-known or corroborated. Sources: different citations."


def tabulate_rules(rules: Iterable[Rule], today: date) -> str:
    """A table of figures: one line per family, and one for all."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    columns = columns_of(today)
    lines = [("family", *columns)]
    lines += [(family, *figures(listed, columns)) for family, listed in sorted(families.items())]
    lines.append(("all", *figures([rule for listed in families.values() for rule in listed], columns)))
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return "\n".join((*(align(line, widths) for line in lines), LEGEND))


def columns_of(today: date) -> dict[str, Callable[[Rule], bool]]:
    """What each column counts. The last one, the sources, is counted otherwise."""
    return {
        **{status.value: has_status(status) for status in (Status.ACTIVE, Status.SILENT, Status.DRAFT, Status.RETIRED)},
        "reviewed": lambda rule: rule.reviewed,
        "unreviewed": lambda rule: not rule.reviewed,
        **{name: has_confidence(words) for name, words in CONFIDENCES.items()},
        "overdue": lambda rule: is_overdue(rule, today),
        "sources": lambda rule: False,
    }


def has_status(status: Status) -> Callable[[Rule], bool]:
    return lambda rule: rule.status is status


def has_confidence(words: frozenset[str]) -> Callable[[Rule], bool]:
    return lambda rule: rule.confidence in words


def is_overdue(rule: Rule, today: date) -> bool:
    """Whether the review date of a rule that is not retired has passed."""
    due = rule.next_review_date
    return due is not None and due < today and rule.status is not Status.RETIRED


def figures(rules: list[Rule], columns: dict[str, Callable[[Rule], bool]]) -> tuple[str, ...]:
    *counted, _ = columns.values()
    sources = {evidence.citation for rule in rules for evidence in rule.evidence}
    return (*(str(sum(map(counts, rules))) for counts in counted), str(len(sources)))


def align(cells: tuple[str, ...], widths: list[int]) -> str:
    """The first cell to the left, the figures to the right."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((first.strip().ljust(widths[0]), *others))
