"""What is wrong in a model's files is named: file, place, what was found and what was meant."""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cds_service.knowledge.models import check_rules_in_place, read_bundles
from cds_service.knowledge.page import Pages
from cds_service.knowledge.sources import Sources, load_sources
from tests.risk.rewrite import MODELS
from tests.rules.library import shipped_library, shipped_sources

ID = "models/small"
BUNDLE: Mapping[str, Any] = {
    "id": "small",
    "version": "1.0.0",
    "title": "A small model",
    "kind": "additive",
    "status": "draft",
    "hooks": ["order-sign"],
    "outcome": [{"id": "event", "title": "an event", "horizon": "P30D"}],
    "predictor": [
        {"name": "age", "fact": "age", "unit": "a", "range": [18, 110], "missing": "unknown-level"},
        {"name": "sex", "fact": "sex"},
        {"name": "inr", "fact": "inr", "unit": "{INR}", "range": [0.5, 20]},
        {
            "name": "failing",
            "label": "heart failure",
            "when": {"fact": "conditions", "any_in": "heart-failure"},
            "missing": {"assume": False, "because": "house default"},
        },
    ],
    "band": [{"name": "low", "to": 0.1, "reason": "a study"}, {"name": "high", "from": 0.1, "reason": "a study"}],
    "development": {"n": 100, "events": 10, "data": "first"},
    "governance": {"author": "a"},
}
MODEL: Mapping[str, Any] = {
    "link": "logit",
    "intercept": -1.0,
    "terms": [
        {"id": "age", "shape": "table", "predictors": ["age"], "edges": [50], "values": [0, 1], "unknown": 0.5},
        {"id": "sex", "shape": "categories", "predictors": ["sex"], "values": {"female": 0, "male": 1}},
        {"id": "failing", "shape": "linear", "predictors": ["failing"], "coefficient": 0.4},
        {
            "id": "age-inr",
            "shape": "table2",
            "predictors": ["age", "inr"],
            "edges": [[50], [2, 3]],
            "values": [[0, 0, 1], [0, 1, 2]],
        },
        {
            "id": "ln inr",
            "shape": "product",
            "predictors": ["inr"],
            "coefficient": 1,
            "factors": [{"predictor": "inr", "log": True}],
        },
    ],
}


def problems(
    change: Mapping[str, Any] | None = None, model: Mapping[str, Any] = MODEL, calibration: Any = None
) -> list[str]:
    """What is said of the small model with these top-level changes."""
    bundle = {**deepcopy(dict(BUNDLE)), **(change or {})}
    documents: dict[str, Any] = {f"{ID}/bundle.toml": bundle, f"{ID}/model.json": deepcopy(dict(model))}
    if calibration is not None:
        documents[f"{ID}/calibration.json"] = calibration
    pages = Pages({})
    read_bundles(Sources(documents), pages, shipped_library().vocabulary)
    return [str(problem) for problem in pages.problems]


def predictor(**changes: Any) -> Mapping[str, Any]:
    """The small model with its first predictor changed."""
    first, *others = deepcopy(BUNDLE["predictor"])
    return {"predictor": [{**first, **changes}, *others]}


def term(number: int, **changes: Any) -> Mapping[str, Any]:
    model = deepcopy(dict(MODEL))
    model["terms"][number].update(changes)
    return model


def test_the_small_model_is_right() -> None:
    assert problems() == []


def test_a_model_that_another_server_computes_has_no_terms() -> None:
    pages = Pages({})
    remote = Sources({f"{ID}/bundle.toml": {**deepcopy(dict(BUNDLE)), "kind": "remote"}})
    (bundle,) = read_bundles(remote, pages, shipped_library().vocabulary)
    assert pages.problems == ()
    assert bundle.functions == {}


def test_the_rule_in_the_place_of_a_model_is_there() -> None:
    pages = Pages({})
    small = Sources({f"{ID}/bundle.toml": {**deepcopy(dict(BUNDLE)), "card": {"rule": "warfarin-nsaids"}}})
    bundles = read_bundles(small, pages, shipped_library().vocabulary)
    check_rules_in_place(pages, bundles, {"warfarin-nsaid"})
    assert [problem.message for problem in pages.problems] == [
        "there is no rule 'warfarin-nsaids'; did you mean 'warfarin-nsaid'?"
    ]


def test_what_is_shipped_is_right() -> None:
    pages = Pages({})
    read_bundles(shipped_sources(), pages, shipped_library().vocabulary)
    assert pages.problems == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "other"}, "id: found 'other', but the folder is called 'small'"),
        ({"version": "1"}, "version: found '1', expected three numbers"),
        ({"hooks": ["order-sing"]}, "hooks: 'order-sing' is not one of"),
        ({"problem": "bleading"}, "cards/problems.toml has no problem 'bleading'; did you mean 'bleeding'?"),
        ({"status": "active"}, "an active model has at least one [[evidence]]"),
        ({"outcome": []}, "a model has at least one [[outcome]]"),
        ({"colour": "red"}, "unknown field `colour`"),
        ({"governance": {"author": "a", "reviewer": "A"}}, "the reviewer must not be the author"),
        ({"instead_of": ["smal"]}, "instead_of: there is no model 'smal'; did you mean 'small'?"),
        ({"unread": [{"label": "x", "most": 1, "reason": "y"}]}, "only a score of points can leave items open"),
        ({"comparator": {"label": "x", "values": {"ages": 1}}}, "there is no predictor 'ages'; did you mean 'age'?"),
        ({"band": [{"name": "low", "reason": " "}]}, "a band says where its limits come from"),
        (
            {"band": [{"name": "low", "to": 0.1, "reason": "x"}, {"name": "high", "from": 0.2, "reason": "x"}]},
            "each band begins where the one before it ends",
        ),
        ({"band": [{"name": "low", "reason": "x", "outcome": "evnt"}]}, "there is no outcome 'evnt'"),
        ({"made_for": [{"when": {"fact": "agee", "above": 1, "unit": "a"}, "reason": "x"}]}, "no fact called 'agee'"),
        (
            {"card": {"summary": "{{ risk }} in 100"}},
            "'risk' is not filled in; there are result, band, horizon and outcome",
        ),
        ({"card": {"override_reasons": ["specialst-advice"]}}, "did you mean 'specialist-advice'?"),
        ({"card": {"snooze": "a month"}}, "card.snooze: found 'a month', expected a number of days such as \"P30D\""),
        ({"card": {"show_when": {"fact": "statins", "is": True}}}, "no fact called 'statins'"),
        (predictor(fact="ages"), "no single fact of the chart is called 'ages'"),
        (predictor(fact="conditions"), "no single fact of the chart is called 'conditions'"),
        (predictor(unit="mo"), "'age' is counted in 'a', found 'mo'"),
        (predictor(range=[110, 18]), "a number needs the range the model was made for"),
        (predictor(name="sex"), "two predictors are called 'sex'"),
        (predictor(when={"fact": "age", "above": 3, "unit": "a"}), "either a fact or a question"),
        (predictor(fact="sex", unit="a"), "only a number has a unit and a range"),
        (predictor(missing="guess"), "predictor[1].missing"),
    ],
)
def test_what_is_wrong_in_a_bundle_is_named(change: Mapping[str, Any], said: str) -> None:
    found = problems(change)
    assert any(said in each and each.startswith(f"{ID}/") for each in found), found


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (term(0, edges=[60, 50], values=[0, 1, 2]), "edges rise from one to the next"),
        (term(0, values=[0, 1, 2]), "1 edges make 2 intervals, found 3 values"),
        (term(0, predictors=["age", "inr"]), "this shape takes 1 of predictors, found 2"),
        (term(0, predictors=["agee"]), "bundle.toml has no predictor 'agee'; did you mean 'age'?"),
        (term(0, to="agee"), "bundle.toml has no predictor 'agee'"),
        (term(1, values={"female": 0}), "there is no value for male and no 'other'"),
        (term(3, values=[[0, 0], [0, 1]]), "2 edges make 3 intervals, found 2 values"),
        (term(4, predictors=["inr", "age"]), "'predictors' names those of its factors"),
        (
            term(4, factors=[{"predictor": "inr", "log": True, "centre": 1}]),
            "is not defined over the whole range",
        ),
        (term(4, predictors=["sex"], factors=[{"predictor": "sex", "power": 2}]), "'sex' needs a range"),
        ({**MODEL, "link": "survival"}, "link 'survival' needs a baseline_survival between 0 and 1"),
        ({**MODEL, "by": "sex", "strata": {"female": {}}}, "'strata' needs one sum for each word"),
        ({"outcomes": {"other": MODEL}}, "bundle.toml has event, found other"),
        ({**MODEL, "link": "probit"}, "Invalid enum value 'probit'"),
    ],
)
def test_what_is_wrong_in_a_model_is_named(model: Mapping[str, Any], said: str) -> None:
    found = problems(model=model)
    assert any(said in each and each.startswith(f"{ID}/") for each in found), found


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        ({"kind": "logistic", "slope": 0.9, "data": "first"}, "they are not those of the training"),
        ({"kind": "logistic", "slope": 0.9}, "names the data it was fitted on"),
        ({"kind": "logistic", "slope": -1, "data": "second"}, "its slope is above 0"),
        ({"kind": "isotonic", "x": [0.2, 0.1], "y": [0.1, 0.2], "data": "second"}, "a calibration rises"),
        ({"kind": "isotonic", "x": [], "y": [], "data": "second"}, "a calibration rises"),
    ],
)
def test_a_calibration_on_the_training_data_or_that_falls_is_refused(calibration: Any, said: str) -> None:
    found = problems(calibration=calibration)
    assert any(said in each and "calibration.json" in each for each in found), found


def test_a_calibration_on_other_data_is_taken() -> None:
    assert problems(calibration={"kind": "logistic", "intercept": 0.1, "slope": 0.9, "data": "second"}) == []


def test_files_that_are_no_json_or_missing_are_named(tmp_path: Any) -> None:
    folder = tmp_path / "models" / "one"
    folder.mkdir(parents=True)
    (folder / "bundle.toml").write_text((MODELS / "fib-4" / "bundle.toml").read_text(encoding="utf-8"))
    (folder / "model.json").write_text('{"link": \n}')
    checkout = MODELS.parent
    sources = load_sources(checkout / "rules", checkout / "cards", checkout / "config", tmp_path / "models")
    said = [str(each) for each in sources.problems if each.file.startswith("models/")]
    assert said == [
        "models/one/model.json:2: this is not JSON: Expecting value",
        "models/one/golden.csv: this file is missing",
    ]


def test_every_published_file_is_plain_data() -> None:
    for path in MODELS.glob("*/model.json"):
        assert isinstance(json.loads(path.read_text(encoding="utf-8")), dict)


def test_a_folder_of_a_remote_model_holds_its_bundle_alone(tmp_path: Path) -> None:
    for kind, id in (("remote", "elsewhere"), ("score", "here")):
        (tmp_path / id).mkdir()
        (tmp_path / id / "bundle.toml").write_text(f'kind = "{kind}"\n', "utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "bundle.toml").write_text("kind = ", "utf-8")
    missing = {problem.file for problem in load_sources(tmp_path, tmp_path, tmp_path, tmp_path).problems}
    assert {"models/here/model.json", "models/here/golden.csv", "models/broken/model.json"} <= missing
    assert not [file for file in missing if file.startswith("models/elsewhere/")]
