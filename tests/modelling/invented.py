"""Invented patients whose true risk is known."""

import numpy as np

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.knowledge.bundle import Bundle, Predictor
from cds_service.modelling.likelihood import expit
from cds_service.modelling.rows import Floats, Row

BEFORE = Unknown(Reason.NOT_RECORDED)


def chances(n: int, seed: int = 1) -> Floats:
    """Risks around 12 in 100, as a readmission model gives them."""
    return expit(np.random.default_rng(seed).normal(-2.1, 0.6, n))


def happened(chance: Floats, seed: int = 2) -> Floats:
    return (np.random.default_rng(seed).random(len(chance)) < chance).astype(float)


def patients_of(n: int, per_patient: int = 2) -> np.ndarray:
    return np.array([f"p{number // per_patient}" for number in range(n)])


def rows_for(bundle: Bundle, n: int, seed: int = 3) -> tuple[Row, ...]:
    """Rows with every predictor drawn at random; the outcome follows earlier stays, and sex only with insulin."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        facts = {each.fact: draw(each, random) for each in bundle.predictors}
        stays = facts["inpatient_stays_year"]
        assert isinstance(stays, Known)
        both = facts["insulin"] == Known(True) and facts["sex"] == Known("female")
        risk = expit(np.array([-2.5 + 0.4 * stays.value + 1.5 * both]))[0]
        rows.append(
            Row(f"p{number // 2}", facts, bool(random.random() < risk), f"{number:06}", {"half": str(number % 2)})
        )
    return tuple(rows)


def draw(predictor: Predictor, random: np.random.Generator) -> Fact[object]:
    if predictor.words:
        return Known(str(random.choice(predictor.words)))
    if predictor.unit is None:
        return Known(bool(random.integers(2)))
    assert predictor.within is not None
    low, high = predictor.within
    return Known(float(random.integers(low, min(high, low + 8) + 1)), predictor.unit)
