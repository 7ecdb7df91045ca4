"""What the reports read: decisions, the findings that fired in them, and what came back about their cards.

Only columns that stand in clear are read, so a report needs no key and sees no patient. A decision that repeats an
earlier one is left out everywhere: it is no second chance to be ignored.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from cds_service.store.entries import unpack_reached
from cds_service.store.outcomes import REPORTED_AT
from cds_service.store.tables import DECISIONS, FEEDBACK, FINDINGS
from cds_service.store.tenants import is_of

PAGE = 1000
DAY_S = 86_400
IN_WORDS = "in words only"
"""The reason of an override that names none of ours: what was written is encrypted and stays so."""
NOTHING: frozenset[str] = frozenset()
ACCEPTED, OVERRIDDEN = "accepted", "overridden"


@dataclass(frozen=True, slots=True)
class Span:
    """From when to before when (epoch seconds), and of which client or tenant; None: of all. Of a client are its
    tenants too."""

    since: float
    until: float
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Calls alike in everything a report counts by. `fired` are the rules that fired in them; `reached`, packed
    as the store has it, says which were reached otherwise. `day` counts from 1970 in UTC. `counted`: the record says
    how many orders the call was about, which it does not for hooks without orders, nor before that was counted."""

    tenant: str
    role: str
    service: str
    hook: str
    release: str
    day: int
    counted: bool
    reached: bytes
    fired: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fired:
    """One finding that fired. `reason` says why it was withheld, empty when it was shown on `card`; `subject` is the
    keyed hash of the rule and its drugs, `patient` that of the patient. `orders` is how many orders its call was about,
    None where it was about none or they were not counted."""

    decision: str
    place: int
    at: float
    tenant: str
    role: str
    service: str
    hook: str
    orders: int | None
    release: str
    patient: str
    rule: str
    version: str
    severity: str
    indicator: str
    reason: str
    card: str | None
    subject: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a card, all that was reported of it taken together. `at` is when, in epoch seconds.

    A card of which anything was accepted counts as accepted, whatever was said besides.
    """

    outcome: str
    at: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls there were of each kind, how many cards they gave, and how many orders they were about."""

    number: int
    cards: int
    orders: int


def count_calls(connection: Connection, span: Span, fired: Mapping[str, frozenset[str]]) -> Mapping[Asked, Calls]:
    """The calls of a span; `fired` are the rules that fired, by decision."""
    names = ("decision_id", "tenant", "role", "service", "hook", "release_digest", "at", "reached", "cards", "orders")
    columns = [DECISIONS.c[name] for name in names]
    found: dict[Asked, tuple[int, int, int]] = {}
    for row in read_pages(connection, select(*columns).where(within(span))):
        told = fired.get(row.decision_id, NOTHING)
        day, counted = int(row.at // DAY_S), row.orders is not None
        kind = (row.tenant, row.role, row.service, row.hook, row.release_digest, day, counted)
        asked = Asked(*kind, bytes(row.reached), told)
        number, cards, orders = found.get(asked, (0, 0, 0))
        found[asked] = (number + 1, cards + row.cards, orders + (row.orders or 0))
    return {asked: Calls(*counted) for asked, counted in found.items()}


def read_fired(connection: Connection, span: Span) -> Iterator[Fired]:
    """The findings that fired, oldest first."""
    query = (
        select(
            *(FINDINGS.c.decision_id, FINDINGS.c.place, DECISIONS.c.at, DECISIONS.c.tenant, DECISIONS.c.role),
            *(DECISIONS.c.service, DECISIONS.c.hook, DECISIONS.c.orders, DECISIONS.c.release_digest),
            *(DECISIONS.c.patient_key, FINDINGS.c.rule),
            *(FINDINGS.c.version, FINDINGS.c.severity, FINDINGS.c.indicator, FINDINGS.c.reason, FINDINGS.c.card),
            FINDINGS.c.subject_key,
        )
        .join(DECISIONS, FINDINGS.c.decision_id == DECISIONS.c.decision_id)
        .where(within(span))
        .order_by(DECISIONS.c.at, FINDINGS.c.decision_id, FINDINGS.c.place)
    )
    for row in read_pages(connection, query):
        yield Fired(*list(row))


def read_answers(connection: Connection, span: Span) -> Mapping[str, Answer]:
    """What became of the cards of the decisions of a span, by card; however late it was reported."""
    query = (
        select(
            *(FEEDBACK.c.card, FEEDBACK.c.outcome, REPORTED_AT.label("at"), FEEDBACK.c.reason_code),
            FEEDBACK.c.comment.is_not(None).label("words"),
        )
        .join(
            DECISIONS,
            and_(FEEDBACK.c.decision_id == DECISIONS.c.decision_id, FEEDBACK.c.tenant == DECISIONS.c.tenant),
        )
        .where(within(span))
        .order_by(REPORTED_AT, FEEDBACK.c.feedback_key)
    )
    found: dict[str, Answer] = {}
    for row in read_pages(connection, query):
        before = found.get(row.card, Answer(OVERRIDDEN, row.at))
        outcome = ACCEPTED if ACCEPTED in (before.outcome, row.outcome) else OVERRIDDEN
        reason = row.reason_code or (IN_WORDS if row.words else "")
        reasons = dict.fromkeys((*before.reasons, *((reason,) if reason else ())))
        found[row.card] = Answer(outcome, max(before.at, row.at), tuple(reasons))
    return found


def count_strays(connection: Connection, span: Span) -> int:
    """How many reports came of cards that nobody knows, received in the span."""
    query = select(func.count()).where(
        FEEDBACK.c.decision_id.is_(None), FEEDBACK.c.received >= span.since, FEEDBACK.c.received < span.until
    )
    if span.tenant is not None:
        query = query.where(is_of(FEEDBACK.c.tenant, span.tenant))
    return connection.execute(query).scalar_one()


def tenants_heard(connection: Connection, span: Span) -> frozenset[str]:
    """The tenants from which any feedback was received in the span or later; of others nobody can tell what became of
    a card."""
    query = select(FEEDBACK.c.tenant).where(FEEDBACK.c.received >= span.since).distinct()
    return frozenset(connection.execute(query).scalars())


def unpack(asked: Asked) -> Mapping[str, tuple[str, ...]]:
    """The rules that such calls reached and that did not fire, by outcome, and what was missing."""
    return unpack_reached(asked.reached)


def within(span: Span) -> ColumnElement[bool]:
    parts = [DECISIONS.c.at >= span.since, DECISIONS.c.at < span.until, DECISIONS.c.repeat.is_(False)]
    return and_(*parts, *([] if span.tenant is None else [is_of(DECISIONS.c.tenant, span.tenant)]))


def list_tenants(connection: Connection) -> list[str]:
    """The tenants of whom anything was ever recorded."""
    return sorted(connection.execute(select(DECISIONS.c.tenant).distinct()).scalars())


def read_pages(connection: Connection, query: Select[Any]) -> Iterator[Row[Any]]:
    return iter(connection.execute(query, execution_options={"yield_per": PAGE}))
