"""`cds terminology`: the drug index, built, looked into, and what it could not place."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

terminology = typer.Typer(
    help="The drug index: build it, look into it, find what it does not know.", no_args_is_help=True
)

OutOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where to write; without it the shipped index is replaced.")
]


@terminology.command("build")
def build(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Tables of RxNorm and drug classes.", file_okay=False)
    ],
    out: OutOption = None,
) -> None:
    """Build the index from a folder of tables. The same tables give the same digest on any machine."""
    from cds_service.terminology.build import build_index

    with plain_errors():
        path = out or index_path()
        digest = build_index(source, path, index_path().with_name("recovered.csv"))
        typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, digest {digest}")


@terminology.command("import-rxnorm")
def import_release(
    archive: Annotated[Path, typer.Argument(metavar="ZIP", help="RxNorm_full_prescribe_MMDDYYYY.zip from the NLM.")],
    out: OutOption = None,
) -> None:
    """Build the index from an official RxNorm release, which has no retired codes; drug classes are kept from the
    index in use."""
    from cds_service.app import open_terminology
    from cds_service.terminology.build import build_index
    from cds_service.terminology.carry import carry_classes
    from cds_service.terminology.rrf import import_rxnorm

    with plain_errors(), TemporaryDirectory() as folder:
        counts = import_rxnorm(archive, Path(folder))
        carry_classes(open_terminology(), Path(folder))
        path = out or index_path()
        digest = build_index(Path(folder), path)
        typer.echo(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
        typer.echo(f"{path}: {path.stat().st_size / 1e6:.1f} MB, digest {digest}")


@terminology.command("show")
def show(code: Annotated[str, typer.Argument(help="RxNorm code, NDC or exact name.")]) -> None:
    """Print all the index knows of one product."""
    from cds_service.app import open_terminology
    from cds_service.terminology.show import show_product

    with plain_errors():
        typer.echo(show_product(code, open_terminology()))


@terminology.command("search")
def search(
    text: Annotated[list[str], typer.Argument(help="Beginnings of words, as `ibup 600 tab`.")],
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 20,
) -> None:
    """Find products by the beginnings of the words in their names."""
    from cds_service.app import open_terminology

    with plain_errors():
        found = open_terminology().search(" ".join(text), limit)
        for product in found:
            typer.echo(f"{product.rxcui:>8}  {product.tty:<4}  {product.name}")
        if not found:
            typer.echo("nothing found", err=True)


@terminology.command("unmapped")
def unmapped(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="FHIR or CDS Hooks JSON, NDJSON, gzipped or not.")
    ],
    config: ConfigOption = None,
) -> None:
    """List drug codes in these files that neither the index nor config/code_map.csv places, most frequent first."""
    from cds_service.app import open_terminology, read_folders, today
    from cds_service.knowledge.compile import compile_release
    from cds_service.terminology.unmapped import count_unmapped

    with plain_errors():
        settings = settings_from(config)
        index = open_terminology()
        rows = count_unmapped(files, index, compile_release(read_folders(), index, today(settings)).code_map)
        for row in rows:
            typer.echo(f"{row.count:>7}  {row.system or '(text only)'}  {row.code}  {row.display}".rstrip())
        if not rows:
            typer.echo("every drug was recognised", err=True)


def index_path() -> Path:
    from cds_service.folders import data_folder

    return data_folder("rules") / "terminology" / "rxnorm.sqlite"
