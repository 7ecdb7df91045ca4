"""The additive model: what it finds, how it is written down, and that serving gives the same."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.model_json import read_model
from cds_service.knowledge.page import Page
from cds_service.modelling.additive import choose_and_fit, find_pairs, fit_candidate, place_rows, predict_rows
from cds_service.modelling.design import lay_out
from cds_service.modelling.export import add_up, significant, write_model
from cds_service.modelling.golden import write_golden
from cds_service.modelling.levels import UNKNOWN, Levels
from cds_service.modelling.make import fit_model
from cds_service.modelling.recipe import Candidate, Recipe, read_recipe
from cds_service.modelling.rows import Row, tabulate
from cds_service.modelling.sources import read_rows
from cds_service.modelling.validate import score_rows
from cds_service.risk.predict import predict
from cds_service.risk.prediction import Prediction
from cds_service.risk.predictors import read_predictors
from tests.modelling.invented import BEFORE, rows_for
from tests.support.shared import SHARED, needs_shared

QUICK = (Candidate(0, 30.0), Candidate(2, 30.0))


@pytest.fixture(scope="module")
def rows(bundle: Bundle) -> tuple[Row, ...]:
    return rows_for(bundle, 3000)


@pytest.fixture(scope="module")
def quick(recipe: Recipe) -> Recipe:
    return replace(recipe, candidates=QUICK)


def test_a_pair_that_says_more_together_is_found_and_chosen(
    bundle: Bundle, quick: Recipe, rows: tuple[Row, ...]
) -> None:
    """In the invented rows sex matters only with insulin."""
    table = tabulate(bundle, rows)
    placed = place_rows(bundle, quick, table)
    assert find_pairs(quick, placed, table, seed=1)[0] == ("sex", "insulin")
    assert choose_and_fit(quick, placed, table, seed=1).candidate.pairs == 2


def test_serving_gives_what_was_fitted(bundle: Bundle, quick: Recipe, rows: tuple[Row, ...]) -> None:
    """To 8 significant digits of each term; unknown values included."""
    some = tuple(replace(row, facts={**row.facts, "stay_hba1c": BEFORE, "sex": row.facts["sex"]}) for row in rows[:200])
    table = tabulate(bundle, (*some, *rows[200:]))
    placed = place_rows(bundle, quick, table)
    model = choose_and_fit(quick, placed, table, seed=1)
    document = write_model(model, placed)
    served = replace(bundle, functions=functions_of(bundle, document))
    known = ~table.refused
    expected = predict_rows(model, placed)
    found = score_rows(served, (*some, *rows[200:]))
    assert np.allclose(found[known], expected[known], atol=1e-7)
    inputs = {name: list(column) for name, column in table.values.items()}
    assert np.allclose(found[known], add_up(document, placed.alone, inputs)[known], atol=1e-12)


def test_terms_have_a_mean_of_nothing_over_the_data(bundle: Bundle, quick: Recipe, rows: tuple[Row, ...]) -> None:
    table = tabulate(bundle, rows)
    placed = place_rows(bundle, quick, table)
    document = write_model(choose_and_fit(quick, placed, table, seed=1), placed)
    for term in document["terms"]:
        alone = {**document, "terms": [term], "intercept": 0.0}
        chance = add_up(alone, placed.alone, {name: list(column) for name, column in table.values.items()})
        assert np.mean(np.log(chance / (1 - chance))) == pytest.approx(0, abs=1e-6), term["id"]


def test_a_predictor_that_was_never_unknown_counts_as_average_when_it_is(
    bundle: Bundle, quick: Recipe, rows: tuple[Row, ...]
) -> None:
    placed = place_rows(bundle, quick, table := tabulate(bundle, rows))
    model = fit_candidate(quick, QUICK[0], (), placed, table.outcomes)
    terms = {term["id"]: term for term in write_model(model, placed)["terms"]}
    assert terms["insulin"]["unknown"] == pytest.approx(0, abs=1e-9)


def functions_of(bundle: Bundle, document: dict[str, object]) -> dict[str, object]:
    page = Page("model.json", "")
    known = {predictor.name: predictor for predictor in bundle.predictors}
    found = read_model(page, json.loads(json.dumps(document)), (bundle.outcomes[0].id,), known)
    assert page.problems == []
    return found


def test_numbers_are_written_with_eight_significant_digits() -> None:
    assert significant(-0.0123456789012) == -0.012345679
    assert significant(0.0) == 0.0


def test_contributions_of_the_shipped_model_sum_to_its_linear_predictor(bundle: Bundle, rows: tuple[Row, ...]) -> None:
    for row in rows[:100]:
        said = predict(bundle, read_predictors(bundle, row.facts))
        assert isinstance(said, Prediction)
        total = said.intercept + sum(each.contribution for each in said.contributions)
        assert said.total == pytest.approx(total, abs=1e-9)


def test_a_pair_has_a_column_per_cell_and_none_for_unknown() -> None:
    number, word = Levels("n", (1.0, 2.0), ordered=True), Levels("w", ("a", "b"), ordered=False, unknown_level=True)
    blocks = lay_out({"n": number, "w": word}, {"n": number, "w": word}, [("n", "w")])
    assert [(block.start, block.size) for block in blocks] == [(0, 3), (3, 3), (6, 6)]
    assert list(number.place([None, 0.5, 1.0, 2.5])) == [UNKNOWN, 0, 1, 2]


def test_golden_rows_name_every_level_once_and_leave_unknown_ones_empty(
    bundle: Bundle, recipe: Recipe, folder: Path, rows: tuple[Row, ...]
) -> None:
    document = json.loads((folder / "model.json").read_text())
    levels = place_rows(bundle, recipe, tabulate(bundle, rows)).alone
    levels = {name: replace(each, unknown_level=name == "stay_hba1c") for name, each in levels.items()}
    lines = write_golden(bundle, document, levels).splitlines()
    assert lines[0].startswith("outcome,age,")
    assert lines[0].endswith(",expected")
    assert any(",,0,0,0," in line for line in lines)


def test_a_recipe_with_a_mistake_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text('source = "x"\n')
    with pytest.raises(BadData, match=r"recipe\.toml: Object missing required field"):
        read_recipe(tmp_path / "recipe.toml")


@needs_shared
@pytest.mark.shared
def test_the_shipped_model_is_what_its_data_give(bundle: Bundle, recipe: Recipe, folder: Path) -> None:
    """Fitted again with the setting that was chosen, every number is the same to 8 significant digits."""
    shipped = json.loads((folder / "model.json").read_text())
    pairs = sum(len(term["predictors"]) == 2 for term in shipped["terms"])
    candidates = [each for each in recipe.candidates if each.pairs == pairs]
    table = tabulate(bundle, read_rows(recipe.source, SHARED / "data/models/diabetes130/diabetic_data.csv.gz", bundle))
    placed = place_rows(bundle, recipe, table)
    ranked = find_pairs(recipe, placed, table, seed=1)
    fitted = (write_model(fit_candidate(recipe, each, ranked, placed, table.outcomes), placed) for each in candidates)
    assert any(numbers_in(each) == pytest.approx(numbers_in(shipped), rel=2e-8, abs=1e-12) for each in fitted)


def numbers_in(document: object) -> list[float]:
    """Every number of a document in its order."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [number for each in document for number in numbers_in(each)]
    return [document] if isinstance(document, float) else []


def test_fitting_writes_the_model_and_its_golden_rows(tmp_path: Path, bundle: Bundle, folder: Path) -> None:
    rows = rows_for(bundle, 1200)
    text = (folder / "recipe.toml").read_text()
    start, end = text.index("candidates"), text.index("[edges]")
    text = text[:start] + "candidates = [{ pairs = 1, pair_penalty = 30.0 }]\n" + text[end:]
    (tmp_path / "recipe.toml").write_text(text.replace('"diabetes-130"', '"facts"'))
    write_facts(tmp_path / "data.csv", bundle, rows)
    told: list[str] = []
    model = fit_model(tmp_path, bundle, tmp_path / "data.csv", told.append)
    assert model.candidate == Candidate(1, 30.0)
    assert json.loads((tmp_path / "model.json").read_text())["link"] == "logit"
    assert (tmp_path / "golden.csv").read_text().startswith("outcome,")
    assert told == ["reading the data", "choosing and fitting"]


def write_facts(path: Path, bundle: Bundle, rows: tuple[Row, ...]) -> None:
    names = [predictor.fact for predictor in bundle.predictors]
    lines = [",".join(("patient", "outcome", "date", "group:half", *names))]
    for row in rows:
        cells = [str(getattr(row.facts[name], "value", "")).lower() for name in names]
        lines.append(",".join((row.patient, str(int(row.outcome)), row.order, row.groups["half"], *cells)))
    path.write_text("\n".join(lines) + "\n")
