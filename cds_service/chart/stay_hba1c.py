"""Whether HbA1c was measured in this stay, and how high it was."""

from cds_service.chart.encounters import this_stay
from cds_service.chart.fact_type import FactType
from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.chart.measured_facts import LABS
from cds_service.chart.measuring import Setting, newest_reading, read_number
from cds_service.chart.readings import Readings
from cds_service.fhir.received import Received

HBA1C: FactType = next(fact for fact in LABS if fact.name == "hba1c")


def stay_hba1c(received: Received, readings: Readings, setting: Setting) -> Fact[str]:
    """`not-tested` since admission, `normal` up to 7 %, `above-7` up to 8 %, `above-8`; as Diabetes-130 tells them."""
    stay = this_stay(received, setting)
    if isinstance(stay, Unknown):
        return stay
    newest = newest_reading(HBA1C, readings, setting)
    if isinstance(newest, Unknown):
        read_and_absent = newest.reason is Reason.NOT_RECORDED
        return Known("not-tested", sources=(stay.source,)) if read_and_absent else newest
    if newest.when < stay.start:
        return Known("not-tested", sources=(stay.source,))
    value = read_number(HBA1C, newest, setting)
    if isinstance(value, Unknown):
        return value
    return Known(level_of(value.value), sources=value.sources, as_of=value.as_of)


def level_of(percent: float) -> str:
    if percent > 8:
        return "above-8"
    return "above-7" if percent > 7 else "normal"
