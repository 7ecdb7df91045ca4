"""What was decided before about findings and risks of one patient: overrides, accepted suggestions, what was shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.json import decode
from sqlalchemy import Row, Select, bindparam, select

from cds_service.store.inserting import Written
from cds_service.store.store import Store
from cds_service.store.tables import CARDS, DECISIONS, FEEDBACK, FINDINGS

WITHIN_MS = 100
"""How long a server may take to look; a call does not wait for more."""
OVERRIDDEN, ACCEPTED = "overridden", "accepted"

OF_FINDING = (DECISIONS.c.decision_id, FINDINGS.c.place, FINDINGS.c.card, FINDINGS.c.rule, FINDINGS.c.subject_key)
SHOWN: Select[Any] = (
    select(*OF_FINDING)
    .select_from(DECISIONS)
    .join(FINDINGS, FINDINGS.c.decision_id == DECISIONS.c.decision_id)
    .where(
        DECISIONS.c.tenant == bindparam("tenant"),
        DECISIONS.c.patient_key == bindparam("patient"),
        DECISIONS.c.at >= bindparam("since"),
        FINDINGS.c.outcome == "shown",
        FINDINGS.c.card.is_not(None),
    )
)
"""The findings that were told of a patient on cards about them, not only counted."""
OF_USER = DECISIONS.c.user_key == bindparam("user")
DECIDED = (
    SHOWN.add_columns(FEEDBACK.c.outcome, FEEDBACK.c.at, FEEDBACK.c.received, FEEDBACK.c.accepted)
    .join(FEEDBACK, (FEEDBACK.c.card == FINDINGS.c.card) & (FEEDBACK.c.decision_id == DECISIONS.c.decision_id))
    .where(
        DECISIONS.c.answered,
        FEEDBACK.c.tenant == bindparam("tenant"),
        (FEEDBACK.c.outcome == ACCEPTED) | ((FEEDBACK.c.outcome == OVERRIDDEN) & (FEEDBACK.c.reason_code != "")),
    )
    .order_by(FEEDBACK.c.received.desc(), FEEDBACK.c.feedback_key, FINDINGS.c.place)
)
DECIDED_BY_USER = DECIDED.where(OF_USER)
OVERRIDDEN_CARDS = (
    select(DECISIONS.c.decision_id, CARDS.c.card, CARDS.c.topic, FEEDBACK.c.at, FEEDBACK.c.received)
    .select_from(DECISIONS)
    .join(CARDS, CARDS.c.decision_id == DECISIONS.c.decision_id)
    .join(FEEDBACK, (FEEDBACK.c.card == CARDS.c.card) & (FEEDBACK.c.decision_id == DECISIONS.c.decision_id))
    .where(
        DECISIONS.c.tenant == bindparam("tenant"),
        DECISIONS.c.patient_key == bindparam("patient"),
        DECISIONS.c.at >= bindparam("since"),
        DECISIONS.c.answered,
        FEEDBACK.c.tenant == bindparam("tenant"),
        FEEDBACK.c.outcome == OVERRIDDEN,
        FEEDBACK.c.reason_code != "",
    )
    .order_by(FEEDBACK.c.received.desc(), FEEDBACK.c.feedback_key)
)
"""Cards by what they are about, also those without findings."""
SEEN_BY_USER = (
    SHOWN.add_columns(DECISIONS.c.at)
    .where(OF_USER, DECISIONS.c.client == bindparam("client"), DECISIONS.c.hook == bindparam("hook"))
    .order_by(DECISIONS.c.at.desc(), DECISIONS.c.decision_id, FINDINGS.c.place)
)


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom to look: a patient of a tenant, and a user."""

    tenant: str
    patient_id: str
    user_id: str


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


@dataclass(frozen=True, slots=True)
class Overridden:
    """A card that was overridden with a coded reason; `topic` is the rule that led it, or its model. `at` as in
    `Decided`."""

    decision_id: str
    card: str
    topic: str
    at: float


class Looks:
    """How one store is asked. The questions are put together once: to have SQLAlchemy do it for each call costs several
    times as much as the answer."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.decided = {False: Written(DECIDED_BY_USER, store.database), True: Written(DECIDED, store.database)}
        self.seen = Written(SEEN_BY_USER, store.database)
        self.cards = {
            False: Written(OVERRIDDEN_CARDS.where(OF_USER), store.database),
            True: Written(OVERRIDDEN_CARDS, store.database),
        }

    def find_decided(self, asker: Asker, since: float, by_anybody: bool) -> list[Decided]:
        """What the user, or anybody of the tenant, overrode with a coded reason or accepted on cards shown after
        `since` (epoch seconds), newest first. Raises what the database raises."""
        rows = self._look(self.decided[by_anybody], asker, {"since": since})
        rows.sort(key=lambda row: -row.received)
        return [
            Decided(*of_finding(row), row.outcome, min(row.at, row.received), decode(row.accepted, type=tuple))
            for row in rows
        ]

    def find_overridden(self, asker: Asker, since: float, by_anybody: bool) -> list[Overridden]:
        """The cards that the user, or anybody of the tenant, overrode with a coded reason, of those shown after `since`
        (epoch seconds), newest first. Raises what the database raises."""
        rows = self._look(self.cards[by_anybody], asker, {"since": since})
        rows.sort(key=lambda row: -row.received)
        return [Overridden(row.decision_id, row.card, row.topic, min(row.at, row.received)) for row in rows]

    def find_seen(self, asker: Asker, client: str, hook: str, since: float) -> list[Decided]:
        """What the user of a client was shown at a hook after `since`, newest first. Raises what the database
        raises."""
        rows = self._look(self.seen, asker, {"since": since, "client": client, "hook": hook})
        rows.sort(key=lambda row: -row.at)
        return [Decided(*of_finding(row), "", row.at) for row in rows]

    def _look(self, question: Written, asker: Asker, more: Mapping[str, object]) -> list[Row[Any]]:
        """The rows under each key of the ring: those of before a rotation stand under an older one."""
        patients = self.store.patient_keys(asker.tenant, asker.patient_id)
        users = self.store.user_keys(asker.tenant, asker.user_id)
        found: list[Row[Any]] = []
        with self.store.database.connect() as connection:
            if self.store.database.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {WITHIN_MS}")
            for patient, user in zip(patients, users, strict=True):
                found += question.ask(connection, {"tenant": asker.tenant, "patient": patient, "user": user, **more})
        return found


def of_finding(row: Row[Any]) -> tuple[str, int, str, str, str]:
    return row.decision_id, row.place, row.card, row.rule, row.subject_key
