"""The whole way from data to evaluation, report, page and card, on a second target too."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from cds_service.app import open_terminology
from cds_service.errors import BadData, BadKnowledge
from cds_service.folders import data_folder
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.sources import load_sources
from cds_service.modelling.bundles import open_bundle
from cds_service.modelling.card import write_card
from cds_service.modelling.cross_validate import MODEL, NAMES, cross_validate, fingerprint, prepare
from cds_service.modelling.evaluation import read_evaluation
from cds_service.modelling.internal import sum_up, validate_in_time
from cds_service.modelling.page import write_page
from cds_service.modelling.plots import steps
from cds_service.modelling.recipe import Candidate, Recipe, read_recipe
from cds_service.modelling.report import Scored, find_outliers, report_on
from cds_service.modelling.rows import tabulate
from cds_service.modelling.sources import read_rows
from cds_service.modelling.targets import judge
from cds_service.modelling.validate import validate_model
from tests.modelling.invented import chances, happened, patients_of, rows_for
from tests.modelling.test_additive import write_facts
from tests.support.shared import SHARED, needs_shared

SECOND = Path(__file__).parent / "mortality-5y"


def test_an_evaluation_goes_on_where_it_was_stopped(tmp_path: Path, bundle: Bundle, recipe: Recipe) -> None:
    quick = replace(recipe, candidates=(Candidate(1, 30.0),))
    data = prepare(bundle, quick, tabulate(bundle, rows_for(bundle, 600)))
    told: list[str] = []
    first = cross_validate(data, tmp_path, told.append, range(1, 2), parts=2)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    again = cross_validate(data, tmp_path, told.append, range(1, 2), parts=2)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == written
    assert all((one.chances[MODEL] == other.chances[MODEL]).all() for one, other in zip(first, again, strict=True))
    assert told == ["repeat 1, part 1", "repeat 1, part 2"] * 2
    file = tmp_path / "some"
    file.write_text("a")
    before = fingerprint(bundle, file)
    file.write_text("b")
    assert fingerprint(bundle, file) != before


@pytest.fixture(scope="module")
def scored() -> Scored:
    chance = chances(3000)
    names = patients_of(3000)
    groups = {"ward": np.where(np.arange(3000) % 3 > 0, "a", "b")}
    return Scored(names, happened(chance), {"m": chance, "other": np.full(3000, chance.mean())}, groups)


def test_a_report_has_everything_and_its_page_needs_nothing_else(scored: Scored) -> None:
    told: list[str] = []
    report = report_on(scored, (0.1, 0.2), seed=1, tell=told.append, draws=20)
    assert told == ["measures", "intervals", "noise floor", "curve"]
    assert set(report) == {
        "n", "events", "patients", "measures", "intervals", "noise_floor", "curve", "distribution", "net_benefit",
        "decision_curve", "subgroups",
    }  # fmt: skip
    low, high = report["intervals"]["auroc"]
    assert low < report["measures"]["m"]["auroc"] < high
    assert report["net_benefit"]["gains"]["0.1 over other"]["value"] > 0
    assert {(each["group"], each["label"]) for each in report["subgroups"]} == {("ward", "a"), ("ward", "b")}
    json.dumps(report)
    page = write_page("A <model>", "Invented.", report)
    assert "A &lt;model&gt;" in page
    assert "src=" not in page
    assert "href=" not in page
    pictures = page.split("<svg")[1:]
    assert len(pictures) == 3
    for picture in pictures:
        ElementTree.fromstring("<svg" + picture.partition("</svg>")[0] + "</svg>")


def test_a_group_with_few_events_gets_no_measures(scored: Scored) -> None:
    few = replace(scored, groups={"ward": np.where(np.arange(3000) < 30, "tiny", "rest")})
    groups = report_on(few, (0.1,), seed=1, tell=lambda _: None, draws=5)["subgroups"]
    assert "oe" not in next(group for group in groups if group["label"] == "tiny")


def test_without_events_there_is_no_report(scored: Scored) -> None:
    with pytest.raises(BadData, match="0 events in 3000 rows"):
        report_on(replace(scored, outcomes=np.zeros(3000)), (0.1,), seed=1, tell=lambda _: None)


def test_a_group_that_is_off_is_named_and_one_with_few_events_is_not() -> None:
    groups = [
        {"group": "race", "label": "a", "events": 400, "oe": 0.89},
        {"group": "race", "label": "b", "events": 400, "oe": 0.91},
        {"group": "race", "label": "c", "events": 40, "oe": 0.5},
    ]
    assert find_outliers(groups) == ["race a: observed to expected 0.89 (400 events)"]


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(0.0, 0.5, [0, 0.1, 0.2, 0.3, 0.4, 0.5]), (-0.2, 0.3, [-0.2, -0.1, 0, 0.1, 0.2, 0.3])]
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert steps(low, high) == pytest.approx(ticks)


def test_the_shipped_model_is_measured_as_it_is(tmp_path: Path, bundle: Bundle, folder: Path) -> None:
    write_facts(tmp_path / "own.csv", bundle, rows_for(bundle, 600))
    report, about = validate_model(bundle, folder, tmp_path / "own.csv", "facts", lambda _: None)
    assert report["n"] == 600 - report["refused"]
    assert report["refused"] == 0
    assert "as it is on own.csv" in about
    assert report["measures"]["readmission-30d"]["auroc"] > 0.55  # earlier stays raise both risks


def test_a_model_without_probabilities_or_that_is_not_there_is_refused(tmp_path: Path) -> None:
    sources = load_sources(*map(data_folder, ("rules", "cards", "config", "models")))
    score = open_bundle(sources, open_terminology(), "has-bled")
    write_facts(tmp_path / "own.csv", score, rows_for_scores(score))
    with pytest.raises(BadData, match="gives no probability"):
        validate_model(score, tmp_path, tmp_path / "own.csv", "facts", lambda _: None)
    with pytest.raises(BadKnowledge, match="there is no such model"):
        open_bundle(sources, open_terminology(), "nothing")
    with pytest.raises(BadData, match="was not evaluated"):
        read_evaluation(tmp_path)


def rows_for_scores(bundle: Bundle) -> tuple:  # type: ignore[type-arg]
    from cds_service.modelling.rows import Row
    from tests.modelling.invented import draw

    random = np.random.default_rng(1)
    facts = {each.fact: draw(each, random) for each in bundle.predictors}
    return (Row("p1", facts, True, "1", {"half": "0"}),)


def test_the_shipped_evaluation_meets_the_registered_targets(folder: Path) -> None:
    """All but two, which the card names: the stretch goal, and 0.646 instead of 0.65 on later patients."""
    evaluation = read_evaluation(folder)
    missed = {target.what for target in judge(evaluation) if not target.met}
    assert missed == {"AUROC, stretch goal", "order of time: AUROC"}
    assert evaluation["cross_validation"]["folds"] == 25
    assert evaluation["cross_validation"]["mean"][MODEL]["auroc"] < 0.70


def test_the_card_says_what_the_evaluation_found(folder: Path, bundle: Bundle) -> None:
    evaluation = read_evaluation(folder)
    card = write_card(bundle, evaluation, [])
    assert card == (folder / "CARD.md").read_text("utf-8")
    for name in NAMES:
        assert f"| {name} | {evaluation['cross_validation']['mean'][name]['auroc']:.4f} |" in card
    assert "not calibrated to any local population" in card


@needs_shared
@pytest.mark.shared
def test_the_same_way_leads_from_other_data_to_another_model(tmp_path: Path) -> None:
    """NHANES: 5,677 adults of 40 to 84; 565 died within five years (BASELINES: 310 of 2,891 and 255 of 2,786)."""
    sources = load_sources(*map(data_folder, ("rules", "cards", "config")), SECOND.parent)
    bundle, recipe = open_bundle(sources, open_terminology(), "mortality-5y"), read_recipe(SECOND / "recipe.toml")
    path = SHARED / "data/models/nhanes_mort/nhanes_2003_2006_age40_84_mort2015.csv.gz"
    table = tabulate(bundle, read_rows(recipe.source, path, bundle))
    assert (len(table), int(table.outcomes.sum())) == (5677, 565)
    data = prepare(bundle, recipe, table)
    folds = cross_validate(data, tmp_path, lambda _: None, range(1, 2), parts=2)
    found = sum_up(data, folds, lambda _: None, draws=10)
    assert found["mean"][MODEL]["auroc"] > 0.79
    assert found["mean"][MODEL]["slope"] == pytest.approx(1, abs=0.15)
    assert validate_in_time(data, lambda _: None)["measures"][MODEL]["auroc"] > 0.79
