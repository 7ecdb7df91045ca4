"""What models say in the arm that does not answer: recorded beside, never shown, replayed and compared."""

from dataclasses import replace
from math import isclose
from uuid import UUID

import msgspec
import pytest
from typer.testing import CliRunner

from cds_service.app import Application
from cds_service.cli import app
from cds_service.governance.arms import CANDIDATE, CONTROL, Arms, arms_of, differing, only_models
from cds_service.governance.differences import say_differences
from cds_service.governance.releases import keep_shipped
from cds_service.governance.replay import encode, open_archive, replay
from cds_service.governance.switching import without_model
from cds_service.knowledge.bundle import Calibration, ModelKind
from cds_service.knowledge.release import Release
from cds_service.monitoring.predictions import compare_arms, read_predictions
from cds_service.monitoring.recorded import Span
from cds_service.record.decision import DecisionRecord
from cds_service.record.reading import read_record
from cds_service.risk.prediction import Prediction
from tests.governance.conftest import Ward, bleeding
from tests.risk_serving.patients import leaving_hospital

MODEL, VERSION = "readmission-30d", "9.0.0"
EVER = Span(0.0, 1e11, None)
TWICE_THE_ODDS = Calibration("logistic", intercept=0.6931471805599453, data="two wards")
"""The natural logarithm of 2."""


def with_models(release: Release, *ids: str) -> Release:
    return replace(release, models=tuple(model for model in release.models if model.id in ids))


@pytest.fixture(scope="session")
def one(application: Application, shipped: Release) -> Release:
    """A few rules and the readmission model."""
    return replace(shipped, models=with_models(application.release, MODEL).models)


@pytest.fixture(scope="session")
def other(one: Release) -> Release:
    """The same with another version of the model, which says twice the odds."""
    (model,) = one.models
    changed = replace(model, version=VERSION, calibration=TWICE_THE_ODDS)
    return replace(one, digest="ab" * 32, models=(changed,))


def leave(ward: Ward, arms: Arms) -> DecisionRecord:
    """The record of a discharge; each is another call, not the last one repeated."""
    request = {**leaving_hospital().encounter_discharge(), "hookInstance": str(UUID(int=len(ward.records), version=4))}
    return ward.ask(request, "discharge-risk", arms)


def said(scored: tuple[object, ...]) -> list[tuple[str, float]]:
    return [(each.version, each.result) for each in scored if isinstance(each, Prediction)]


def test_the_losing_arm_s_model_is_recorded_and_stands_on_no_card(ward: Ward, one: Release, other: Release) -> None:
    record = leave(ward, arms_of(one, other, 0, "salt"))
    assert record.arm == CONTROL
    ((version, beside),) = said(record.beside_scored)
    ((_, answered),) = said(record.scored)
    assert version == VERSION
    assert isclose(beside / (1 - beside), 2 * answered / (1 - answered))  # twice the odds, by hand
    assert VERSION not in str(record.cards)


def test_the_candidate_that_answers_has_the_control_s_model_beside_it(ward: Ward, one: Release, other: Release) -> None:
    silent, shown = (leave(ward, arms_of(one, other, percent, "salt")) for percent in (0, 100))
    assert shown.arm == CANDIDATE
    assert (said(shown.scored), said(shown.beside_scored)) == (said(silent.beside_scored), said(silent.scored))


@pytest.mark.parametrize("percent", [0, 100])
def test_scores_of_both_arms_replay_to_the_byte(ward: Ward, one: Release, other: Release, percent: int) -> None:
    for release in (one, other):
        keep_shipped(ward.releases, ward.store.ring, release, 0.0)
    record = leave(ward, arms_of(one, other, percent, "salt"))
    content = ward.store.read(record.decision_id)
    kept = read_record(content)
    assert kept.beside_scored
    again = replay(kept, open_archive(ward.releases, one.terminology))
    assert encode(again) == content
    recorded_otherwise = msgspec.structs.replace(kept, beside_scored=())
    assert list(say_differences(recorded_otherwise, again)) == ["otherwise: what models of the other arm said"]


def test_a_model_that_both_arms_have_alike_is_recorded_once(ward: Ward, one: Release) -> None:
    record = leave(ward, arms_of(one, replace(one, digest="cd" * 32), 0, "salt"))
    assert said(record.scored)
    assert record.beside_scored == ()


def test_a_model_that_is_off_in_the_arm_that_answers_is_recorded_beside(ward: Ward, one: Release) -> None:
    record = leave(ward, arms_of(without_model(one, MODEL, "measured"), one, 0, "salt"))
    assert record.scored == ()
    assert [version for version, _ in said(record.beside_scored)] == [one.models[0].version]


def test_a_call_that_no_differing_model_hears_costs_a_record_nothing(ward: Ward, one: Release, other: Release) -> None:
    assert ward.sign(bleeding(), arms_of(one, other, 0, "salt")).beside_scored == ()


def test_a_richer_model_is_asked_too_for_it_may_stand_in_for_one_that_differs(application: Application) -> None:
    release = with_models(application.release, "prevent-base-10y", "prevent-hba1c-10y", "prevent-uacr-10y", MODEL)
    poorer = tuple(
        replace(model, version=VERSION) if model.id == "prevent-base-10y" else model for model in release.models
    )
    asked = only_models(replace(release, models=poorer), release)
    assert [model.id for model in asked] == ["prevent-base-10y", "prevent-hba1c-10y", "prevent-uacr-10y"]


def test_a_model_on_another_server_is_asked_by_the_arm_that_answers_only(one: Release) -> None:
    remote = replace(one, models=tuple(replace(model, kind=ModelKind.REMOTE) for model in one.models))
    assert differing(remote, one).models == ()


def test_predictions_of_a_version_come_from_both_arms(ward: Ward, one: Release, other: Release) -> None:
    arms = (arms_of(one, other, percent, "salt") for percent in (0, 0, 100))
    answered = [dict(said(leave(ward, each).scored)) for each in arms]
    (version,) = {model.version for model in one.models}
    by_default = list(read_predictions(ward.store, EVER, MODEL))
    assert [row["version"] for row in by_default] == [version, version, VERSION]
    assert [float(row["probability"]) for row in by_default] == [
        result for each in answered for result in each.values()
    ]
    for each in (version, VERSION):
        rows = list(read_predictions(ward.store, EVER, MODEL, version=each))
        assert [row["version"] for row in rows] == [each] * 3


def test_arms_are_compared_by_pairs_of_versions(ward: Ward, one: Release, other: Release) -> None:
    for percent in (0, 0, 100):
        leave(ward, arms_of(one, other, percent, "salt"))
    (version,) = {model.version for model in one.models}
    control, candidate = compare_arms(ward.store, EVER, MODEL)
    assert (control.answered, control.beside, control.calls) == (version, VERSION, 2)
    assert (candidate.answered, candidate.beside, candidate.calls) == (VERSION, version, 1)
    assert (control.higher, control.lower, candidate.higher, candidate.lower) == (2, 0, 0, 1)
    assert (control.mean, control.mean_beside) == (candidate.mean_beside, candidate.mean)
    assert compare_arms(ward.store, EVER, "tisdale") == []


def test_the_command_says_which_version_answered_and_what_the_other_said(
    ward: Ward, one: Release, other: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(ward, arms_of(one, other, 0, "salt"))
    monkeypatch.setattr("cds_service.cli.predicted.open_span", lambda *asked: (ward.store, EVER))
    told = CliRunner().invoke(app, ["models", "arms", MODEL])
    assert told.exit_code == 0, told.output
    assert f"1 calls answered by version {one.models[0].version}: " in told.output
    assert f"version {VERSION} in the other arm: " in told.output
    assert "higher in 1, lower in 0" in told.output
    assert "no call on which both arms" in CliRunner().invoke(app, ["models", "arms", "tisdale"]).output
