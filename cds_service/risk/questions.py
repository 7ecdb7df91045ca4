"""What a model asks of a chart: its facts, its yes-or-no questions, and whether it was made for this patient."""

from typing import Any

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.rules import Condition, Group
from cds_service.reasoning.findings import Missing
from cds_service.reasoning.lines import read_line
from cds_service.reasoning.logic import Truth
from cds_service.reasoning.verdicts import Verdict
from cds_service.risk.lists import Lists, arrange, settle


def read_facts(bundle: Bundle, chart: Chart, lists: Lists | None = None) -> dict[str, Fact[Any]]:
    """The facts of `read_predictors`, by the names of `Predictor.fact`. `lists` is the chart arranged before."""
    arranged = lists or arrange(chart)
    return {
        predictor.fact: arranged.value(predictor.fact) if predictor.when is None else ask(predictor.when, arranged)
        for predictor in bundle.predictors
    }


def ask(condition: Condition, lists: Lists) -> Fact[bool]:
    """The answer to a condition as a fact, with the sources of what decided it."""
    if isinstance(condition, Group):
        return oppose(condition, lists) if condition.kind == "not" else decide(condition, lists)
    if (settled := settle(condition, lists)) is not None:
        return settled
    verdict = read_line(condition, lists.chart, {})
    if verdict.truth is Truth.UNKNOWN:
        return Unknown(why(verdict), say_missing(verdict.missing))
    decided = [fact for fact in verdict.used.values() if isinstance(fact, Known)]
    sources = tuple(dict.fromkeys([source for fact in decided for source in fact.sources]))
    dates = [fact.as_of for fact in decided if fact.as_of is not None]
    return Known(verdict.truth is Truth.TRUE, sources=sources, as_of=min(dates, default=None))


def decide(group: Group, lists: Lists) -> Fact[bool]:
    """`and` and `or`: a certain no, or yes, decides alone; else what is unknown; else all members together."""
    alone = group.kind == "any"
    unknown: Unknown | None = None
    others: list[Known[bool]] = []
    for member in group.members:
        answer = ask(member, lists)
        if isinstance(answer, Unknown):
            unknown = unknown or answer
        elif answer.value is alone:
            return answer
        else:
            others.append(answer)
    return unknown or merge(others, not alone)


def merge(answers: list[Known[bool]], value: bool) -> Known[bool]:
    """One answer from several that agree, with all their sources and the oldest of their dates."""
    dates = [answer.as_of for answer in answers if answer.as_of is not None]
    sources = tuple(dict.fromkeys([source for answer in answers for source in answer.sources]))
    return Known(value, None, sources, min(dates, default=None))


def oppose(group: Group, lists: Lists) -> Fact[bool]:
    """`not`: unknown stays unknown."""
    answer = ask(group.members[0], lists)
    return answer if isinstance(answer, Unknown) else Known(not answer.value, None, answer.sources, answer.as_of)


def holds(condition: Condition, lists: Lists) -> bool:
    """Whether a condition certainly holds."""
    answer = ask(condition, lists)
    return isinstance(answer, Known) and answer.value


def find_reasons(bundle: Bundle, lists: Lists) -> tuple[tuple[str, ...], tuple[Missing, ...]]:
    """Why the model was not made for this patient, or nobody can say whether it was; and what is missing to say."""
    reasons: list[str] = []
    missing: list[Missing] = []
    for criterion in bundle.population:
        answer = ask(criterion.condition, lists)
        if isinstance(answer, Unknown):
            reasons.append(f"{criterion.reason}; not known here: {answer.detail or answer.reason.value}")
            missing.append(Missing("value", criterion.reason, answer.reason, answer.detail))
        elif answer.value is not criterion.required:
            reasons.append(criterion.reason)
    return tuple(reasons), tuple(missing)


def why(verdict: Verdict) -> Reason:
    return verdict.missing[0].reason if verdict.missing else Reason.NOT_RECORDED


def say_missing(missing: tuple[Missing, ...]) -> str:
    """What is missing in words, each named once: "conditions unrecognised (a text)", "total bilirubin not recorded",
    "creatinine of 9 Jul 2020 too old"."""
    return ", ".join(dict.fromkeys(map(say_one, missing)))


def say_one(missing: Missing) -> str:
    if missing.detail.endswith(f" {missing.reason}"):
        return missing.detail
    if missing.detail and missing.reason is Reason.TOO_OLD:
        return f"{missing.detail} {missing.reason}"
    said = f"{missing.subject} {missing.reason}"
    return f"{said} ({missing.detail})" if missing.detail else said
