"""One prediction: the sum, its exact parts, the result, its band, and the patient to compare with."""

from collections.abc import Iterable
from math import fsum

from cds_service.chart.facts import Known
from cds_service.knowledge.bundle import Band, Bundle, Outcome
from cds_service.knowledge.terms import PROBABILITIES, Function, Link, Sum, Term
from cds_service.risk.links import calibrate, probability_of, quantity_of, report
from cds_service.risk.prediction import Compared, Contribution, Prediction, Predictors, Refusal
from cds_service.risk.sums import Values, add_terms, most_of


def predict(bundle: Bundle, predictors: Predictors, outcome: str = "") -> Prediction | Refusal:
    """What the model says of one outcome (the first without a name), or why it says nothing.

    Raises KeyError for an outcome the model does not have.
    """
    if predictors.refusals:
        return Refusal(bundle.id, bundle.version, predictors.refusals, predictors.missing)
    chosen = next((each for each in bundle.outcomes if outcome in ("", each.id)), None)
    if chosen is None:
        raise KeyError(outcome)
    return predict_outcome(bundle, predictors, chosen)


def predict_all(bundle: Bundle, predictors: Predictors) -> tuple[Prediction | Refusal, ...]:
    """Every outcome of the model, or one refusal."""
    if predictors.refusals:
        return (Refusal(bundle.id, bundle.version, predictors.refusals, predictors.missing),)
    return tuple(predict_outcome(bundle, predictors, outcome) for outcome in bundle.outcomes)


def predict_outcome(bundle: Bundle, predictors: Predictors, outcome: Outcome) -> Prediction:
    function = bundle.functions[outcome.id]
    values = predictors.values
    each = stratum(function, values)
    added = add_terms(each, values)
    total = fsum([each.intercept, *[value for _, value in added]])
    probability, quantity, points, most = None, None, None, None
    uncalibrated = None
    if function.link in PROBABILITIES:
        uncalibrated = probability_of(function.link, total, each.baseline_survival)
        probability = result = calibrate(bundle.calibration, uncalibrated)
    elif function.link is Link.POINTS:
        points = result = report(total, function.reported)
        most = report(most_points(bundle, each, values, total), function.reported)
    else:
        quantity = result = report(quantity_of(function.link, total), function.reported)
    band = find_band(bundle, outcome, result)
    return Prediction(
        model=bundle.id,
        version=bundle.version,
        outcome=outcome.id,
        horizon=outcome.horizon,
        intercept=each.intercept,
        contributions=explain(bundle, predictors, added),
        total=total,
        probability=probability,
        uncalibrated=uncalibrated,
        calibration=bundle.calibration.kind,
        points=points,
        most=most,
        quantity=quantity,
        unit=bundle.unit,
        band=band,
        band_at_most=band if most is None or most == result else find_band(bundle, outcome, most),
        to_lower=None if band is None or band.start is None else result - band.start,
        to_upper=None if band is None or band.end is None else band.end - result,
        comparator=compare(bundle, values, outcome),
        missing=predictors.missing,
        assumed=predictors.assumed,
        support=bundle.development,
    )


def stratum(function: Function, values: Values) -> Sum:
    """The sum for this patient's stratum. Raises KeyError for one the model has no sum for."""
    return function.strata[str(values[function.by]) if function.by else ""]


def most_points(bundle: Bundle, each: Sum, values: Values, total: float) -> float:
    """The points if everything unknown, and everything that no chart tells, counted in full."""
    unread = sum([item.most for item in bundle.unread])
    if None not in values.values():
        return total + unread
    return fsum([each.intercept, unread, *[most_of(term, values) for term in each.terms]])


def find_band(bundle: Bundle, outcome: Outcome, result: float) -> Band | None:
    for band in bundle.bands:
        if band.outcome not in ("", outcome.id):
            continue
        if (band.start is None or band.start <= result) and (band.end is None or result < band.end):
            return band
    return None


def explain(bundle: Bundle, predictors: Predictors, added: Iterable[tuple[Term, float]]) -> tuple[Contribution, ...]:
    """The contribution of each predictor or pair, in the order of the model; together the sum without the intercept."""
    parts: dict[tuple[str, ...], float] = {}
    for term, value in added:
        parts[term.credited] = parts.get(term.credited, 0.0) + value
    by_name = {predictor.name: predictor for predictor in bundle.predictors}
    values, facts = predictors.values, predictors.facts
    explained = []
    for names, value in parts.items():
        first = by_name[names[0]]
        fact = facts.get(first.name)
        as_of = fact.as_of if isinstance(fact, Known) else None
        label, modifiable = first.label, first.modifiable
        if len(names) > 1:
            label = " and ".join([by_name[name].label for name in names])
            modifiable = any(by_name[name].modifiable for name in names)
        explained.append(Contribution(names, label, values[names[0]], first.unit, as_of, value, modifiable))
    return tuple(explained)


def compare(bundle: Bundle, values: Values, outcome: Outcome) -> Compared | None:
    """The result of this patient with the comparator's values."""
    if bundle.comparator is None:
        return None
    return Compared(bundle.comparator.label, result_of(bundle, {**values, **bundle.comparator.values}, outcome.id))


def result_of(bundle: Bundle, values: Values, outcome: str) -> float:
    """The result of one outcome alone, unexplained: the probability, the points or the quantity."""
    function = bundle.functions[outcome]
    each = stratum(function, values)
    total = fsum([each.intercept, *[value for _, value in add_terms(each, values)]])
    if function.link in PROBABILITIES:
        return calibrate(bundle.calibration, probability_of(function.link, total, each.baseline_survival))
    return report(quantity_of(function.link, total), function.reported)
