"""Puts the changes of overlays into documents before they are read, and says where a changed value comes from."""

from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.conditions import COMPARISONS
from cds_service.knowledge.overlays import Change, Overlays
from cds_service.knowledge.page import STEP, Page, Pages, join, name_list, suggest
from cds_service.knowledge.read_shape import is_number, tables_in
from cds_service.knowledge.rules import Operator
from cds_service.knowledge.sources import Document

IN_CARD = ("summary", "detail", "override_reasons")
LIMITS = tuple(operator.value for operator in (*COMPARISONS, Operator.BETWEEN, Operator.WITHIN_DAYS))
# What can quieten a rule, so that a contraindication needs a second person.
QUIETENING = ("severity", "interrupt", "status", "thresholds")
# Where a rule names what must not be there: more entries in such a list make it speak less.
EXEMPTING = ("unless", "not", "none_in", "not_ingredient_in", "not_with", "not_form_in")
# The places of a rule that a changed field decides, beside its own.
DECIDED: Mapping[str, tuple[str, ...]] = {
    "status": ("status", "", "governance.confidence"),
    **{name: (f"card.{name}",) for name in IN_CARD},
}

Origins = tuple[tuple[str, str], ...]


def overlay_rule(pages: Pages, document: Document, changes: tuple[Change, ...]) -> Document:
    """The rule document with the changes in it; a contraindication is quietened by two people only."""
    changed: dict[str, Any] = copy(document)
    for change in changes:
        page = pages.open(change.file)
        quietens = [name for name in QUIETENING if name in change.fields]
        if "contraindicated" in (document.get("severity"), changed.get("severity")) and quietens:
            require_approval(page, change, f"{change.target!r} is contraindicated: changing its {quietens[0]}")
        for name, value in change.fields.items():
            if name == "thresholds":
                for path, limit in value.items():
                    set_limit(page, join(change.where, "thresholds"), changed, path, limit)
            elif name in IN_CARD:
                changed["card"] = {**changed.get("card", {}), name: value}
            else:
                changed[name] = value
    return changed


def require_approval(page: Page, change: Change, what: str) -> None:
    if not change.approved_by:
        page.note(change.where, f"{what} needs approved_by, the name of a second person")


def copy(value: Any) -> Any:
    """A deep copy of plain JSON values."""
    if isinstance(value, Mapping):
        return {key: copy(inner) for key, inner in value.items()}
    return [copy(inner) for inner in value] if isinstance(value, list) else value


def set_limit(page: Page, where: str, document: dict[str, Any], path: str, limit: Any) -> None:
    """Put a new limit into the line at `path` (`when.all[1]`, as `cds explain` and messages write it)."""
    line = line_at(document, path)
    operator = limit_of(line)
    if line is None or operator is None:
        places = list(find_limits(document))
        known = f"its limits are at {name_list(places, 'and')}" if places else "it has none"
        page.note(where, f"the rule has no line with a limit at {path!r}; {known}")
    elif isinstance(limit, list) != (operator == "between") or not (is_number(limit) or isinstance(limit, list)):
        page.note(
            where, f"{path!r} says {operator!r}, which needs {'two numbers' if operator == 'between' else 'a number'}"
        )
    else:
        line[operator] = limit


def line_at(document: Document, path: str) -> dict[str, Any] | None:
    """What stands at `path`, if it is a table."""
    line: Any = document
    for key, number in STEP.findall(path):
        if key:
            line = line.get(key) if isinstance(line, dict) else None
        else:
            line = line[int(number) - 1] if isinstance(line, list) and 0 < int(number) <= len(line) else None
    return line if isinstance(line, dict) else None


def find_limits(value: Any, path: str = "") -> Iterator[str]:
    """The place of every line with a limit, in the order of the document."""
    if isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from find_limits(inner, f"{path}[{number}]")
    elif isinstance(value, Mapping):
        if "fact" in value and limit_of(value):
            yield path
        for key in (name for name in value if name in ("when", "unless", "grade", "all", "any", "not")):
            yield from find_limits(value[key], join(path, key))


def limit_of(line: Mapping[str, Any] | None) -> str | None:
    """The operator of a line that has a limit."""
    return next((name for name in LIMITS if line is not None and name in line), None)


def blame(pages: Pages, read: Page, shipped: Page, changes: tuple[Change, ...]) -> None:
    """Note what is wrong with a changed rule where the change was made, and the rest on the rule's own page."""
    decided = {
        place: (change, name) for change in changes for name in change.fields for place in DECIDED.get(name, (name,))
    }
    for problem in read.problems:
        place = next(
            (place for place in decided if problem.where == place or problem.where.startswith(f"{place}.")), None
        )
        if place is None:
            shipped.problems.append(problem)
        else:
            change, name = decided[place]
            pages.open(change.file).note(join(change.where, name), f"{change.target}: {problem.message}")


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


def check_targets(
    pages: Pages, overlays: Overlays, documents: Mapping[str, Document], value_sets: Mapping[str, Any]
) -> None:
    """Every change meets a rule or value set that exists; one that thins a contraindication out has two names."""
    for kind, changes, known in (("rule", overlays.rules, documents), ("value set", overlays.value_sets, value_sets)):
        for target, listed in changes.items():
            for change in listed if target not in known else ():
                pages.open(change.file).note(change.where, f"there is no {kind} {target!r}{suggest(target, known)}")
    grave = {id: document for id, document in documents.items() if document.get("severity") == "contraindicated"}
    for target, listed in overlays.value_sets.items():
        thinned = [id for id, document in grave.items() if target in set(texts_in(document))]
        spared = [id for id in thinned if target in set(exempting_texts_in(grave[id]))]
        for change in listed:
            touched = thinned if "remove" in change.fields else spared
            if touched:
                others = f" and {len(touched) - 1} more" if len(touched) > 1 else ""
                what = f"{target!r} decides the contraindication {touched[0]!r}{others}: changing it"
                require_approval(pages.open(change.file), change, what)


def texts_in(value: Any) -> Iterator[str]:
    """Every text inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)


def exempting_texts_in(value: Any) -> Iterator[str]:
    """Every text inside what makes a rule speak less."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts_in(inner) if key in EXEMPTING else exempting_texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from exempting_texts_in(inner)


def find_origins(shipped: Document, changes: tuple[Change, ...], overlays: Overlays) -> Origins:
    """Every value of a rule that a layer set, with what it was, who set it and why; and every changed list it names."""
    found: dict[str, str] = {}
    for change in changes:
        for name, value in change.fields.items():
            if name == "thresholds":
                for path, limit in value.items():
                    line = line_at(shipped, path) or {}
                    found[f"limit at {path}"] = (
                        f"{say(limit)} instead of {say(line.get(limit_of(line) or ''))}; {change.origin}"
                    )
            else:
                home = shipped.get("card", {}) if name in IN_CARD else shipped
                was = home.get(name, "everybody" if name == "audience" else None)
                found[name] = f"{say(value)} instead of {say(was)}; {change.origin}"
    named = set(texts_in(shipped)) if overlays.value_sets else set()
    for target in sorted(named & overlays.value_sets.keys()):
        parts = [f"{say_entries(change)}; {change.origin}" for change in overlays.value_sets[target]]
        found[f"list {target}"] = "; ".join(parts)
    return tuple(found.items())


def say(value: Any) -> str:
    """A value as its author reads it."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {say(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(say, value)) or "nothing"
    return f"{value:g}" if is_number(value) else str(value)


def say_entries(change: Change) -> str:
    """What a change of a value set does: `with aspirin, without 3355`."""
    words = {"add": "with", "remove": "without"}
    return ", ".join(
        f"{words[name]} {name_list((say_entry(entry) for entry in entries), 'and')}"
        for name, entries in change.fields.items()
    )


def say_entry(entry: Mapping[str, Any]) -> str:
    return str(entry.get("display") or entry.get("code") or entry.get("prefix") or say(entry))
