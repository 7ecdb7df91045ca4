"""`cds explain`: a rule in words, and the facts that rules may name."""

from collections.abc import Iterator
from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def explain(
    rule: Annotated[str | None, typer.Argument(help="Rule id, as `warfarin-nsaid`.")] = None,
    facts: Annotated[bool, typer.Option("--facts", help="List the facts that rules may name.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say in sentences what a rule looks at, when it speaks and who stands behind it."""
    from cds_service.app import open_terminology, read_folders, today
    from cds_service.knowledge.compile import compile_release
    from cds_service.knowledge.explain import explain as put_in_words
    from cds_service.knowledge.page import suggest

    if facts:
        for line in list_facts():
            typer.echo(line)
        return
    if rule is None:
        raise typer.BadParameter("name a rule, or ask for --facts", param_hint="RULE")
    with plain_errors():
        settings = settings_from(config)
        release = compile_release(read_folders(), open_terminology(), today(settings))
        found = release.rules.get(rule)
        if found is None:
            typer.echo(f"cds: no rule is called {rule!r}{suggest(rule, release.rules)}", err=True)
            raise typer.Exit(1)
        typer.echo(put_in_words(found))


def list_facts() -> Iterator[str]:
    """One line per fact of the catalogue: name, what a card calls it, its unit or its words."""
    from cds_service.chart.catalogue import CATALOGUE

    for name, fact in sorted(CATALOGUE.items(), key=lambda item: (item[1].of, item[0])):
        written = name if fact.of == "patient" else f"this.{name}"
        yield f"{written:<32} {fact.label} ({fact.unit or ', '.join(fact.words) or fact.kind})"
