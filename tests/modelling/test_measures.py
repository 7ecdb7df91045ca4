"""Measures of prediction against other implementations and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from cds_service.modelling.curve import fit_curve, spline
from cds_service.modelling.measures import (
    auprc,
    auroc,
    compare_benefit,
    in_the_large,
    measure,
    net_benefit,
    noise_floor,
    recalibrated,
    recalibration,
    treat_all,
)
from tests.modelling.invented import chances, happened

predictions = st.lists(
    st.tuples(st.sampled_from([0.05, 0.1, 0.2, 0.5, 0.9]), st.booleans()), min_size=4, max_size=60
).filter(lambda pairs: 0 < sum(event for _, event in pairs) < len(pairs))


@given(predictions)
@settings(max_examples=100)
def test_discrimination_is_that_of_scikit_learn_with_ties_too(pairs: list[tuple[float, bool]]) -> None:
    chance = np.array([each for each, _ in pairs])
    outcomes = np.array([float(event) for _, event in pairs])
    assert auroc(chance, outcomes) == pytest.approx(roc_auc_score(outcomes, chance), abs=1e-12)
    assert auprc(chance, outcomes) == pytest.approx(average_precision_score(outcomes, chance), abs=1e-12)


def test_the_overall_measures_are_those_of_scikit_learn() -> None:
    chance = chances(2000)
    outcomes = happened(chance)
    found = measure(chance, outcomes)
    assert found["brier"] == pytest.approx(brier_score_loss(outcomes, chance), abs=1e-12)
    assert found["log_loss"] == pytest.approx(log_loss(outcomes, chance), abs=1e-12)
    mean = outcomes.mean()
    assert found["ipa"] == pytest.approx(1 - brier_score_loss(outcomes, chance) / (mean * (1 - mean)), abs=1e-12)


def test_predictions_that_are_right_have_slope_one_and_no_error_beyond_noise() -> None:
    chance = chances(20000)
    outcomes = happened(chance)
    found = measure(chance, outcomes)
    assert found["slope"] == pytest.approx(1, abs=0.1)
    assert found["citl"] == pytest.approx(0, abs=0.05)
    assert found["oe"] == pytest.approx(1, abs=0.05)
    floor = noise_floor(chance, 20, seed=1)
    assert 0 < floor["ici"]["mean"] < floor["ici"]["p95"] < 0.01
    assert found["ici"] < 2 * floor["ici"]["p95"]
    assert found["e50"] <= found["e90"] <= found["emax"]


def test_a_known_miscalibration_is_found() -> None:
    """Predictions moved by logit p' = 0.5 + 1.5 logit p are brought back by slope 1/1.5 and intercept -0.5/1.5."""
    chance = chances(50000)
    moved = recalibrated(chance, 0.5, 1.5)
    intercept, slope = recalibration(moved, happened(chance))
    assert slope == pytest.approx(1 / 1.5, abs=0.05)
    assert intercept == pytest.approx(-0.5 / 1.5, abs=0.08)
    assert in_the_large(recalibrated(chance, 0.7), happened(chance)) == pytest.approx(-0.7, abs=0.05)


def test_net_benefit_is_worked_out_by_hand() -> None:
    """Threshold 0.2, odds 1/4. Flagged: two events, one other, of five: 2/5 - 1/5 * 1/4 = 0.35."""
    chance = np.array([0.9, 0.3, 0.2, 0.1, 0.05])
    outcomes = np.array([1.0, 1.0, 0.0, 1.0, 0.0])
    assert net_benefit(chance, outcomes, 0.2) == pytest.approx(0.35)
    # Treating all: 3/5 - 2/5 * 1/4 = 0.5.
    assert treat_all(outcomes, 0.2) == pytest.approx(0.5)
    found = compare_benefit({"a": chance}, outcomes, (0.2,))
    assert found["0.2"] == pytest.approx({"a": 0.35, "treat all": 0.5})


def test_the_spline_is_linear_beyond_its_outer_knots() -> None:
    knots = np.array([-3.0, -2.5, -2.0, -1.5, -1.0])
    for at in (np.array([-6.0, -5.0, -4.0]), np.array([0.0, 1.0, 2.0])):
        columns = spline(at, knots)
        assert np.allclose(columns[0] + columns[2], 2 * columns[1], atol=1e-9)


def test_few_different_predictions_get_a_straight_curve() -> None:
    chance = np.repeat([0.1, 0.3], 500)
    curve = fit_curve(chance, happened(chance))
    assert len(curve.knots) == 0
    assert np.allclose(curve.at(np.array([0.1])), happened(chance)[:500].mean(), atol=1e-6)
