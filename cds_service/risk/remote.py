"""Models that another server computes: their answers are facts of the chart, and become predictions here."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known
from cds_service.knowledge.bundle import Bundle, ModelKind, Outcome
from cds_service.knowledge.rules import Status
from cds_service.risk.links import calibrate, logit
from cds_service.risk.lists import Lists, arrange
from cds_service.risk.predict import find_band
from cds_service.risk.prediction import Prediction, Predictors, Refusal
from cds_service.risk.predictors import read_predictors
from cds_service.risk.questions import find_reasons, holds, read_facts


def fact_name(bundle: Bundle, outcome: Outcome) -> str:
    """What the answer about an outcome is called among the chart's values."""
    return f"{bundle.id}:{outcome.id}"


def to_ask(models: tuple[Bundle, ...], chart: Chart) -> Iterator[tuple[Bundle, Predictors]]:
    """The remote models that have something to say on this chart, with the inputs they take."""
    listening = [
        each
        for each in models
        if each.kind is ModelKind.REMOTE and chart.hook in each.hooks and each.status in (Status.ACTIVE, Status.SILENT)
    ]
    if not listening:
        return
    lists = arrange(chart)
    for bundle in listening:
        if bundle.when is not None and not holds(bundle.when, lists):
            continue
        predictors = read_predictors(bundle, read_facts(bundle, chart, lists))
        if not predictors.refusals and not find_reasons(bundle, lists)[0]:
            yield bundle, predictors


def read_answers(bundle: Bundle, predictors: Predictors, lists: Lists) -> tuple[Prediction | Refusal, ...]:
    """The predictions that the chart's facts hold, or a refusal with the reason why there is no answer."""
    facts = [(outcome, lists.value(fact_name(bundle, outcome))) for outcome in bundle.outcomes]
    said = [predicted(bundle, predictors, outcome, fact) for outcome, fact in facts if isinstance(fact, Known)]
    if len(said) == len(facts):
        return tuple(said)
    reasons = dict.fromkeys(fact.detail or fact.reason.value for _, fact in facts if not isinstance(fact, Known))
    return (
        Refusal(bundle.id, bundle.version, tuple(f"no answer: {reason}" for reason in reasons), predictors.missing),
    )


def predicted(bundle: Bundle, predictors: Predictors, outcome: Outcome, fact: Fact[Any]) -> Prediction:
    """An answer as a prediction without parts: what it is made of stays with the server that computed it."""
    assert isinstance(fact, Known)
    probability = calibrate(bundle.calibration, fact.value)
    band = find_band(bundle, outcome, probability)
    return Prediction(
        model=bundle.id,
        version=bundle.version,
        outcome=outcome.id,
        horizon=outcome.horizon,
        intercept=logit(fact.value),
        contributions=(),
        total=logit(fact.value),
        probability=probability,
        uncalibrated=fact.value,
        calibration=bundle.calibration.kind,
        band=band,
        band_at_most=band,
        to_lower=None if band is None or band.start is None else probability - band.start,
        to_upper=None if band is None or band.end is None else band.end - probability,
        missing=predictors.missing,
        assumed=predictors.assumed,
        support=bundle.development,
    )


def with_answers(chart: Chart, answers: Mapping[str, Fact[Any]]) -> Chart:
    """The chart with what remote models answered."""
    return replace(chart, values={**chart.values, **answers}) if answers else chart
