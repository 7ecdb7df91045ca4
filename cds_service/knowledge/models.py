"""Reads the folders of `models/` into bundles; every mistake in any file is noted."""

import re
from collections.abc import Collection, Iterator
from itertools import pairwise

import msgspec

from cds_service.knowledge.bundle import (
    Band,
    Bundle,
    Calibration,
    Comparator,
    Criterion,
    Development,
    ModelCard,
    ModelGovernance,
    Outcome,
    Unread,
)
from cds_service.knowledge.bundle_files import BandTable, BundleFile, CalibrationFile, CardTable, CriterionTable
from cds_service.knowledge.check_rules import DURATION, VERSION, check_people
from cds_service.knowledge.citations import read_evidence
from cds_service.knowledge.conditions import read_condition
from cds_service.knowledge.model_inputs import plain_value, read_predictors
from cds_service.knowledge.model_json import read_model
from cds_service.knowledge.page import Page, Pages, name_list, suggest
from cds_service.knowledge.parse_rules import facts_of, lines_of
from cds_service.knowledge.rules import Condition, Status
from cds_service.knowledge.shapes import HOOKS
from cds_service.knowledge.sources import Document, Sources
from cds_service.knowledge.terms import Link
from cds_service.knowledge.vocabulary import Vocabulary

FOLDER = "models"
NAME = re.compile(r"\{\{\s*([\w.]*)")
SPOKEN_NAMES = ("result", "band", "horizon", "outcome")
"""What the summary of a model's card may name."""


def read_bundles(sources: Sources, pages: Pages, vocabulary: Vocabulary) -> tuple[Bundle, ...]:
    """Every model, in order of id. One whose files cannot be read at all is left out and noted."""
    files = [file for file in sorted(sources.documents) if file.startswith(f"{FOLDER}/") and file.endswith(".toml")]
    bundles = []
    for file in files:
        folder = file.removesuffix("/bundle.toml")
        try:
            bundles.append(read_bundle(sources, pages, vocabulary, folder))
        except (msgspec.ValidationError, KeyError) as error:
            note_misfit(pages.open(file), error)
    check_stand_ins(pages, bundles)
    return tuple(bundles)


def note_misfit(page: Page, error: Exception) -> None:
    """What msgspec says of a misfit, "... - at `$.predictor[0].unit`", at its path as problems count it, from 1."""
    message, _, path = str(error).partition(" - at `$.")
    from_one = re.sub(r"\[(\d+)\]", lambda place: f"[{int(place[1]) + 1}]", path.rstrip("`"))
    page.note(from_one, message)


def read_bundle(sources: Sources, pages: Pages, vocabulary: Vocabulary, folder: str) -> Bundle:
    """One model. Raises msgspec.ValidationError where a file does not have its shape."""
    page = pages.open(f"{folder}/bundle.toml")
    file = msgspec.convert(sources.documents[page.file], BundleFile)
    predictors = tuple(read_predictors(page, file.predictor, vocabulary))
    known = {predictor.name: predictor for predictor in predictors}
    outcomes = tuple(Outcome(each.id, each.title, each.horizon) for each in file.outcome)
    model_page = pages.open(f"{folder}/model.json")
    model: Document = sources.documents.get(model_page.file, {})
    ids = tuple(outcome.id for outcome in outcomes)
    functions = read_model(model_page, model, ids, known) if model and ids else {}
    calibration = read_calibration(pages.open(f"{folder}/calibration.json"), sources, file.development.data)
    population = (
        *read_criteria(page, "made_for", file.made_for, vocabulary, required=True),
        *read_criteria(page, "not_for", file.not_for, vocabulary, required=False),
    )
    when = read_condition(page, "when", file.when, (), vocabulary) if file.when else None
    card = read_card(page, file.card, vocabulary)
    check_file(page, file, folder, vocabulary)
    asked = (*(each.condition for each in population), *(each.when for each in predictors), when, card.show_when)
    conditions = tuple(each for each in asked if each)
    return Bundle(
        id=file.id,
        version=file.version,
        title=file.title,
        kind=file.kind,
        status=file.status,
        hooks=file.hooks,
        problem=file.problem,
        outcomes=outcomes,
        predictors=predictors,
        functions=functions,
        bands=tuple(read_bands(page, file.band, outcomes)),
        governance=ModelGovernance(**msgspec.structs.asdict(file.governance)),
        when=when,
        population=population,
        unread=tuple(Unread(each.label, each.most, each.reason) for each in file.unread),
        comparator=read_comparator(page, file, set(known)),
        calibration=calibration,
        development=Development(**msgspec.structs.asdict(file.development)),
        evidence=tuple(read_evidence(msgspec.structs.asdict(each)) for each in file.evidence),
        instead_of=file.instead_of,
        unit=file.unit,
        known_limits=file.known_limits,
        limits=file.limits,
        facts=facts_in(conditions) | frozenset(each.fact for each in predictors if each.when is None),
        file=page.file,
        card=card,
    )


def facts_in(conditions: tuple[Condition, ...]) -> frozenset[str]:
    return frozenset(fact for each in conditions for line in lines_of(each) for fact in facts_of(line))


def read_criteria(
    page: Page, where: str, tables: tuple[CriterionTable, ...], vocabulary: Vocabulary, *, required: bool
) -> Iterator[Criterion]:
    for number, table in enumerate(tables, 1):
        condition = read_condition(page, f"{where}[{number}].when", table.when, (), vocabulary)
        if condition:
            yield Criterion(condition, table.reason, required)


def read_card(page: Page, table: CardTable, vocabulary: Vocabulary) -> ModelCard:
    """What a card of the model says. The rule it names is looked up once all rules are read."""
    show_when = read_condition(page, "card.show_when", table.show_when, (), vocabulary) if table.show_when else None
    for name in NAME.findall(table.summary):
        if name not in SPOKEN_NAMES:
            page.note("card.summary", f"{name!r} is not filled in; there are {name_list(SPOKEN_NAMES, 'and')}")
    for reason in table.override_reasons:
        if reason not in vocabulary.override_reasons:
            near = suggest(reason, vocabulary.override_reasons)
            page.note("card.override_reasons", f"cards/override_reasons.toml has no reason {reason!r}{near}")
    if table.snooze and not DURATION.fullmatch(table.snooze):
        page.note("card.snooze", f'found {table.snooze!r}, expected a number of days such as "P30D"')
    return ModelCard(table.summary, table.advice, show_when, table.rule, table.override_reasons, table.snooze)


def read_bands(page: Page, tables: tuple[BandTable, ...], outcomes: tuple[Outcome, ...]) -> Iterator[Band]:
    """The bands; each has a reason, and those of one outcome follow each other without a gap."""
    known = {"", *(outcome.id for outcome in outcomes)}
    for number, table in enumerate(tables, 1):
        where = f"band[{number}]"
        if not table.reason.strip():
            page.note(where, "a band says where its limits come from")
        if table.outcome not in known:
            page.note(where, f"there is no outcome {table.outcome!r}{suggest(table.outcome, known)}")
        yield Band(table.name, table.start, table.end, table.indicator, table.reason, table.outcome)
    for outcome in {table.outcome for table in tables}:
        own = [table for table in tables if table.outcome == outcome]
        if any(after.start is None or after.start != before.end for before, after in pairwise(own)):
            page.note("band", "each band begins where the one before it ends")


def read_comparator(page: Page, file: BundleFile, known: set[str]) -> Comparator | None:
    if file.comparator is None:
        return None
    for name in set(file.comparator.values) - known:
        page.note("comparator", f"there is no predictor {name!r}{suggest(name, known)}")
    values = {name: plain_value(value) for name, value in file.comparator.values.items()}
    return Comparator(file.comparator.label, values)


def read_calibration(page: Page, sources: Sources, training: str) -> Calibration:
    """The calibration step; one fitted on the training data itself, or one that is not monotone, is refused."""
    document = sources.documents.get(page.file)
    if document is None:
        return Calibration()
    table = msgspec.convert(document, CalibrationFile)
    if table.kind != "none" and (not table.data or table.data == training):
        page.note("data", "a calibration names the data it was fitted on, and they are not those of the training")
    if table.kind == "logistic" and table.slope <= 0:
        page.note("slope", "a calibration rises: its slope is above 0")
    if table.kind == "isotonic" and not is_rising(table.x, table.y):
        page.note("x", "a calibration rises: as many y as x, at least one, each x above and no y below the one before")
    return Calibration(**msgspec.structs.asdict(table))


def is_rising(x: tuple[float, ...], y: tuple[float, ...]) -> bool:
    steps = all(after > before for before, after in pairwise(x)) and all(
        after >= before for before, after in pairwise(y)
    )
    return len(x) == len(y) > 0 and steps


def check_file(page: Page, file: BundleFile, folder: str, vocabulary: Vocabulary) -> None:
    """Names, people, and what an active model owes."""
    if f"{FOLDER}/{file.id}" != folder:
        page.note("id", f"found {file.id!r}, but the folder is called {folder.removeprefix(f'{FOLDER}/')!r}")
    if not VERSION.fullmatch(file.version):
        page.note("version", f'found {file.version!r}, expected three numbers such as "1.0.0"')
    for hook in file.hooks:
        if hook not in HOOKS:
            page.note("hooks", f"{hook!r} is not one of {name_list(HOOKS)}")
    if file.problem and file.problem not in vocabulary.problems:
        near = suggest(file.problem, vocabulary.problems)
        page.note("problem", f"cards/problems.toml has no problem {file.problem!r}{near}")
    people = {key: value for key, value in msgspec.structs.asdict(file.governance).items() if value}
    check_people(page, people)
    if file.status is Status.ACTIVE and not file.evidence:
        page.note("", "an active model has at least one [[evidence]]")
    if not file.outcome:
        page.note("outcome", "a model has at least one [[outcome]]")


def check_stand_ins(pages: Pages, bundles: list[Bundle]) -> None:
    """A model stands in for models that are there; every stratum and outcome has its function."""
    ids = {bundle.id for bundle in bundles}
    for bundle in bundles:
        page = pages.open(bundle.file)
        for poorer in bundle.instead_of:
            if poorer not in ids:
                page.note("instead_of", f"there is no model {poorer!r}{suggest(poorer, ids)}")
        if bundle.unread and any(each.link is not Link.POINTS for each in bundle.functions.values()):
            page.note("unread", "only a score of points can leave items open")


def check_rules_in_place(pages: Pages, bundles: tuple[Bundle, ...], rules: Collection[str]) -> None:
    """The rule that speaks in the place of a model is there."""
    for bundle in bundles:
        if bundle.card.rule and bundle.card.rule not in rules:
            message = f"there is no rule {bundle.card.rule!r}{suggest(bundle.card.rule, rules)}"
            pages.open(bundle.file).note("card.rule", message)
