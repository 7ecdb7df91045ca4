"""What became of cards: for looking it up by the thousand."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine, case, func, select

from cds_service.store.tables import DECISIONS, FEEDBACK, FINDINGS

OVERRIDDEN = "overridden"
REPORTED_AT = case((FEEDBACK.c.at > FEEDBACK.c.received, FEEDBACK.c.received), else_=FEEDBACK.c.at)
"""When it happened as the client says, but not after it was received: clocks may be wrong."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`cards` says by uuid what clients reported last (`accepted`, `overridden`); `overrides` says since when (epoch
    seconds) a problem of a patient stands overridden, by patient key and subject key."""

    cards: Mapping[str, str]
    overrides: Mapping[tuple[str, str], float]


def read_outcomes(database: Engine, since: float) -> Outcomes:
    """What was reported of cards since then, and every override ever."""
    reported = (
        select(FEEDBACK.c.card, FEEDBACK.c.outcome)
        .where(FEEDBACK.c.decision_id.is_not(None), FEEDBACK.c.received >= since)
        .order_by(REPORTED_AT)
    )
    overridden = (
        select(DECISIONS.c.patient_key, FINDINGS.c.subject_key, func.min(REPORTED_AT))
        .join(FINDINGS, FINDINGS.c.card == FEEDBACK.c.card)
        .join(DECISIONS, DECISIONS.c.decision_id == FINDINGS.c.decision_id)
        .where(FEEDBACK.c.outcome == OVERRIDDEN, FEEDBACK.c.decision_id.is_not(None))
        .group_by(DECISIONS.c.patient_key, FINDINGS.c.subject_key)
    )
    with database.connect() as connection:
        cards = {row.card: row.outcome for row in connection.execute(reported)}
        overrides = {(patient, subject): at for patient, subject, at in connection.execute(overridden)}
    return Outcomes(cards, overrides)
