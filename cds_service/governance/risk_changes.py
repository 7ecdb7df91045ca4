"""Which cards of risk models another release adds, removes or changes in a recorded call."""

from collections.abc import Iterator

import msgspec

from cds_service.governance.simulation import Kind, RiskChange
from cds_service.presenting.groups import Risk
from cds_service.presenting.risk_card import EXTENSION, summarise_risk
from cds_service.record.stored import StoredRecord
from cds_service.store.outcomes import Outcomes


def find_risk_changes(
    before: tuple[Risk, ...], after: tuple[Risk, ...], kept: StoredRecord, outcomes: Outcomes
) -> Iterator[RiskChange]:
    """Every card of a model that is not there before and after, or has another indicator or band.

    Another number in the same band is the same card.
    """
    were = {risk.bundle.id: risk for risk in before}
    are = {risk.bundle.id: risk for risk in after}
    for model in sorted({*were, *are}):
        was, now = were.get(model), are.get(model)
        told = now or was
        if told is None or (was and now and (was.indicator, band_of(was)) == (now.indicator, band_of(now))):
            continue
        yield RiskChange(
            kind=Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.CHANGED,
            decision_id=kept.decision_id,
            hook=kept.hook,
            model=model,
            was=was.indicator if was else "",
            now=now.indicator if now else "",
            was_band=band_of(was),
            now_band=band_of(now),
            said=summarise_risk(told),
            became=outcomes.cards.get(find_card(kept, model), "") if was else "",
            repeats=was is None and any(each.model == model for each in kept.memory.risks),
        )


def band_of(risk: Risk | None) -> str:
    return risk.leading.band.name if risk and risk.leading.band else ""


def find_card(kept: StoredRecord, model: str) -> str:
    """The uuid of the card that the model had, empty where it had none."""
    for each in kept.cards:
        card = msgspec.json.decode(each)
        findings = card.get("extension", {}).get(EXTENSION, {}).get("findings", ())
        if findings and findings[0]["rule"] == model:
            return str(card["uuid"])
    return ""
