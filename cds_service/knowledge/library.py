"""Reads all sources into rules, value sets and examples; every mistake in any of them is collected."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cds_service.knowledge.apply_overlays import (
    blame,
    check_targets,
    find_origins,
    overlay_rule,
    overlay_value_set,
)
from cds_service.knowledge.boundaries import derive_examples
from cds_service.knowledge.card_files import (
    NO_POLICY,
    POLICY_FILE,
    PROBLEMS_FILE,
    REASONS_FILE,
    read_policy,
    read_problems,
    read_reasons,
)
from cds_service.knowledge.check_rules import check_document, check_duties, check_rule
from cds_service.knowledge.example_items import Listed, list_displays
from cds_service.knowledge.examples import Example, read_examples
from cds_service.knowledge.orderables import read_orderables
from cds_service.knowledge.overlays import Overlays, read_overlays
from cds_service.knowledge.page import Page, Pages, suggest
from cds_service.knowledge.parse_rules import read_rule
from cds_service.knowledge.read_shape import tables_in
from cds_service.knowledge.rules import Rule, ValueSet
from cds_service.knowledge.sources import Document, Sources
from cds_service.knowledge.tables import expand
from cds_service.knowledge.value_sets import read_value_set
from cds_service.knowledge.vocabulary import Vocabulary
from cds_service.terminology.products import Terminology

VALUE_SETS = "rules/value_sets"
TABLES = "rules/tables"


@dataclass(frozen=True, slots=True)
class Written:
    """One rule and the document it came from. Table rows have the documents that the table made of them."""

    rule: Rule
    document: Document
    from_table: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that was read. `pages` holds the problems; nothing runs while there is one."""

    vocabulary: Vocabulary
    written: Mapping[str, Written]
    listed: Listed
    overlays: Overlays
    pages: Pages

    @property
    def rules(self) -> dict[str, Rule]:
        return {id: written.rule for id, written in self.written.items()}

    def examples(self, id: str) -> tuple[Example, ...]:
        """The examples of a rule: those written, and for a row of a table those derived from its limits.

        None while the rule's file has problems. What cannot be read in an example is a problem too.
        """
        written = self.written[id]
        page = self.pages.open(written.rule.file)
        if page.problems:
            return ()
        documents = list(tables_in(written.document, "example"))
        if written.from_table:
            documents += derive_examples(written.rule, self.vocabulary.terminology)
        return tuple(read_examples(page, documents, written.rule.hooks, self.listed, self.vocabulary.terminology))


def read_library(sources: Sources, terminology: Terminology, today: date | None = None, tenant: str = "") -> Library:
    """Read everything, with the changes that count for a tenant `today`; never raises for content, see `pages`."""
    pages = Pages(sources.texts)
    for problem in sources.problems:
        pages.open(problem.file).problems.append(problem)
    overlays = read_overlays(sources, pages, today, tenant)
    sets = {
        file: overlay_value_set(pages, document, overlays.value_sets.get(stem(file), ()))
        for file, document in sources.under(VALUE_SETS)
    }
    vocabulary = read_vocabulary(sources, sets, pages, terminology)
    written: dict[str, Written] = {}
    rules = read_rules(sources, overlays, pages, vocabulary)
    for entry in (*rules, *read_tables(sources, overlays, pages, vocabulary)):
        if entry.rule.id in written:
            other = written[entry.rule.id].rule.file
            pages.open(entry.rule.file).note("id", f"{entry.rule.id!r} is already the id of {other}")
        written[entry.rule.id] = entry
    if not pages.problems:
        documents = {id: entry.document for id, entry in written.items()}
        check_targets(pages, overlays, documents, vocabulary.value_sets)
    return Library(vocabulary, written, list_displays(sets), overlays, pages)


def read_vocabulary(
    sources: Sources, sets: Mapping[str, Document], pages: Pages, terminology: Terminology
) -> Vocabulary:
    value_sets: dict[str, ValueSet] = {}
    for file, document in sets.items():
        if value_set := read_value_set(pages.open(file), document, stem(file), terminology):
            value_sets[value_set.id] = value_set
    documents = sources.documents
    policy = read_policy(pages.open(POLICY_FILE), documents[POLICY_FILE]) if POLICY_FILE in documents else None
    vocabulary = Vocabulary(
        value_sets=value_sets,
        problems=read_problems(pages.open(PROBLEMS_FILE), documents.get(PROBLEMS_FILE, {})),
        override_reasons=read_reasons(pages.open(REASONS_FILE), documents.get(REASONS_FILE, {})),
        policy=policy or NO_POLICY,
        terminology=terminology,
    )
    return replace(vocabulary, orderables=read_orderables(sources, pages, vocabulary))


def stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].removesuffix(".toml")


def read_rules(sources: Sources, overlays: Overlays, pages: Pages, vocabulary: Vocabulary) -> Iterator[Written]:
    for file, shipped in sources.rules():
        page = pages.open(file)
        if shipped.get("id", stem(file)) != stem(file):
            near = f"found {shipped['id']!r}, but the file is called {stem(file)}.toml; make them equal"
            page.note("id", near)
        if written := read_changed(page, shipped, shipped, overlays, pages, vocabulary):
            yield written


def read_changed(
    page: Page, shipped: Document, home: Document, overlays: Overlays, pages: Pages, vocabulary: Vocabulary
) -> Written | None:
    """One rule with the changes made to it; its examples stand in `home`.

    What a change made wrong is noted where that change stands.
    """
    changes = overlays.rules.get(str(shipped.get("id", stem(page.file))), ())
    document = overlay_rule(pages, shipped, changes) if changes else shipped
    read = Page(page.file) if changes else page
    rule = read_rule(read, document, vocabulary)
    check_document(read, document, vocabulary)
    if rule:
        check_rule(read, rule, vocabulary)
        check_duties(read, rule, tables_in(home, "example"))
    if changes:
        blame(pages, read, page, changes)
    return Written(replace(rule, origins=find_origins(shipped, changes, overlays)), document) if rule else None


def read_tables(sources: Sources, overlays: Overlays, pages: Pages, vocabulary: Vocabulary) -> Iterator[Written]:
    """The rules of every table, one per row."""
    tables = dict(sources.under(TABLES))
    for file in sources.rows:
        if file.startswith(f"{TABLES}/") and f"{file.removesuffix('.csv')}.toml" not in tables:
            pages.open(file).note("", f"there is no {stem(file).removesuffix('.csv')}.toml beside this table")
    for file, document in tables.items():
        rows_file = f"{file.removesuffix('.toml')}.csv"
        page, rows_page = pages.open(file), pages.open(rows_file)
        if rows_file not in sources.rows:
            near = suggest(rows_file, sources.rows)
            page.note("", f"a table needs its rows beside it in {stem(file)}.csv, which is missing{near}")
            continue
        rows = list(expand(page, rows_page, document, sources.rows[rows_file], vocabulary.terminology))
        yield from read_table_rules(page, rows, document, overlays, pages, vocabulary)


def read_table_rules(
    page: Page,
    rows: Sequence[tuple[str, Document]],
    home: Document,
    overlays: Overlays,
    pages: Pages,
    vocabulary: Vocabulary,
) -> Iterator[Written]:
    """What every row has wrong is said once, of the template; what some have wrong is said with their keys."""
    noted: dict[tuple[str, str], list[str]] = {}
    for key, filled in rows:
        row_page = Page(page.file)
        if written := read_changed(row_page, filled, home, overlays, pages, vocabulary):
            yield replace(written, from_table=True)
        for problem in row_page.problems:
            noted.setdefault((problem.where, problem.message), []).append(key)
    for (where, message), keys in noted.items():
        page.note(where, message if len(keys) == len(rows) else f"{message} (row {', '.join(keys)})")
