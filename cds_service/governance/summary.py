"""Counts the rules of a library for `cds check --summary`: by family, status, review, confidence and source."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

from cds_service.knowledge.rules import Rule, Status

CONFIDENCES = {
    "high": frozenset({"verified"}),
    "moderate": frozenset({"label-known", "corroborated"}),
    "uncertain": frozenset({"uncertain"}),
    "not said": frozenset({""}),
}
LEGEND = "high: verified; moderate: label-known or corroborated; sources: different ones"

Count = Callable[[list[Rule]], int]


def tabulate_rules(rules: Iterable[Rule], today: date) -> str:
    """Two tables of figures, each with one line per family and one for all: of status and review, then of sources."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    return "\n".join(
        ("", *tabulate(families, columns_of_review(today)), "", *tabulate(families, columns_of_sources()), LEGEND, "")
    )


def tabulate(families: Mapping[str, list[Rule]], columns: Mapping[str, Count]) -> Iterator[str]:
    """The lines of one table."""
    every = [rule for listed in families.values() for rule in listed]
    lines = [("family", *columns)]
    for family, listed in (*sorted(families.items()), ("all", every)):
        lines.append((family, *(str(count(listed)) for count in columns.values())))
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    return (align(line, widths) for line in lines)


def columns_of_review(today: date) -> dict[str, Count]:
    """How far the rules are, and who has looked at them."""
    statuses = (Status.ACTIVE, Status.SILENT, Status.DRAFT, Status.RETIRED)
    return {
        **{status.value: those(has_status(status)) for status in statuses},
        "reviewed": those(lambda rule: rule.reviewed),
        "unreviewed": those(lambda rule: not rule.reviewed),
        "overdue": those(lambda rule: is_overdue(rule, today)),
    }


def columns_of_sources() -> dict[str, Count]:
    """How sure their authors are, and from how many citations."""
    return {
        **{name: those(has_confidence(words)) for name, words in CONFIDENCES.items()},
        "sources": count_sources,
    }


def has_status(status: Status) -> Callable[[Rule], bool]:
    return lambda rule: rule.status is status


def has_confidence(words: frozenset[str]) -> Callable[[Rule], bool]:
    return lambda rule: rule.confidence in words


def those(are: Callable[[Rule], bool]) -> Count:
    """Counts the rules that are so."""
    return lambda rules: sum(map(are, rules))


def count_sources(rules: list[Rule]) -> int:
    return len({evidence.citation for rule in rules for evidence in rule.evidence})


def is_overdue(rule: Rule, today: date) -> bool:
    """Whether the review date of a rule that is not retired has passed."""
    due = rule.next_review_date
    return due is not None and due < today and rule.status is not Status.RETIRED


def align(cells: tuple[str, ...], widths: list[int]) -> str:
    """The first cell to the left, the figures to the right."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((first.strip().ljust(widths[0]), *others))
