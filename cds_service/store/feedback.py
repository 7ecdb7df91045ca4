"""What clients report of cards, kept once each and joined to the decision that showed the card (CH-160..174)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.database import insert_into
from cds_service.errors import NotKept
from cds_service.store.card_decisions import find_decisions, is_ours, mark_answered, parts
from cds_service.store.reading import NoSuchRecord
from cds_service.store.sealing import DayKey, WrappedKey, seal
from cds_service.store.store import Store
from cds_service.store.tables import CARDS, DATA_KEYS, DECISIONS, FEEDBACK, FINDINGS
from cds_service.store.tenants import is_of

AT_ONCE = 500
WITHIN_S = 5.0
"""How long a report waits for a server that says nothing; one of thousands of events may take a second."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported: the tenant, the client, and the service whose endpoint was called."""

    tenant: str
    client: str
    service: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of one card. `at` is in epoch seconds; `accepted` are uuids of suggestions.

    `reason_code` and `reason_system` are of a reason that cards offer: they stand in clear. `words` is whatever else
    the client wrote, by name; it is encrypted.
    """

    card: str
    outcome: str
    at: float
    accepted: tuple[str, ...] = ()
    reason_code: str = ""
    reason_system: str = ""
    words: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """One report on its way into the store: when it was received, and the key that encrypts its words."""

    store: Store
    reporter: Reporter
    received: float
    key: DayKey


@dataclass(frozen=True, slots=True)
class Kept:
    """How many events are kept, those that were kept before included, and how many are about cards nobody knows."""

    stored: int
    unknown: int


def keep_feedback(store: Store, reporter: Reporter, events: Sequence[Reported]) -> Kept:
    """Keep a report, on disk when this returns. The same event sent again changes nothing, except that it may add the
    reason that was missing. Raises `NotKept` when the database cannot take it.
    """
    if not events:
        return Kept(0, 0)
    if store.commits is not None and store.commits.away:
        store.tell("feedback not kept", store.commits.away)
        raise NotKept
    now = store.clock()
    post = Post(store, reporter, now, store.seals.key_of(now))
    try:
        return store.questions.ask(lambda: keep_post(post, events), WITHIN_S)
    except (SQLAlchemyError, TimeoutError) as error:
        cause = getattr(error, "orig", None) or error
        store.tell("feedback not kept", type(cause).__name__)
        raise NotKept from None


def keep_post(post: Post, events: Sequence[Reported]) -> Kept:
    """Keep a report in one transaction. Raises what the database raises."""
    chain = post.store.feedback
    with chain.writing(post.store.database) as connection:
        decisions = find_decisions(connection, post.reporter.tenant, (event.card for event in events))
        written = write_rows(post, connection, settle_rows(post, connection, events, decisions))
        chain.extend(connection, written, post.received)
        mark_answered(connection, sorted(set(decisions.values())))
    return Kept(len(events), sum(event.card not in decisions for event in events))


def settle_rows(
    post: Post, connection: Connection, events: Sequence[Reported], decisions: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The rows of the events, one for each; of an event told twice the one that gives a reason."""
    names = {event: name_event(post, event) for event in map(without_words, events)}
    known = find_known(connection, {key for keys in names.values() for key in keys})
    rows: dict[str, dict[str, Any]] = {}
    for event in events:
        keys = names[without_words(event)]
        key = next((each for each in keys if each in known), keys[0])
        if key not in rows or not says_why(rows[key]):
            rows[key] = as_row(post, event, key, decisions.get(event.card))
    return list(rows.values())


def without_words(event: Reported) -> tuple[str, str, float, tuple[str, ...]]:
    """What makes an event the same event (CH-170)."""
    return event.card, event.outcome, event.at, tuple(sorted(event.accepted))


def name_event(post: Post, event: tuple[str, str, float, tuple[str, ...]]) -> tuple[str, ...]:
    """The keyed hashes an event may be kept under, the current one first."""
    card, outcome, at, accepted = event
    return post.store.ring.keyed_by_all("feedback", post.reporter.tenant, card, outcome, repr(at), *accepted)


def find_known(connection: Connection, keys: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in parts(sorted(keys)):
        query = select(FEEDBACK.c.feedback_key).where(FEEDBACK.c.feedback_key.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def says_why(row: Mapping[str, Any]) -> bool:
    return bool(row["reason_code"] or row["comment"])


def as_row(post: Post, event: Reported, key: str, decision_id: str | None) -> dict[str, Any]:
    words = {name: text for name, text in event.words.items() if text}
    reporter, ring = post.reporter, post.store.ring
    accepted = [each if is_ours(each) else ring.keyed("suggestion", reporter.tenant, each) for each in event.accepted]
    return {
        "feedback_key": key,
        "received": post.received,
        "at": event.at,
        "tenant": reporter.tenant,
        "client": reporter.client,
        "service": reporter.service,
        "card": event.card if decision_id else ring.keyed("card", reporter.tenant, event.card),
        "decision_id": decision_id,
        "outcome": event.outcome,
        "accepted": msgspec.json.encode(accepted).decode(),
        "reason_code": event.reason_code,
        "reason_system": event.reason_system,
        "data_key": post.key.kept.data_key if words else None,
        "comment": seal(post.key, msgspec.json.encode(words), bind(key)) if words else None,
    }


def bind(feedback_key: str) -> bytes:
    """What the words of an event are bound to."""
    return f"feedback {feedback_key}".encode()


def write_rows(post: Post, connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are new, or have a reason now that they lacked, as they stand in the database."""
    database = post.store.database
    if any(row["data_key"] for row in rows):
        kept = insert_into(DATA_KEYS, database).on_conflict_do_nothing()
        connection.execute(kept, [msgspec.structs.asdict(post.key.kept)])
    insert = insert_into(FEEDBACK, database)
    added = {name: insert.excluded[name] for name in ("reason_code", "reason_system", "data_key", "comment")}
    had_none = (FEEDBACK.c.reason_code == "") & FEEDBACK.c.comment.is_(None)
    has_one = (insert.excluded.reason_code != "") | insert.excluded.comment.is_not(None)
    told = insert.on_conflict_do_update(index_elements=["feedback_key"], set_=added, where=had_none & has_one)
    written = connection.execute(told.returning(FEEDBACK), rows).mappings()
    return sorted(map(dict, written), key=lambda row: str(row["feedback_key"]))


@dataclass(frozen=True, slots=True)
class Told:
    """One event as it is kept, with the decision it belongs to. `decision_id` None: the card is not known.

    `role`, `hook` and `release_digest` are the decision's; `topic` is what the card is about, `rules` are the findings
    on it, each with its version. `has_words` says whether there is anything for `read_words`.
    """

    feedback_key: str
    received: float
    at: float
    tenant: str
    client: str
    service: str
    card: str
    outcome: str
    accepted: tuple[str, ...]
    reason_code: str
    decision_id: str | None
    role: str = ""
    hook: str = ""
    release_digest: str = ""
    topic: str = ""
    repeat: bool = False
    has_words: bool = False
    rules: tuple[tuple[str, str], ...] = ()


def list_feedback(store: Store, since: float, until: float | None = None, tenant: str | None = None) -> Iterator[Told]:
    """The events received from `since` to before `until` (epoch seconds), oldest first."""
    query = (
        select(FEEDBACK, *(DECISIONS.c[name] for name in ("role", "hook", "release_digest", "repeat")), CARDS.c.topic)
        .join(DECISIONS, DECISIONS.c.decision_id == FEEDBACK.c.decision_id, isouter=True)
        .join(CARDS, CARDS.c.card == FEEDBACK.c.card, isouter=True)
        .where(FEEDBACK.c.received >= since)
        .order_by(FEEDBACK.c.received, FEEDBACK.c.feedback_key)
    )
    if until is not None:
        query = query.where(FEEDBACK.c.received < until)
    if tenant is not None:
        query = query.where(is_of(FEEDBACK.c.tenant, tenant))
    with store.database.connect() as connection:
        for page in connection.execute(query, execution_options={"yield_per": AT_ONCE}).partitions():
            rules = rules_of(connection, [row.card for row in page])
            for row in page:
                yield as_told(row, rules.get(row.card, ()))


def as_told(row: Row[Any], rules: tuple[tuple[str, str], ...]) -> Told:
    return Told(
        *(row.feedback_key, row.received, row.at, row.tenant, row.client, row.service, row.card, row.outcome),
        accepted=msgspec.json.decode(row.accepted, type=tuple[str, ...]),
        reason_code=row.reason_code,
        decision_id=row.decision_id,
        role=row.role or "",
        hook=row.hook or "",
        release_digest=row.release_digest or "",
        topic=row.topic or "",
        repeat=bool(row.repeat),
        has_words=row.comment is not None,
        rules=rules,
    )


def rules_of(connection: Connection, cards: list[str]) -> dict[str, tuple[tuple[str, str], ...]]:
    query = select(FINDINGS.c.card, FINDINGS.c.rule, FINDINGS.c.version).where(FINDINGS.c.card.in_(cards))
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for row in connection.execute(query.order_by(FINDINGS.c.decision_id, FINDINGS.c.place)):
        found[row.card] = (*found.get(row.card, ()), (row.rule, row.version))
    return found


def read_words(store: Store, feedback_key: str) -> dict[str, str]:
    """What a person typed and the client wrote of a reason. Raises `NoSuchRecord`, or `Unopened` when it was changed.

    It is patient data: record who looks (`store.accesses`).
    """
    query = (
        select(FEEDBACK.c.comment, DATA_KEYS)
        .join(DATA_KEYS, DATA_KEYS.c.data_key == FEEDBACK.c.data_key)
        .where(FEEDBACK.c.feedback_key == feedback_key)
    )
    with store.database.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise NoSuchRecord(feedback_key, "nothing was written, or it is older than records are kept")
    key = WrappedKey(row.data_key, row.wrap_key, bytes(row.wrapped))
    return msgspec.json.decode(store.seals.open(key, bytes(row.comment), bind(feedback_key)), type=dict[str, str])
