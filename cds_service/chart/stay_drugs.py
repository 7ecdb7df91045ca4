"""How many different drugs a patient takes."""

from cds_service.chart.drugs import PAUSED, Drug
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown


def drug_count(medications: Items[Drug]) -> Fact[float]:
    """Different drugs among the active medications, unit `{count}`: each set of ingredients once, unrecognised entries
    by their text. Paused ones do not count."""
    if not medications.complete:
        reason = medications.reason or Reason.NOT_SENT
        return Unknown(reason, f"medications {reason.value}")
    taken = [drug for drug in medications.items if drug.status != PAUSED]
    different = {frozenset(drug.ingredient_rxcuis) for drug in taken}
    texts = {entry.text.strip().lower() for entry in medications.unrecognised}
    return Known(float(len(different) + len(texts)), "{count}", tuple(Source(drug.reference) for drug in taken))
