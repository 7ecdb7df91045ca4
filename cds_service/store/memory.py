"""What was decided before about the findings of one patient: overrides, accepted suggestions, what was just shown."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import ColumnElement, Row, Select, select, text

from cds_service.store.store import Store
from cds_service.store.tables import DECISIONS, FEEDBACK, FINDINGS

WITHIN_MS = 100
"""How long a server may take to look; a call does not wait for more."""
OVERRIDDEN, ACCEPTED = "overridden", "accepted"


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom to look. Without `user_id` of what every user of the tenant decided."""

    tenant: str
    patient_id: str
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """One finding that was shown. `place` is its number among those of its decision that fired.

    `outcome` is `overridden`, `accepted` with the uuids of the suggestions, or empty where nothing came back; `at` is
    when that was, in epoch seconds, and never later than it was reported.
    """

    decision_id: str
    place: int
    card: str
    rule: str
    subject_key: str
    outcome: str
    at: float
    accepted: tuple[str, ...] = ()


def find_decided(store: Store, asker: Asker, since: float) -> list[Decided]:
    """What was overridden with a coded reason, or accepted, on cards shown after `since`; newest first.

    Raises what the database raises.
    """
    query = (
        shown_to(store, asker, since)
        .add_columns(FEEDBACK.c.outcome, FEEDBACK.c.at, FEEDBACK.c.received, FEEDBACK.c.accepted)
        .join(FEEDBACK, (FEEDBACK.c.card == FINDINGS.c.card) & (FEEDBACK.c.decision_id == DECISIONS.c.decision_id))
        .where(
            FEEDBACK.c.tenant == asker.tenant,
            (FEEDBACK.c.outcome == ACCEPTED) | ((FEEDBACK.c.outcome == OVERRIDDEN) & (FEEDBACK.c.reason_code != "")),
        )
        .order_by(FEEDBACK.c.received.desc(), FEEDBACK.c.feedback_key, FINDINGS.c.place)
    )
    return [
        Decided(*of_finding(row), row.outcome, min(row.at, row.received), msgspec.json.decode(row.accepted, type=tuple))
        for row in run(store, query)
    ]


def find_seen(store: Store, asker: Asker, client: str, hook: str, since: float) -> list[Decided]:
    """What a client was shown at a hook after `since`, newest first. Raises what the database raises."""
    query = (
        shown_to(store, asker, since)
        .add_columns(DECISIONS.c.at)
        .where(DECISIONS.c.client == client, DECISIONS.c.hook == hook)
        .order_by(DECISIONS.c.at.desc(), DECISIONS.c.decision_id, FINDINGS.c.place)
    )
    return [Decided(*of_finding(row), "", row.at) for row in run(store, query)]


def shown_to(store: Store, asker: Asker, since: float) -> Select[tuple[object, ...]]:
    """The findings that stood on a card of their own right for this patient, and for this user where one is named."""
    query: Select[tuple[object, ...]] = (
        select(
            *(DECISIONS.c.decision_id, FINDINGS.c.place, FINDINGS.c.card, FINDINGS.c.rule),
            FINDINGS.c.subject_key,
        )
        .select_from(DECISIONS)
        .join(FINDINGS, FINDINGS.c.decision_id == DECISIONS.c.decision_id)
        .where(
            DECISIONS.c.tenant == asker.tenant,
            DECISIONS.c.patient_key.in_(store.patient_keys(asker.tenant, asker.patient_id)),
            DECISIONS.c.at >= since,
            FINDINGS.c.outcome == "shown",
            FINDINGS.c.card.is_not(None),
        )
    )
    return query if asker.user_id is None else query.where(is_by(store, asker.tenant, asker.user_id))


def is_by(store: Store, tenant: str, user_id: str) -> ColumnElement[bool]:
    return DECISIONS.c.user_key.in_(store.user_keys(tenant, user_id))


def of_finding(row: Row[tuple[object, ...]]) -> tuple[str, int, str, str, str]:
    return row.decision_id, row.place, row.card, row.rule, row.subject_key


def run(store: Store, query: Select[tuple[object, ...]]) -> list[Row[tuple[object, ...]]]:
    with store.database.connect() as connection:
        if store.database.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL statement_timeout = {WITHIN_MS}"))
        return list(connection.execute(query).all())
