"""What of this patient decided, and what is not known about it: short plain lines."""

from collections.abc import Iterable, Set
from typing import Any

from msgspec.structs import replace

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known
from cds_service.knowledge.conditions import DRUG_LISTS
from cds_service.presenting.quiet import INDICATORS, could_be_more_urgent
from cds_service.presenting.text import escape_markdown
from cds_service.presenting.views import ingredient_name
from cds_service.presenting.wording import (
    NOTHING_FOUND,
    fact_label,
    say,
    say_dates,
    say_dose,
    say_drug,
    say_missing,
    say_not_known,
    say_plain,
    say_reason,
    say_value,
)
from cds_service.reasoning.findings import Finding, Missing

SUMS_OF_DRUGS = frozenset(
    {"total_daily_dose"}
    | {fact.name for fact in CATALOGUE.values() if fact.inputs and {*fact.inputs} <= {"medications", "orders"}}
)
MOST_ENTRIES = 3  # of a list, named on the line that says why the list did not settle a question


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
                lines[say(of_now(name, left), label_in(finding, name), chart.now, say_dates(name, chart))] = None
    return [line for line in lines if not is_contradicted(line, lines)]


def of_now(name: str, fact: Fact[Any]) -> Fact[Any]:
    """A sum over the drugs of the moment has no date: the age of an order is not the age of the sum."""
    return replace(fact, as_of=None) if name.rpartition(".")[2] in SUMS_OF_DRUGS else fact


def is_contradicted(line: str, lines: Iterable[str]) -> bool:
    """Whether a list that holds nothing of one kind holds what another finding of the card looked for."""
    label, nothing, _ = line.partition(f": {NOTHING_FOUND}")
    return bool(nothing) and any(other != line and other.startswith(f"{label}: ") for other in lines)


def is_news(line: str, said: str, doubts: list[str]) -> bool:
    """Whether a line about a value stands neither in what was said before nor among what is not known."""
    in_text = escape_markdown(line).casefold() in said.casefold()
    return not in_text and not any(doubt.replace("only known to be ", "").startswith(line) for doubt in doubts)


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
    lines: dict[str, set[str]] = {}
    for finding in findings:
        change = possible_change(finding)
        for gap in gaps(finding):
            lines.setdefault(gap, set()).update(change)
        for said in assumptions(finding):
            lines.setdefault(said, set())
        if finding.lowered:
            lines.setdefault("shown one step less urgent because the same treatment is renewed unchanged", set())
    return [line + say_change(changes) for line, changes in lines.items()]


def say_change(changes: Set[str]) -> str:
    """What one gap could do to the urgency of the findings that it leaves open."""
    said = " or ".join(word for word in ("more", "less") if word in changes)
    return f"; could be {said} urgent" if said else ""


def assumptions(finding: Finding) -> list[str]:
    """What the author assumes where nothing is known; what is assumed both ways is just not known."""
    said = list(finding.assumed)
    for each in finding.assumed:
        label, _, reason = each.partition(": assumed yes ")
        if reason and (opposite := f"{label}: assumed no {reason}") in said:
            said = [line for line in said if line not in (each, opposite)]
            said.append(say_not_known(label, reason.strip("()")))
    return said


def gaps(finding: Finding) -> list[str]:
    """What was missing, as clauses; values missing for one reason share one."""
    values: dict[str, list[str]] = {}
    others: list[str] = []
    for missing in finding.missing:
        if missing.kind == "value":
            label, reason = label_in(finding, missing.subject), say_reason(missing.reason, missing.detail)
            values.setdefault(unnamed(label, reason), []).append(label)
        elif missing.kind != "list":
            others.append(say_missing(missing))
    return [
        *(say_not_known(", ".join(labels), reason) for reason, labels in values.items()),
        *(say_missing(each) for each in join_lists(finding.missing) if each.kind == "list"),
        *others,
    ]


def unnamed(label: str, reason: str) -> str:
    """A reason without the value it begins with, so that values missing alike meet: "INR not recorded" alone."""
    return reason[len(label) + 1 :] if reason.casefold().startswith(f"{label.casefold()} not ") else reason


def join_lists(every: Iterable[Missing]) -> list[Missing]:
    """What is missing, all that is wrong with one list for one reason as one."""
    joined: dict[object, list[Missing]] = {}
    for missing in every:
        same = (missing.subject, missing.reason) if missing.kind == "list" else missing
        joined.setdefault(same, []).append(missing)
    return [as_one(entries) if entries[0].kind == "list" else entries[0] for entries in joined.values()]


def as_one(entries: list[Missing]) -> Missing:
    """What is wrong with one list for one reason: the first entries by name, the rest by number."""
    named = list(dict.fromkeys(say_plain(entry.detail) for entry in entries if entry.detail))
    more = f" and {len(named) - MOST_ENTRIES} more" if len(named) > MOST_ENTRIES else ""
    return replace(entries[0], detail=", ".join(named[:MOST_ENTRIES]) + more)


def possible_change(finding: Finding) -> tuple[str, ...]:
    """What the grades that could not be proven would make of the urgency: "more", else "less", or nothing."""
    if could_be_more_urgent(finding):
        return ("more",)
    is_less = any(INDICATORS[grade.indicator] > INDICATORS[finding.indicator] for grade in finding.skipped_grades)
    return ("less",) if is_less else ()
