"""`cds explain`: a rule in words."""

from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from


def explain(
    rule: Annotated[str, typer.Argument(help="Rule id, as `warfarin-nsaid`.")],
    config: ConfigOption = None,
) -> None:
    """Say in sentences what a rule looks at, when it speaks and who stands behind it."""
    from cds_service.app import open_terminology, read_folders
    from cds_service.knowledge.compile import compile_release
    from cds_service.knowledge.explain import explain as put_in_words
    from cds_service.knowledge.page import suggest

    with plain_errors():
        settings_from(config)
        release = compile_release(read_folders(), open_terminology())
        found = release.rules.get(rule)
        if found is None:
            typer.echo(f"cds: no rule is called {rule!r}{suggest(rule, release.rules)}", err=True)
            raise typer.Exit(1)
        typer.echo(put_in_words(found))
