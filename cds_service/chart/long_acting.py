"""Whether a long-acting opioid is taken: methadone, levorphanol, or an opioid in a form that releases it slowly."""

from cds_service.chart.drugs import PAUSED, Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.opioids import COUNTED
from cds_service.terminology.products import Route

METHADONE, LEVORPHANOL, BUPRENORPHINE = "6813", "6378", "1819"
OPIOIDS = COUNTED | {BUPRENORPHINE}
LASTS_BY_ITSELF = frozenset({METHADONE, LEVORPHANOL})
SLOW = ("Extended Release", "Transdermal System")


def long_acting_opioid(orders: Items[Drug], medications: Items[Drug]) -> Fact[bool]:
    """True when one is ordered or taken; false only when both lists were read whole and every form is known."""
    drugs = [drug for drug in (*orders.items, *medications.items) if drug.status != PAUSED]
    opioids = [drug for drug in drugs if holds_opioid(drug)]
    slow = [drug for drug in opioids if is_long_acting(drug)]
    if slow:
        return Known(True, sources=tuple(Source(drug.reference, drug.authored) for drug in slow))
    formless = next((drug for drug in opioids if drug.dose_form is None), None)
    if formless is not None:
        return Unknown(Reason.NOT_RECORDED, f"dose form of {formless.name}")
    for each in (orders, medications):
        if not each.complete:
            return Unknown(each.reason or Reason.NOT_SENT, "medications")
        if each.unrecognised:
            return Unknown(Reason.UNRECOGNISED, each.unrecognised[0].text)
    return Known(False)


def holds_opioid(drug: Drug) -> bool:
    return drug.route in (Route.SYSTEMIC, Route.UNKNOWN) and not OPIOIDS.isdisjoint(drug.ingredient_rxcuis)


def is_long_acting(drug: Drug) -> bool:
    by_form = any(word in (drug.dose_form or "") for word in SLOW)
    return by_form or not LASTS_BY_ITSELF.isdisjoint(drug.ingredient_rxcuis)
