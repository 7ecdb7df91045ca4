"""The maximum of the likelihood, against two other implementations."""

import numpy as np
import pytest
import scipy.sparse
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression

from cds_service.errors import BadData
from cds_service.modelling.likelihood import expit, fit_logistic, logit

RANDOM = np.random.default_rng(7)
COLUMNS = RANDOM.normal(size=(400, 3))
OUTCOMES = (RANDOM.random(400) < expit(COLUMNS @ np.array([0.8, -0.5, 0.0]) - 1)).astype(float)


def test_without_a_penalty_it_is_the_fit_of_statsmodels() -> None:
    other = sm.Logit(OUTCOMES, sm.add_constant(COLUMNS)).fit(disp=0, tol=1e-12).params
    fit = fit_logistic(COLUMNS, OUTCOMES, np.zeros((3, 3)))
    assert np.allclose([fit.intercept, *fit.coefficients], other, rtol=0, atol=1e-9)


def test_with_an_offset_it_is_the_binomial_model_of_statsmodels() -> None:
    offset = COLUMNS[:, 0]
    other = sm.GLM(OUTCOMES, np.ones((400, 1)), family=sm.families.Binomial(), offset=offset).fit(tol=1e-14).params
    fit = fit_logistic(np.zeros((400, 0)), OUTCOMES, np.zeros((0, 0)), offset)
    assert fit.intercept == pytest.approx(other[0], abs=1e-9)


def test_with_a_penalty_it_is_the_fit_of_scikit_learn() -> None:
    """C = 1 / penalty; the intercept is not penalised there either."""
    other = LogisticRegression(C=1 / 5.0, tol=1e-12, max_iter=10000).fit(COLUMNS, OUTCOMES)
    fit = fit_logistic(COLUMNS, OUTCOMES, 5.0 * np.eye(3))
    assert np.allclose(fit.coefficients, other.coef_[0], atol=1e-6)
    assert fit.intercept == pytest.approx(other.intercept_[0], abs=1e-6)


def test_a_sparse_matrix_gives_the_same_as_a_dense_one() -> None:
    dense = fit_logistic(COLUMNS, OUTCOMES, np.eye(3))
    sparse = fit_logistic(scipy.sparse.csr_matrix(COLUMNS), OUTCOMES, np.eye(3))
    assert np.allclose(dense.coefficients, sparse.coefficients, atol=1e-12)


def test_nothing_can_be_fitted_without_events() -> None:
    with pytest.raises(BadData, match="no events"):
        fit_logistic(COLUMNS, np.zeros(400), np.eye(3))


def test_log_odds_of_a_certainty_stay_finite() -> None:
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
