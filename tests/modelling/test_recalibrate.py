"""Recalibration: the least change the data call for, never on too few, always to be taken back."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cds_service.app import open_terminology
from cds_service.errors import BadData
from cds_service.folders import data_folder
from cds_service.knowledge.bundle import Bundle, Calibration
from cds_service.knowledge.sources import load_sources
from cds_service.modelling.bundles import open_bundle
from cds_service.modelling.measures import calibrate_errors, recalibrated
from cds_service.modelling.recalibrate import Step, choose_step, find_update, join_steps
from cds_service.modelling.versions import read_history, take_back, write_version
from cds_service.risk.links import calibrate
from tests.modelling.invented import chances, happened, patients_of


def test_an_update_on_200_encounters_is_refused() -> None:
    chance = chances(200)
    with pytest.raises(BadData, match=r"200 encounters .* too few to recalibrate: at least 1000 with 90 events"):
        find_update(chance, happened(chance), patients_of(200))


def test_many_encounters_with_few_events_are_refused_too() -> None:
    chance = np.full(5000, 0.01)
    with pytest.raises(BadData, match="too few to recalibrate"):
        find_update(chance, happened(chance), patients_of(5000))


def test_a_model_that_is_right_is_kept() -> None:
    chance = chances(5000)
    assert find_update(chance, happened(chance), patients_of(5000)).step == Step("keep")


def test_a_shift_gives_a_new_intercept_and_makes_the_error_smaller() -> None:
    """Risk is overstated by 0.5 on the log odds."""
    truth = chances(6000)
    update = find_update(recalibrated(truth, 0.5), happened(truth), patients_of(6000))
    assert update.step.kind == "intercept"
    assert update.step.intercept == pytest.approx(-0.5, abs=0.1)
    assert update.after["ici"] < update.before["ici"]
    assert update.p_values["keep"] < 0.05 <= update.p_values["intercept"]


def test_a_wrong_slope_gives_intercept_and_slope() -> None:
    truth = chances(20000)
    step, _ = choose_step(recalibrated(truth, 0.0, 2.0), happened(truth))
    assert step.kind == "intercept and slope"
    assert step.slope == pytest.approx(0.5, abs=0.1)


def test_steps_in_a_row_are_one_step() -> None:
    first, second = Calibration("logistic", 0.2, 0.9), Step("intercept and slope", -0.1, 1.1)
    joined = join_steps(first, second)
    chance = 0.13
    after = recalibrated(np.array([calibrate(first, chance)]), second.intercept, second.slope)[0]
    assert calibrate(Calibration("logistic", joined["intercept"], joined["slope"]), chance) == pytest.approx(after)
    with pytest.raises(BadData, match="isotonic"):
        join_steps(Calibration("isotonic"), second)


@pytest.fixture
def copy(tmp_path: Path, folder: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "models" / folder.name))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "recalibrations.json"}


def reopen(copy: Path) -> Bundle:
    sources = load_sources(*map(data_folder, ("rules", "cards", "config")), copy.parent)
    return open_bundle(sources, open_terminology(), copy.name)


def test_a_new_version_is_written_with_its_reasons_and_taken_back_to_the_byte(copy: Path, bundle: Bundle) -> None:
    before = contents(copy)
    truth = chances(6000)
    update = find_update(recalibrated(truth, 0.5), happened(truth), patients_of(6000))
    version = write_version(copy, bundle, update, "2026-01 to 2026-06, house", "Dr A")
    again = reopen(copy)
    assert again.version == version == "1.0.1"
    assert again.calibration.intercept == update.step.intercept
    (entry,) = read_history(copy)
    assert (entry["n"], entry["events"], entry["approved_by"]) == (6000, update.events, "Dr A")
    assert entry["before"]["ici"] > entry["after"]["ici"]
    second = write_version(copy, again, replace(update, step=Step("intercept", 0.1)), "later", "Dr B")
    assert reopen(copy).calibration.intercept == pytest.approx(update.step.intercept + 0.1)
    assert second == "1.0.2"
    assert take_back(copy) == "1.0.1"
    assert take_back(copy) == "1.0.0"
    assert contents(copy) == before
    with pytest.raises(BadData, match="nothing to take back"):
        take_back(copy)


def test_golden_rows_move_with_the_calibration(copy: Path, bundle: Bundle) -> None:
    truth = chances(6000)
    update = find_update(recalibrated(truth, 0.5), happened(truth), patients_of(6000))
    old = [float(line.rpartition(",")[2]) for line in (copy / "golden.csv").read_text().splitlines()[1:]]
    write_version(copy, bundle, update, "local", "Dr A")
    new = [float(line.rpartition(",")[2]) for line in (copy / "golden.csv").read_text().splitlines()[1:]]
    assert np.allclose(new, recalibrated(np.array(old), update.step.intercept), atol=1e-12)


@pytest.mark.parametrize("window", ["", "diabetes-130"])
def test_an_update_names_its_data_and_they_are_not_those_of_the_training(
    copy: Path, bundle: Bundle, window: str
) -> None:
    truth = chances(6000)
    update = find_update(recalibrated(truth, 0.5), happened(truth), patients_of(6000))
    with pytest.raises(BadData, match="names the window of data"):
        write_version(
            copy, replace(bundle, development=replace(bundle.development, data="diabetes-130")), update, window, "A"
        )


def test_the_study_of_local_data_is_reproduced(folder: Path) -> None:
    """On later patients an update on 200 encounters is worse than none, one on 1,000 brings the ICI under 0.009."""
    update = json.loads((folder / "evaluation.json").read_text())["in_time"]["update"]
    assert update["intercept_by_n"]["200"] > update["none"]
    assert update["intercept_by_n"]["1000"] < 0.009


def test_an_update_on_many_brings_the_error_to_the_noise() -> None:
    truth = chances(40000)
    moved, outcomes = recalibrated(truth, 0.3), happened(truth)
    step, _ = choose_step(moved[:20000], outcomes[:20000])
    assert calibrate_errors(step.apply(moved[20000:]), outcomes[20000:])["ici"] < 0.009
