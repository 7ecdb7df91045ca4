"""A result as multiples of the upper limit of normal (ULN) that its laboratory sent along."""

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.fact_type import FactType
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.measuring import Amount, Setting, amount_in, amount_of, in_unit, measure
from cds_service.chart.numbers import tidy
from cds_service.chart.readings import Reading, Readings
from cds_service.fhir.resources import Observation, ReferenceRange

UNIT = "{ULN}"
NORMAL = "normal"  # FHIR referencerange-meaning; a range without a type is one of these


def times_upper_limit(name: str, readings: Readings, setting: Setting) -> Fact[float]:
    """The newest result of the fact called `name`, divided by the upper limit of normal sent with it.

    No limit is ever assumed: laboratories and sexes differ.
    """
    fact = CATALOGUE[name]
    value = measure(fact, readings, setting)
    if isinstance(value, Unknown):
        return value
    newest = readings.of(fact.loinc)[0]
    limit = upper_limit(fact, newest)
    if limit is None:
        return Unknown(Reason.NOT_RECORDED, f"upper limit of normal of {fact.label} not recorded", newest.when)
    times = tidy(value.value / limit)
    return Known(times, UNIT, value.sources, value.as_of, at_least=value.at_least, formula="result / upper limit sent")


def upper_limit(fact: FactType, reading: Reading) -> float | None:
    """The upper limit in the fact's unit; None where none, or more than one, was sent. Without a unit of its own it has
    that of the result (FHIR R4, Observation.referenceRange)."""
    holder = reading.holder
    ranges = holder.reference_range if isinstance(holder, Observation) else ()
    highs = [amount_in(each.high) for each in ranges if each.high is not None and is_normal(each)]
    result = amount_of(holder)
    if len(highs) != 1 or highs[0] is None or result is None:
        return None
    limit = in_unit(fact, Amount(highs[0].value, highs[0].units or result.units))
    return limit if limit is not None and limit > 0 else None


def is_normal(each: ReferenceRange) -> bool:
    codes = {coding.code for coding in each.type.coding} if each.type else set()
    return not codes or NORMAL in codes
