"""A site's own changes to shipped rules and value sets: who changed what, why, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cds_service.knowledge.page import STEP, Page, Pages, join, name_list, suggest
from cds_service.knowledge.read_shape import is_number, read_shape, tables_in
from cds_service.knowledge.rules import Operator
from cds_service.knowledge.shapes import CHANGE, CHANGES
from cds_service.knowledge.sources import Document, Sources

LAYER = "config/site"
RULE_FIELDS = (
    *("severity", "interrupt", "status", "snooze", "because", "summary", "detail", "override_reasons", "thresholds"),
)
SET_FIELDS = ("add", "remove")
IN_CARD = ("summary", "detail", "override_reasons")
LIMITS = tuple(
    operator.value
    for operator in (Operator.BELOW, Operator.AT_MOST, Operator.AT_LEAST, Operator.ABOVE, Operator.BETWEEN)
)
# What can quieten a rule, so that a contraindication needs a second person.
QUIETENING = ("severity", "interrupt", "status", "thresholds")


@dataclass(frozen=True, slots=True)
class Change:
    """One `[[change]]` of a site: the fields it sets on one rule or value set. `where` is its place in `file`."""

    file: str
    where: str
    target: str
    fields: Mapping[str, Any]
    reason: str
    by: str
    approved_by: str | None = None
    until: date | None = None

    @property
    def origin(self) -> str:
        """Who stands behind it, for `cds explain`."""
        approved = f", approved by {self.approved_by}" if self.approved_by else ""
        until = f", until {self.until}" if self.until else ""
        return f"{self.file}: {self.reason} (by {self.by}{approved}{until})"


@dataclass(frozen=True, slots=True)
class Overlays:
    """The changes in force, by rule id and by value set id; `ended` are those whose `until` has passed."""

    rules: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    value_sets: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    ended: tuple[Change, ...] = ()

    def origins(self, rule: str) -> tuple[tuple[str, str], ...]:
        """Every field of the rule that the site set, with its origin."""
        return tuple((name, change.origin) for change in self.rules.get(rule, ()) for name in change.fields)


def read_overlays(sources: Sources, pages: Pages, today: date | None) -> Overlays:
    """The site's changes. Without `today` none counts as ended. A field set twice is noted, naming both files."""
    rules: dict[str, list[Change]] = {}
    value_sets: dict[str, list[Change]] = {}
    ended: list[Change] = []
    taken: dict[tuple[str, str], Change] = {}
    for file, document in sources.under(LAYER):
        for kind, change in read_changes(pages.open(file), document):
            for name in change.fields:
                other = taken.setdefault((f"{kind} {change.target}", name), change)
                if other is not change:
                    message = f"{name!r} of {change.target!r} is also set in {other.file}, {other.where}; keep one"
                    pages.open(file).note(change.where, message)
            if change.until and today and change.until < today:
                ended.append(change)
            else:
                (rules if kind == "rule" else value_sets).setdefault(change.target, []).append(change)
    return Overlays(
        {id: tuple(changes) for id, changes in rules.items()},
        {id: tuple(changes) for id, changes in value_sets.items()},
        tuple(ended),
    )


def read_changes(page: Page, document: Document) -> Iterator[tuple[str, Change]]:
    """The changes of one file, each with "rule" or "value_set"."""
    for number, entry in enumerate(read_shape(page, "", document, CHANGES).get("change", ()), 1):
        where = f"change[{number}]"
        before = len(page.problems)
        kept = read_shape(page, where, entry, CHANGE)
        kind = "rule" if "rule" in kept else "value_set"
        allowed = RULE_FIELDS if kind == "rule" else SET_FIELDS
        fields = {name: value for name, value in kept.items() if name in (*RULE_FIELDS, *SET_FIELDS)}
        if ("rule" in kept) == ("value_set" in kept):
            page.note(where, "a change names either a rule or a value_set")
        elif len(page.problems) == before and (not fields or fields.keys() - set(allowed)):
            page.note(where, f"a change of a {kind} sets {name_list(allowed)}")
        if kept.get("approved_by") == kept.get("by") and "by" in kept:
            page.note(join(where, "approved_by"), "who approves must not be who made the change")
        if len(page.problems) == before:
            until = date.fromisoformat(kept["until"]) if "until" in kept else None
            yield (
                kind,
                Change(
                    page.file, where, kept[kind], fields, kept["reason"], kept["by"], kept.get("approved_by"), until
                ),
            )


def overlay_rule(pages: Pages, document: Document, changes: tuple[Change, ...]) -> Document:
    """The rule document with the site's changes in it; a contraindication is quietened by two people only."""
    changed: dict[str, Any] = copy(document)
    for change in changes:
        page = pages.open(change.file)
        quietens = [name for name in QUIETENING if name in change.fields]
        if document.get("severity") == "contraindicated" and quietens and not change.approved_by:
            page.note(
                change.where, f"{change.target!r} is contraindicated: changing its {quietens[0]} needs approved_by"
            )
        for name, value in change.fields.items():
            if name == "thresholds":
                for path, limit in value.items():
                    set_limit(page, join(change.where, "thresholds"), changed, path, limit)
            elif name in IN_CARD:
                changed["card"] = {**changed.get("card", {}), name: value}
            else:
                changed[name] = value
    return changed


def copy(value: Any) -> Any:
    """A deep copy of plain JSON values."""
    if isinstance(value, Mapping):
        return {key: copy(inner) for key, inner in value.items()}
    return [copy(inner) for inner in value] if isinstance(value, list) else value


def set_limit(page: Page, where: str, document: dict[str, Any], path: str, limit: Any) -> None:
    """Put a new limit into the line at `path` (`when.all[1]`, as `cds explain` and messages write it)."""
    line: Any = document
    for key, number in STEP.findall(path):
        if key:
            line = line.get(key) if isinstance(line, dict) else None
        else:
            line = line[int(number) - 1] if isinstance(line, list) and 0 < int(number) <= len(line) else None
    operator = next((name for name in LIMITS if isinstance(line, dict) and name in line), None)
    if not isinstance(line, dict) or operator is None:
        page.note(where, f"the rule has no line with a limit at {path!r}; `cds explain` shows the places")
    elif isinstance(limit, list) != (operator == "between") or not (is_number(limit) or isinstance(limit, list)):
        page.note(
            where, f"{path!r} says {operator!r}, which needs {'two numbers' if operator == 'between' else 'a number'}"
        )
    else:
        line[operator] = limit


def overlay_value_set(pages: Pages, document: Document, changes: tuple[Change, ...]) -> Document:
    """The value set document with entries added and removed."""
    if not changes:
        return document
    codes = tables_in(document, "codes")
    for change in changes:
        for entry in change.fields.get("remove", ()):
            kept = [each for each in codes if not entry.items() <= each.items()]
            if len(kept) == len(codes):
                message = f"{change.target!r} has no such entry: {name_list(map(str, entry.values()), 'and')}"
                pages.open(change.file).note(join(change.where, "remove"), message)
            codes = kept
        codes += change.fields.get("add", ())
    return {**document, "codes": codes}


def check_targets(pages: Pages, overlays: Overlays, rules: Mapping[str, Any], value_sets: Mapping[str, Any]) -> None:
    """Every change must meet a rule or value set that exists."""
    for kind, changes, known in (("rule", overlays.rules, rules), ("value set", overlays.value_sets, value_sets)):
        for target, listed in changes.items():
            for change in listed if target not in known else ():
                pages.open(change.file).note(change.where, f"there is no {kind} {target!r}{suggest(target, known)}")
