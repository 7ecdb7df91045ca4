"""What a risk model says of one patient: a prediction that explains itself, or a refusal with its reasons."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from cds_service.chart.facts import Fact
from cds_service.knowledge.bundle import Band, Development
from cds_service.knowledge.terms import Value
from cds_service.reasoning.findings import Missing


class Predictors(msgspec.Struct, frozen=True):
    """The inputs of one model as it takes them.

    `values` has every predictor by name: a number (1.0 or 0.0 for yes or no), a word, or None where it is unknown and
    the model has a level for that. `facts` are what they were read from. `missing` names what was not known, refused
    or not; `assumed` says in words what the author's assumption stood in for. `refusals` are the reasons why nothing
    may be predicted from them.
    """

    values: Mapping[str, Value | None]
    facts: Mapping[str, Fact[Any]] = {}
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """What one predictor, or one pair of them, adds to the sum; `value` is the first one's, None if unknown."""

    predictors: tuple[str, ...]
    label: str
    value: Value | None
    unit: str | None
    as_of: datetime | None
    contribution: float
    modifiable: bool


class Compared(msgspec.Struct, frozen=True):
    """The result of the patient to compare with."""

    label: str
    result: float


class Prediction(msgspec.Struct, frozen=True):
    """One outcome of one model for one patient.

    `total` is the linear predictor or the points: `intercept` plus all contributions. Exactly one of `probability`,
    `points` and `quantity` is there. `points` and `quantity` are as the publication reports them (rounded, limited);
    `most` is how many points there could be if everything unknown counted. `probability` is calibrated,
    `uncalibrated` what the model itself said, `calibration` the kind of the step between ("none").
    `band_at_most` is the band of `most`; where it differs from `band` the class is not certain.
    `to_lower` and `to_upper` are the distances to the edges of the band, None without one.
    """

    model: str
    version: str
    outcome: str
    horizon: str
    intercept: float
    contributions: tuple[Contribution, ...]
    total: float
    probability: float | None = None
    uncalibrated: float | None = None
    calibration: str = "none"
    points: float | None = None
    most: float | None = None
    quantity: float | None = None
    unit: str = ""
    band: Band | None = None
    band_at_most: Band | None = None
    to_lower: float | None = None
    to_upper: float | None = None
    comparator: Compared | None = None
    missing: tuple[Missing, ...] = ()
    assumed: tuple[str, ...] = ()
    support: Development = Development()

    @property
    def result(self) -> float:
        """The probability, the points or the quantity."""
        return next(each for each in (self.probability, self.points, self.quantity) if each is not None)


class Refusal(msgspec.Struct, frozen=True):
    """Why a model that has something to say on this chart says nothing: each reason is one line of a card."""

    model: str
    version: str
    reasons: tuple[str, ...]
    missing: tuple[Missing, ...] = ()
