"""Are the decisions what was recorded?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from msgspec.structs import asdict
from sqlalchemy import Connection, exists, or_, select, true

from cds_service.errors import CdsError
from cds_service.store.audit import Audit, Link, Terms
from cds_service.store.entries import Hashes, Who, hash_who
from cds_service.store.inserting import REPEATED_WITHIN_S
from cds_service.store.raw import find_odd, raw_columns
from cds_service.store.reading import Envelope, Records
from cds_service.store.ring import find_key
from cds_service.store.tables import CARDS, DECISIONS, FEEDBACK, FINDINGS

C = DECISIONS.c
BEFORE = DECISIONS.alias("before")
NO_REPEAT = select(C.decision_id).where(
    C.repeat.is_(True),
    ~exists().where(
        BEFORE.c.call_key == C.call_key,
        BEFORE.c.decision_id != C.decision_id,
        BEFORE.c.at.between(C.at - REPEATED_WITHIN_S, C.at),
    ),
)
MARKED = C.answered == true()
ANSWERED = exists().where(FEEDBACK.c.decision_id == C.decision_id)
WRONG_MARK = select(C.decision_id, ANSWERED.label("answered")).where(or_(MARKED & ~ANSWERED, ~MARKED & ANSWERED))


def decision_links(records: Records, terms: Terms, audit: Audit) -> Iterator[Link]:
    """The decisions, chain by chain."""
    with records.database.connect() as connection:
        for envelope in records.envelopes(select(*raw_columns(DECISIONS)).order_by(C.writer, C.seq)):
            row = envelope.row
            audit.checked += 1
            odd = find_odd_columns(envelope)
            audit.removed += not odd and envelope.is_removed
            yield Link(
                *(envelope.writer, envelope.seq, row.at, row.decision_id, row.release_digest, row.ciphertext_sha256),
                envelope.chain_hash,
                odd or tuple(find_changes(envelope, records, terms, connection)),
            )
        audit.problems += find_wrong_marks(connection)


def find_wrong_marks(connection: Connection) -> Iterator[str]:
    """The decisions whose marks are not what other rows say. No record holds them: they come later."""
    for decision_id in connection.execute(NO_REPEAT.order_by(C.decision_id)).scalars():
        yield f"record {decision_id}: stands as the repeat of a call, and there is none before it"
    for decision_id, answered in connection.execute(WRONG_MARK.order_by(C.decision_id)):
        without = "feedback came to it, and it stands as one without: nothing of it is remembered"
        yield f"record {decision_id}: {without if answered else 'stands as one with feedback, and there is none'}"


def find_odd_columns(envelope: Envelope) -> tuple[str, ...]:
    place = {"repeat": envelope.repeat, "writer": envelope.writer, "seq": envelope.seq}
    of_row = find_odd(DECISIONS, {**asdict(envelope.row), **place, "chain_hash": envelope.chain_hash})
    of_findings = (find_odd(FINDINGS, asdict(finding)) for finding in envelope.findings)
    return (*of_row, *(f"of a finding {what}" for odd in of_findings for what in odd))


def find_changes(envelope: Envelope, records: Records, terms: Terms, connection: Connection) -> Iterator[str]:
    """What was changed in a decision besides its place in the chain."""
    row = envelope.row
    if envelope.is_removed:
        if terms.keep_from is None or row.at >= terms.keep_from:
            yield "its record was removed before its time"
        return
    if sha256(row.ciphertext).hexdigest() != row.ciphertext_sha256:
        yield "its record was changed"
        return
    try:
        payload = records.open(envelope)
        who = terms.who_of(payload) if terms.who_of is not None else None
        topics = terms.topics_of(payload) if terms.topics_of is not None else None
    except CdsError:
        yield "what stands beside its record was changed, or its key is gone"
        return
    if who is not None and not is_about(envelope, who, terms):
        yield "a keyed hash of patient, user or drugs was changed, or its key is gone"
    cards = read_cards(connection, row.decision_id)
    if who is not None and who.cards is not None and cards.keys() != set(who.cards):
        yield "the list of its cards was changed"
    elif topics is not None and cards != topics:
        yield "what one of its cards is about was changed"


def is_about(envelope: Envelope, who: Who, terms: Terms) -> bool:
    """Whether the keyed hashes beside a record are of whom the record says."""
    row, rules = envelope.row, [finding.rule for finding in envelope.findings]
    try:
        ring = replace(terms.ring, index=(find_key(terms.ring.index, row.index_key),))
        hashes = hash_who(who, row.tenant, rules, ring)
    except (CdsError, ValueError):
        return False
    subject_keys = tuple(finding.subject_key for finding in envelope.findings)
    return hashes == Hashes(row.patient_key, row.user_key, subject_keys)


def read_cards(connection: Connection, decision_id: str) -> Mapping[str, str]:
    """What the cards of a decision are about, by their uuids."""
    rows = connection.execute(select(CARDS.c.card, CARDS.c.topic).where(CARDS.c.decision_id == decision_id))
    return {row.card: row.topic for row in rows}
