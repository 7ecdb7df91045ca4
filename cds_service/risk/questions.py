"""What a model asks of a chart: its facts, its yes-or-no questions, and whether it was made for this patient."""

from typing import Any

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.rules import Condition
from cds_service.reasoning.conditions import weigh
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.logic import Truth
from cds_service.reasoning.verdicts import Verdict


def read_facts(bundle: Bundle, chart: Chart) -> dict[str, Fact[Any]]:
    """The facts of `read_predictors`, by the names of `Predictor.fact`."""
    return {
        predictor.fact: chart.value(predictor.fact) if predictor.when is None else ask(predictor.when, chart)
        for predictor in bundle.predictors
    }


def ask(condition: Condition, chart: Chart) -> Fact[bool]:
    """The answer to a condition as a fact, with the sources of what decided it."""
    verdict = weigh(condition, chart, {})
    if verdict.truth is Truth.UNKNOWN:
        return Unknown(why(verdict), say_missing(verdict.missing))
    decided = [fact for fact in verdict.used.values() if isinstance(fact, Known)]
    sources = tuple(dict.fromkeys(source for fact in decided for source in fact.sources))
    dates = [fact.as_of for fact in decided if fact.as_of is not None]
    return Known(verdict.truth is Truth.TRUE, sources=sources, as_of=min(dates, default=None))


def find_reasons(bundle: Bundle, chart: Chart) -> tuple[tuple[str, ...], tuple[Missing, ...]]:
    """Why the model was not made for this patient, or nobody can say whether it was; and what is missing to say."""
    reasons: list[str] = []
    missing: list[Missing] = []
    for criterion in bundle.population:
        verdict = weigh(criterion.condition, chart, {})
        if verdict.truth is Truth.UNKNOWN:
            reasons.append(f"{criterion.reason}; not known here: {say_missing(verdict.missing)}")
            missing.extend(verdict.missing)
        elif (verdict.truth is Truth.TRUE) is not criterion.required:
            reasons.append(criterion.reason)
    return tuple(reasons), tuple(missing)


def why(verdict: Verdict) -> Reason:
    return verdict.missing[0].reason if verdict.missing else Reason.NOT_RECORDED


def say_missing(missing: tuple[Missing, ...]) -> str:
    """What is missing in words: "conditions unrecognised (a text)"."""
    return ", ".join(
        dict.fromkeys(
            f"{each.subject} {each.reason.value}" + (f" ({each.detail})" if each.detail else "") for each in missing
        )
    )
