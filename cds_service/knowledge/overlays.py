"""Changes to shipped rules and value sets, in layers: who changed what, why, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote

from cds_service.knowledge.page import Page, Pages, join, name_list
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.shapes import CHANGE, CHANGES
from cds_service.knowledge.sources import Document, Sources

SITE = "config/site"
TENANTS = "config/tenants"
WORKBENCH = "workbench"
RULE_FIELDS = (
    *("severity", "interrupt", "status", "snooze", "audience", "because", "summary", "detail", "override_reasons"),
    *("mechanism", "management", "thresholds"),
)
SET_FIELDS = ("add", "remove")


@dataclass(frozen=True, slots=True)
class Change:
    """One `[[change]]` of a layer: the fields it sets on one rule or value set. `where` is its place in `file`."""

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

    def has_ended(self, today: date | None) -> bool:
        """Whether its last day has passed; without `today` it has not."""
        return self.until is not None and today is not None and self.until < today


@dataclass(frozen=True, slots=True)
class Overlays:
    """The changes in force, by rule id and by value set id, in the order in which they are made: a later one wins.

    `ended` are those whose `until` has passed.
    """

    rules: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    value_sets: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    ended: tuple[Change, ...] = ()


def find_tenants(sources: Sources) -> dict[str, str]:
    """The folder of every tenant that has changes of its own, by the tenant's name.

    `config/tenants/<client>` holds those of all a client's tenants, `config/tenants/<client>/<tenant>` those of one;
    a character that no folder name takes is written as in a URL (`%2F`).
    """
    folders = {file.rpartition("/")[0] for file in sources.documents if file.startswith(f"{TENANTS}/")}
    return {unquote(folder.removeprefix(f"{TENANTS}/")): folder for folder in sorted(folders)}


def layers_for(sources: Sources, tenant: str) -> tuple[str, ...]:
    """The folders whose changes count for a tenant, later wins; for "" those that count for everybody."""
    folders = find_tenants(sources)
    of_tenant = dict.fromkeys((tenant.partition("/")[0], tenant))
    return (SITE, *(folders[name] for name in of_tenant if name in folders), WORKBENCH)


def find_ended(sources: Sources, today: date | None) -> tuple[Change, ...]:
    """Every change of any layer that has ended."""
    return tuple(change for change in find_changes(sources) if change.has_ended(today))


def find_changes(sources: Sources) -> Iterator[Change]:
    """Every change of any layer."""
    layers = {layer: None for tenant in ("", *find_tenants(sources)) for layer in layers_for(sources, tenant)}
    pages = Pages({})
    return (change for layer in layers for _, change in read_layer(sources, pages, layer))


def next_end(sources: Sources, today: date) -> date | None:
    """The first last day, from today on, of a change of any layer; no day follows the last one there is."""
    days = (change.until for change in find_changes(sources))
    return min((day for day in days if day and today <= day < date.max), default=None)


def read_overlays(sources: Sources, pages: Pages, today: date | None, tenant: str = "") -> Overlays:
    """The changes that count for a tenant. Without `today` none counts as ended.

    A field set twice in one layer is noted, naming both files.
    """
    rules: dict[str, list[Change]] = {}
    value_sets: dict[str, list[Change]] = {}
    ended: list[Change] = []
    for layer in layers_for(sources, tenant):
        for kind, change in read_layer(sources, pages, layer):
            if change.has_ended(today):
                ended.append(change)
            else:
                (rules if kind == "rule" else value_sets).setdefault(change.target, []).append(change)
    return Overlays(
        {id: tuple(changes) for id, changes in rules.items()},
        {id: tuple(changes) for id, changes in value_sets.items()},
        tuple(ended),
    )


def read_layer(sources: Sources, pages: Pages, layer: str) -> Iterator[tuple[str, Change]]:
    """The changes of one folder, each with "rule" or "value_set"."""
    taken: dict[tuple[str, str], Change] = {}
    for file, document in sources.under(layer):
        for kind, change in read_changes(pages.open(file), document):
            for name in change.fields:
                other = taken.setdefault((f"{kind} {change.target}", name), change)
                if other is not change:
                    message = f"{name!r} of {change.target!r} is also set in {other.file}, {other.where}; keep one"
                    pages.open(file).note(change.where, message)
            yield kind, change


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
        check_names(page, where, kept)
        if len(page.problems) == before:
            until = date.fromisoformat(kept["until"]) if "until" in kept else None
            people = (kept["reason"], kept["by"], kept.get("approved_by"), until)
            yield kind, Change(page.file, where, kept[kind], fields, *people)


def check_names(page: Page, where: str, kept: Mapping[str, Any]) -> None:
    """Reason and names say something, and who approves is somebody else."""
    for name in ("reason", "by", "approved_by"):
        if name in kept and not kept[name].strip():
            page.note(join(where, name), f"{name!r} must not be empty")
    by, approved_by = (kept.get(name, "").strip().casefold() for name in ("by", "approved_by"))
    if by and by == approved_by:
        page.note(join(where, "approved_by"), "who approves must not be who made the change")
