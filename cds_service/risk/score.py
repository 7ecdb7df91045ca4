"""Risk models on a chart: which have something to say, for whom they were made, and what they predict."""

from collections.abc import Iterable

from cds_service.chart.chart import Chart
from cds_service.knowledge.bundle import Bundle, ModelKind
from cds_service.knowledge.rules import Status
from cds_service.risk.lists import Lists, arrange
from cds_service.risk.predict import predict_all, result_of
from cds_service.risk.prediction import Prediction, Refusal
from cds_service.risk.predictors import read_predictors
from cds_service.risk.questions import find_reasons, holds, read_facts
from cds_service.risk.remote import read_answers

RUNNING = frozenset({Status.ACTIVE, Status.SILENT})

Scored = Prediction | Refusal


def score(models: Iterable[Bundle], chart: Chart) -> tuple[Scored, ...]:
    """What every running model of this hook says of the patient: its predictions, or one refusal with the reasons.

    A model whose `when` does not certainly hold says nothing. Where a richer model predicts, the poorer ones that it
    stands in for fall away. What remote models answered is read from the facts of the chart.
    """
    listening = [bundle for bundle in models if listens(bundle, chart.hook)]
    if not listening:
        return ()
    lists = arrange(chart)
    asked = [bundle for bundle in listening if bundle.when is None or holds(bundle.when, lists)]
    said = {bundle.id: score_one(bundle, lists) for bundle in asked}
    replaced = {poorer for bundle in asked if predicted(said[bundle.id]) for poorer in bundle.instead_of}
    return tuple(each for id, results in said.items() if id not in replaced for each in results)


def listens(bundle: Bundle, hook: str) -> bool:
    """Whether the model runs at this hook."""
    return hook in bundle.hooks and bundle.status in RUNNING


def predicted(results: tuple[Scored, ...]) -> bool:
    return any(isinstance(result, Prediction) for result in results)


def score_one(bundle: Bundle, lists: Lists) -> tuple[Scored, ...]:
    """The predictions of one model for this patient, or its refusal."""
    reasons, missing = find_reasons(bundle, lists)
    predictors = read_predictors(bundle, read_facts(bundle, lists.chart, lists))
    if reasons or predictors.refusals:
        return (Refusal(bundle.id, bundle.version, (*reasons, *predictors.refusals), (*missing, *predictors.missing)),)
    if bundle.kind is ModelKind.REMOTE:
        return read_answers(bundle, predictors, lists)
    return predict_all(bundle, predictors)


def result_on(bundle: Bundle, outcome: str, lists: Lists) -> float | None:
    """What one outcome of a model would be on a chart that was changed, the result alone; None where it predicts none.

    A remote model was asked about the chart as it came, not about this one.
    """
    if bundle.kind is ModelKind.REMOTE or find_reasons(bundle, lists)[0]:
        return None
    predictors = read_predictors(bundle, read_facts(bundle, lists.chart, lists))
    return None if predictors.refusals else result_of(bundle, predictors.values, outcome)
