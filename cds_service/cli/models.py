"""`cds models`: the risk models, listed and shown, fitted, validated, recalibrated and watched."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cds_service.cli.options import ConfigOption, plain_errors, settings_from

if TYPE_CHECKING:
    from cds_service.knowledge.bundle import Bundle
    from cds_service.modelling.make import Tell

models = typer.Typer(help="Risk models: what they are, how good they are, and keeping them so.", no_args_is_help=True)

# A server has no statistics libraries; these commands run where models are made and watched.
WITH_STATISTICS = frozenset({"fit", "validate", "recalibrate", "monitor", "card"})

IdArgument = Annotated[str, typer.Argument(metavar="MODEL", help="Id of the model, the name of its folder.")]
DataArgument = Annotated[Path, typer.Argument(metavar="DATA", help="File of patients.", dir_okay=False, exists=True)]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="NAME", help="What the file is: facts, diabetes-130 or nhanes.")
]
BuildOption = Annotated[Path, typer.Option("--build", metavar="DIR", help="Where reports and finished parts go.")]


@models.callback()
def need_statistics(context: typer.Context) -> None:
    """Risk models: what they are, how good they are, and keeping them so."""
    if context.invoked_subcommand in WITH_STATISTICS and find_spec("sklearn") is None:
        typer.echo("cds: this command needs the statistics libraries: install cds-service[train]", err=True)
        raise typer.Exit(1)


@models.command("list")
def list_models(config: ConfigOption = None) -> None:
    """Every model with version, kind, what its file says, how it runs here and, where that differs, why."""
    from cds_service.app import open_terminology, read_folders
    from cds_service.cli.in_force import read_in_force
    from cds_service.governance.models_here import models_here
    from cds_service.knowledge.switches import FILE
    from cds_service.modelling.bundles import open_bundles

    with plain_errors():
        settings, folders, terminology = settings_from(config), read_folders(), open_terminology()
        in_force, which = read_in_force(settings, terminology)
        typer.echo(f"Profile {settings.profile}, {which}.\n")
        typer.echo(f"{'model':<22} {'version':<7} {'kind':<9} {'file':<8} {'runs here':<9} title")
        for each in models_here(open_bundles(folders, terminology), in_force, folders.documents.get(FILE, {})):
            of = each.written
            typer.echo(f"{of.id:<22} {of.version:<7} {of.kind:<9} {of.status:<8} {each.here:<9} {of.title}")
            if each.why:
                typer.echo(f"{'':<22} {each.why}")


@models.command("show")
def show(id: IdArgument) -> None:
    """What a model takes, for whom it was made, and what its last evaluation found."""
    from cds_service.modelling.show import show_bundle

    with plain_errors():
        bundle, folder = open_model(id)
        typer.echo(show_bundle(bundle, folder))


@models.command("fit")
def fit(id: IdArgument, data: DataArgument) -> None:
    """Fit a trained model to the data of its recipe; writes model.json and golden.csv. The same data and lock file give
    the same numbers."""
    from cds_service.modelling.make import fit_model

    with plain_errors():
        bundle, folder = open_model(id)
        with progress("fit", 2) as tell:
            model = fit_model(folder, bundle, data, tell)
        typer.echo(f"{folder.name}: {len(model.blocks)} terms, {model.candidate.pairs} of them pairs")


@models.command("validate")
def validate(
    id: IdArgument,
    data: DataArgument,
    source: SourceOption = "facts",
    cross: Annotated[
        bool, typer.Option("--cross-validate", help="Refit in parts of the development data; writes evaluation.json.")
    ] = False,
    build: BuildOption = Path("build"),
) -> None:
    """Measure a model: as it is on the patients of a file, or by cross-validation on its development data. Writes a
    report as JSON and as one HTML page."""
    from cds_service.modelling.make import FOLDS, evaluate_model
    from cds_service.modelling.validate import validate_model

    with plain_errors():
        bundle, folder = open_model(id)
        with progress("validate", FOLDS + 8 if cross else 6) as tell:
            if cross:
                report = evaluate_model(folder, bundle, data, build, tell)["cross_validation"]["first_repeat"]
                about = "Out-of-fold predictions of the first repeat of the cross-validation."
            else:
                report, about = validate_model(bundle, folder, data, source, tell)
        for file in write_report(build, bundle.id, bundle.title, about, report):
            typer.echo(str(file))


@models.command("recalibrate")
def recalibrate(
    id: IdArgument,
    data: Annotated[Path | None, typer.Argument(metavar="DATA", help="File of patients.", dir_okay=False)] = None,
    window: Annotated[str, typer.Option("--window", help='Which data these are: "2026-01 to 2026-06, ward 3".')] = "",
    approved_by: Annotated[str, typer.Option("--approved-by", metavar="NAME", help="Who answers for it.")] = "",
    source: SourceOption = "facts",
    undo: Annotated[bool, typer.Option("--undo", help="Take the last recalibration back.")] = False,
) -> None:
    """Fit a model's predictions to local patients with the least change the data call for, as a new version; without
    --approved-by nothing is written."""
    from cds_service.modelling.validate import recalibrate_model
    from cds_service.modelling.versions import take_back, write_version

    with plain_errors():
        bundle, folder = open_model(id)
        if undo:
            typer.echo(f"{id}: back to version {take_back(folder)}")
            return
        if data is None:
            raise typer.BadParameter("a file of patients, or --undo")
        update = recalibrate_model(bundle, data, source)
        typer.echo(
            f"{update.step.kind}: intercept {update.step.intercept:.4f}, slope {update.step.slope:.4f} "
            f"({update.n} encounters, {update.events} events)"
        )
        typer.echo(
            f"ICI on patients not used for it: {update.before['ici']:.4f} before, {update.after['ici']:.4f} after"
        )
        if update.step.kind == "keep" or not approved_by:
            typer.echo("nothing written" + ("" if approved_by else ": --approved-by is missing"))
            return
        typer.echo(f"{id}: version {write_version(folder, bundle, update, window, approved_by)}")


@models.command("labels")
def labels(
    predictions: Annotated[Path, typer.Argument(help="CSV of predictions.", dir_okay=False, exists=True)],
    outcomes: Annotated[Path, typer.Argument(help="CSV of outcomes.", dir_okay=False, exists=True)],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the labelled predictions go.")],
    days: Annotated[int, typer.Option("--days", help="Horizon of the prediction.", min=1)] = 30,
) -> None:
    """Add what happened to predictions; those whose horizon is not over yet are left out and counted."""
    from cds_service.modelling.labels import label_predictions, read_outcomes, write_rows

    with plain_errors():
        labelled, waiting = label_predictions(predictions, read_outcomes(outcomes), timedelta(days=days))
        write_rows(out, labelled)
        typer.echo(f"{len(labelled)} labelled, {waiting} not mature yet")


@models.command("monitor")
def monitor(
    id: IdArgument,
    predictions: Annotated[
        Path, typer.Argument(help="CSV that `cds models labels` or `predictions` wrote.", dir_okay=False, exists=True)
    ],
    size: Annotated[int, typer.Option("--window", help="Least number of predictions in a window.", min=100)] = 500,
    switch_off: Annotated[
        bool, typer.Option("--switch-off", help="Where outcomes show that the model is wrong, let its rule speak.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Drift of a model window by window, and calibration where outcomes are known; exit 1 when the last one is beyond
    the model's limits. Run it with --switch-off from a timer: the switch is a signed release, which running servers
    take within seconds and `cds release rollback` takes back."""
    from cds_service.modelling.labels import PREDICTION_COLUMNS, read_csv
    from cds_service.modelling.show import show_windows
    from cds_service.modelling.watch import reason_to_switch_off, watch

    with plain_errors():
        bundle, _ = open_model(id)
        windows = watch(read_csv(predictions, PREDICTION_COLUMNS), bundle.limits, size)
        typer.echo(show_windows(windows))
        why = reason_to_switch_off(windows[-1], bundle.limits)
        if why and switch_off:
            typer.echo(let_the_rule_speak(id, why, config))
    if windows[-1]["alarms"]:
        raise typer.Exit(1)


def let_the_rule_speak(id: str, why: str, config: Path | None) -> str:
    """Switch a model off in what is in force; what was done, in words. Doing it twice changes nothing more."""
    from cds_service.cli.desk import now, open_desk
    from cds_service.governance.releases import begin_log
    from cds_service.governance.switching import switch_model_off

    desk = open_desk(config)
    last = desk.releases.last()
    in_force = desk.shipped() if last is None else desk.open(last.control)
    if id in in_force.models_off:
        return f"{id} is off already: {in_force.models_off[id]}"
    if last is None:
        begin_log(desk.releases, desk.store.ring, in_force.digest, now())
    entered = switch_model_off(desk.releases, desk.store.ring, in_force, id, why, now())
    return f"{id} switched off by release {entered.control[:12]}: {why}"


@models.command("card")
def card(id: IdArgument) -> None:
    """Write CARD.md from the bundle and its evaluation."""
    from cds_service.modelling.card import write_card
    from cds_service.modelling.evaluation import read_evaluation
    from cds_service.modelling.versions import read_history

    with plain_errors():
        bundle, folder = open_model(id)
        text = write_card(bundle, read_evaluation(folder), read_history(folder))
        (folder / "CARD.md").write_text(text, "utf-8")
        typer.echo(str(folder / "CARD.md"))


def open_model(id: str) -> "tuple[Bundle, Path]":
    """A model and its folder."""
    from cds_service.app import open_terminology, read_folders
    from cds_service.folders import data_folder
    from cds_service.modelling.bundles import open_bundle

    return open_bundle(read_folders(), open_terminology(), id), data_folder("models") / id


@contextmanager
def progress(title: str, steps: int) -> "Iterator[Tell]":
    """A progress bar on standard error that names each step."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(title, total=steps)

        def tell(step: str) -> None:
            shown.update(task, advance=1, description=f"{title}: {step}")

        yield tell


def write_report(build: Path, id: str, title: str, about: str, report: dict[str, object]) -> tuple[Path, Path]:
    """The report as JSON and as a page."""
    from cds_service.modelling.page import write_page
    from cds_service.modelling.versions import write_json

    folder = build / id
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "report.json", report)
    (folder / "report.html").write_text(write_page(title, about, report), "utf-8")
    return folder / "report.json", folder / "report.html"
