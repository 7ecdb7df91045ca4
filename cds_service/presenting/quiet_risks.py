"""A risk that somebody has overridden is not said again for a while, until it is higher (DESIGN 6)."""

from datetime import timedelta

from cds_service.knowledge.bundle import Band, Bundle
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.groups import Risk
from cds_service.presenting.memory import Became, Memory, RememberedRisk
from cds_service.presenting.quiet import INDICATORS
from cds_service.presenting.quieting import days_of
from cds_service.risk.predict import find_band
from cds_service.risk.prediction import Prediction


def why_overridden(risk: Risk, memory: Memory) -> str:
    """How the card of a prediction was decided about and still is; empty when it has to be said.

    A card that is critical is always said.
    """
    if risk.indicator is Indicator.CRITICAL:
        return ""
    known = [each for each in memory.risks if each.model == risk.bundle.id]
    held = any(is_in_time(each, risk.bundle, memory) and not why_higher(risk, each) for each in known)
    return Became.OVERRIDDEN.value if held else ""


def is_in_time(then: RememberedRisk, bundle: Bundle, memory: Memory) -> bool:
    snooze = days_of(bundle.card.snooze)
    return snooze is not None and memory.at is not None and timedelta() <= memory.at - then.at < snooze


def why_higher(risk: Risk, then: RememberedRisk) -> str:
    """What makes the risk higher than it was, or nobody can say that it is not; empty when nothing does."""
    if INDICATORS[risk.indicator] < INDICATORS[then.indicator]:
        return "more urgent"
    if any({missing.subject for missing in each.missing} - set(then.missing) for each in risk.said):
        return "something it was computed from is no longer known"
    return "in a higher band" if any(is_past_an_edge(each, risk.bundle, then) for each in risk.said) else ""


def is_past_an_edge(prediction: Prediction, bundle: Bundle, then: RememberedRisk) -> bool:
    """Whether an outcome has passed an edge of a band since. The edges are those of now, for both results.

    Of a quantity less may be worse, so any other band counts.
    """
    before = then.results.get(prediction.outcome)
    if before is None:
        return True
    outcome = next(each for each in bundle.outcomes if each.id == prediction.outcome)
    was, now = find_band(bundle, outcome, before), prediction.band
    if prediction.quantity is not None:
        return was != now
    return start_of(now) > start_of(was)


def start_of(band: Band | None) -> float:
    return float("-inf") if band is None or band.start is None else band.start
