"""The models that ship, read once for all tests, and what they say of inputs by name."""

from functools import cache

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.models import read_bundles
from cds_service.knowledge.terms import Value
from cds_service.risk.predict import predict
from cds_service.risk.prediction import Prediction, Predictors
from tests.rules.library import shipped_library, shipped_sources


@cache
def read_shipped() -> tuple[Bundle, ...]:
    library = shipped_library()
    return read_bundles(shipped_sources(), library.pages, library.vocabulary)


@cache
def bundle(id: str) -> Bundle:
    return next(each for each in read_shipped() if each.id == id)


def say(id: str, outcome: str = "", **values: Value | None) -> Prediction:
    """The prediction of a shipped model; predictors not named are no, or 0."""
    model = bundle(id)
    inputs: dict[str, Value | None] = {predictor.name: 0.0 for predictor in model.predictors}
    prediction = predict(model, Predictors({**inputs, **values}), outcome)
    assert isinstance(prediction, Prediction)
    return prediction
