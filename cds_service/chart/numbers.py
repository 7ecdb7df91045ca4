"""Sums and maxima over numbers of which some may be unknown: then what is known is only a lower bound."""

from collections.abc import Callable, Iterable
from math import fsum

from cds_service.chart.facts import Fact, Known, Reason, Unknown


def tidy(value: float) -> float:
    """The value to 12 significant digits, so that three times 0.1 is 0.3."""
    return float(f"{value:.12g}")


def total(facts: Iterable[Fact[float]]) -> Fact[float]:
    """The sum of numbers of one unit; Unknown when none is known or the units differ."""
    return _over(list(facts), fsum)


def highest(facts: Iterable[Fact[float]]) -> Fact[float]:
    """The largest of numbers of one unit; Unknown when none is known or the units differ."""
    return _over(list(facts), max)


def _over(facts: list[Fact[float]], join: Callable[[list[float]], float]) -> Fact[float]:
    known = [fact for fact in facts if isinstance(fact, Known)]
    if not known:
        return next((fact for fact in facts if isinstance(fact, Unknown)), Unknown(Reason.NOT_RECORDED))
    unit = known[0].unit
    if any(fact.unit != unit for fact in known):
        return Unknown(Reason.UNRECOGNISED, "amounts in different units")
    sources = tuple(dict.fromkeys(source for fact in known for source in fact.sources))
    moments = [fact.as_of for fact in known if fact.as_of]
    return Known(
        tidy(join([fact.value for fact in known])),
        unit,
        sources,
        max(moments, default=None),
        at_least=len(known) < len(facts) or any(fact.at_least for fact in known),
    )
