"""From cards of risk models that were overridden to what a later call remembers of them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator
from cds_service.presenting.memory import RememberedRisk
from cds_service.presenting.quieting import days_of
from cds_service.record.stored import StoredRecord
from cds_service.risk.score import listens
from cds_service.store.memory import Asker, Looks, Overridden


@dataclass(frozen=True, slots=True)
class Search:
    """For whom to look: at the moment `now`, in what was shown from `since` on (epoch seconds)."""

    asker: Asker
    now: float
    since: float
    by_anybody: bool


def remember_risks(
    looks: Looks, search: Search, models: dict[str, timedelta], open_record: Callable[[str], StoredRecord | None]
) -> Iterator[RememberedRisk]:
    """What each of these models said when its card was overridden last; `models` are their snoozes by id. Nothing is
    asked without one. A card whose record cannot be read is not remembered, and so is said again."""
    if not models:
        return
    newest: dict[str, Overridden] = {}
    for each in looks.find_overridden(search.asker, search.since, search.by_anybody):
        newest.setdefault(each.topic, each)
    for model, each in newest.items():
        if model not in models or search.now - each.at >= models[model].total_seconds():
            continue
        record = open_record(each.decision_id)
        remembered = risk_of(each, record) if record is not None else None
        if remembered is not None:
            yield remembered


def snoozing(release: Release, hook: str) -> dict[str, timedelta]:
    """The models with a card at this hook that stays away once it was overridden, and for how long."""
    return {bundle.id: snooze for bundle in release.models if (snooze := snooze_at(bundle, hook)) is not None}


def snooze_at(bundle: Bundle, hook: str) -> timedelta | None:
    return days_of(bundle.card.snooze) if bundle.card.summary and listens(bundle, hook) else None


def risk_of(card: Overridden, record: StoredRecord) -> RememberedRisk | None:
    """What the record holds of the card's model; None where it holds no such card."""
    shown = (json.loads(bytes(each)) for each in record.cards)
    indicator = next((each["indicator"] for each in shown if each["uuid"] == card.card), None)
    said = [each for each in record.scored if each.model == card.topic and each.result is not None]
    if indicator is None or not said:
        return None
    return RememberedRisk(
        model=card.topic,
        at=datetime.fromtimestamp(card.at, UTC),
        decision_id=card.decision_id,
        indicator=Indicator(indicator),
        results={each.outcome: each.result for each in said if each.result is not None},
        missing=tuple(sorted({missing.subject for each in said for missing in each.missing})),
    )
