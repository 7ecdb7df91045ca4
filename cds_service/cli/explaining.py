"""`cds explain`: a rule or a list of codes in words, and the facts that rules may name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.knowledge.library import Library
    from cds_service.knowledge.sources import Sources


def explain(
    rule: Annotated[str | None, typer.Argument(help="Rule id, as `warfarin-nsaid`, or list id, as `nsaid`.")] = None,
    tenant: Annotated[
        str, typer.Option("--tenant", help="As it is for this tenant: `client` or `client/tenant`.")
    ] = "",
    facts: Annotated[bool, typer.Option("--facts", help="List the facts that rules may name.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say in sentences what a rule looks at, when it speaks, who stands behind it, and what was changed here."""
    from cds_service.app import open_terminology, read_folders, today
    from cds_service.errors import BadKnowledge
    from cds_service.knowledge.library import read_library
    from cds_service.knowledge.overlays import layers_for
    from cds_service.knowledge.page import suggest

    if facts:
        for line in list_facts():
            typer.echo(line)
        return
    if rule is None:
        raise typer.BadParameter("name a rule, or ask for --facts", param_hint="RULE")
    with plain_errors():
        settings = settings_from(config)
        sources = read_folders()
        library = read_library(sources, open_terminology(), today(settings), tenant)
        if library.pages.problems:
            raise BadKnowledge(library.pages.problems)
        if tenant and len(layers_for(sources, tenant)) == len(layers_for(sources, "")):
            typer.echo(f"note: nothing is changed for {tenant!r}; it gets what everybody gets", err=True)
        told = list(put_in_words(rule, library, sources))
        if not told:
            near = suggest(rule, (*library.written, *library.vocabulary.value_sets))
            typer.echo(f"cds: no rule is called {rule!r}{near}", err=True)
            raise typer.Exit(1)
        for line in told:
            typer.echo(line)


def put_in_words(name: str, library: "Library", sources: "Sources") -> Iterator[str]:
    """The rule or the list of codes called `name`; nothing if there is none."""
    from cds_service.knowledge.apply_overlays import say_entries, texts_in
    from cds_service.knowledge.code_map import CODE_MAP_FILE
    from cds_service.knowledge.explain import explain, explain_local_codes, explain_value_set

    terminology = library.vocabulary.terminology
    if written := library.written.get(name):
        yield explain(written.rule)
        yield from explain_local_codes(written.rule, sources.rows.get(CODE_MAP_FILE, ()), terminology)
    elif value_set := library.vocabulary.value_sets.get(name):
        changes = [f"{say_entries(each)}; {each.origin}" for each in library.overlays.value_sets.get(name, ())]
        users = [id for id, written in library.written.items() if name in set(texts_in(written.document))]
        yield explain_value_set(value_set, changes, users, terminology)


def list_facts() -> Iterator[str]:
    """One line per fact of the catalogue: name, what a card calls it, its unit or its words."""
    from cds_service.chart.catalogue import CATALOGUE

    for name, fact in sorted(CATALOGUE.items(), key=lambda item: (item[1].of, item[0])):
        written = name if fact.of == "patient" else f"this.{name}"
        yield f"{written:<32} {fact.label} ({fact.unit or ', '.join(fact.words) or fact.kind})"
