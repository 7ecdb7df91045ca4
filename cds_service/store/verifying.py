"""Does the database still hold what was written? Every change up to the last checkpoint is named."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain

from sqlalchemy import Engine, select

from cds_service.errors import CdsError
from cds_service.store.chain import access_digest, begin, link
from cds_service.store.checkpoints import Checkpoint, is_genuine, line_digest, read_line
from cds_service.store.entries import Hashes, Who, hash_who
from cds_service.store.reading import Envelope, Records
from cds_service.store.retention import DAY_S
from cds_service.store.ring import Ring, find_key
from cds_service.store.tables import ACCESSES, CHAINS, CHECKPOINTS, DECISIONS
from cds_service.store.verifying_feedback import feedback_entries, find_added

DAY_OF_GRACE = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What an audit holds records to: the ring they were written under, how long they are kept (`keep_days`, None for
    good) as of `now` (epoch seconds), and, where `who_of` reads whom a record is about, that its hashes are of them."""

    ring: Ring
    now: float
    keep_days: int | None = None
    who_of: Callable[[bytes], Who] | None = None

    @property
    def keep_from(self) -> float | None:
        return None if self.keep_days is None else self.now - (self.keep_days + DAY_OF_GRACE) * DAY_S


@dataclass(frozen=True, slots=True)
class Link:
    """One place of a chain as the database has it. `wrong` says what is wrong with what it stands for, `kind` what that
    is: a `record`, an `access` or an event of `feedback`."""

    writer: str
    seq: int
    at: float
    id: str
    release_digest: str
    content_sha256: str
    chain_hash: str
    wrong: tuple[str, ...] = ()
    kind: str = "record"


@dataclass(frozen=True, slots=True)
class Promise:
    """How long a chain was and its last hash, by the word of `by`."""

    writer: str
    length: int
    head: str
    by: str


@dataclass(slots=True)
class Audit:
    """What an audit found. `problems` are changes, each named; `checked` counts records, `removed` those of which
    retention left the header, `feedback` entries of feedback; `open_window` is how many of all that no checkpoint
    covers, written between `window_from` and `window_to` (epoch seconds). `anchored` is whether there were checkpoints
    from outside the database to hold it to.
    """

    anchored: bool
    problems: list[str] = field(default_factory=list)
    checked: int = 0
    removed: int = 0
    feedback: int = 0
    checkpoints: int = 0
    open_window: int = 0
    window_from: float = 0.0
    window_to: float = 0.0


def verify(records: Records, lines: Sequence[str] | None, terms: Terms) -> Audit:
    """Hold the database to itself, and to `lines` of its anchor where there are some (None: no anchor)."""
    audit = Audit(anchored=lines is not None)
    kept = read_kept_lines(records.database)
    checkpoints = read_anchor(lines, terms.ring, audit) if lines is not None else []
    if lines is not None:
        compare_checkpoints(kept, lines, checkpoints, audit)
    else:
        checkpoints = read_anchor(list(kept.values()), terms.ring, audit)
    audit.checkpoints = len(checkpoints)
    covered = longest(checkpoints)
    promises = [*read_lengths(records.database), *promised(checkpoints)]  # before the records: these go on growing
    points = {(each.writer, each.length) for each in promises}
    known: dict[tuple[str, int], str] = {}
    ends: dict[str, Link] = {}
    for each in chain_all(records, terms, audit):
        check_link(each, ends.get(each.writer), audit)
        ends[each.writer] = each
        if (each.writer, each.seq) in points:
            known[each.writer, each.seq] = each.chain_hash
        if each.seq > covered.get(each.writer, 0):
            widen(audit, each.at)
    check_promises(promises, known, ends, audit)
    added = find_added(records.database)
    audit.problems += [f"feedback {key}: no chain knows it: it was added" for key in added]
    return audit


def chain_all(records: Records, terms: Terms, audit: Audit) -> Iterator[Link]:
    """Every place of every chain, each chain from its beginning."""
    return chain(
        decision_links(records, terms, audit),
        access_links(records.database),
        feedback_links(records.database, terms, audit),
    )


def decision_links(records: Records, terms: Terms, audit: Audit) -> Iterator[Link]:
    """The decisions, chain by chain."""
    for envelope in records.envelopes(select(DECISIONS).order_by(DECISIONS.c.writer, DECISIONS.c.seq)):
        row = envelope.row
        audit.checked += 1
        audit.removed += envelope.is_removed
        yield Link(
            *(envelope.writer, envelope.seq, row.at, row.decision_id, row.release_digest, row.ciphertext_sha256),
            envelope.chain_hash,
            tuple(find_changes(envelope, records, terms)),
        )


def find_changes(envelope: Envelope, records: Records, terms: Terms) -> Iterator[str]:
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
    except CdsError:
        yield "what stands beside its record was changed, or its key is gone"
        return
    if not is_about(envelope, payload, terms):
        yield "a keyed hash of patient, user or drugs was changed, or its key is gone"


def is_about(envelope: Envelope, payload: bytes, terms: Terms) -> bool:
    """Whether the keyed hashes beside a record are of whom the record says."""
    if terms.who_of is None:
        return True
    row, rules = envelope.row, [finding.rule for finding in envelope.findings]
    try:
        ring = replace(terms.ring, index=(find_key(terms.ring.index, row.index_key),))
        hashes = hash_who(terms.who_of(payload), row.tenant, rules, ring)
    except (CdsError, ValueError):
        return False
    subject_keys = tuple(finding.subject_key for finding in envelope.findings)
    return hashes == Hashes(row.patient_key, row.user_key, subject_keys)


def access_links(database: Engine) -> Iterator[Link]:
    """Who looked at what, chain by chain."""
    with database.connect() as connection:
        rows = connection.execute(select(ACCESSES).order_by(ACCESSES.c.writer, ACCESSES.c.seq)).all()
    for row in rows:
        digest = access_digest(row.who, row.what, row.of)
        yield Link(row.writer, row.seq, row.at, row.access_id, "", digest, row.chain_hash, kind="access")


def feedback_links(database: Engine, terms: Terms, audit: Audit) -> Iterator[Link]:
    """What was kept of feedback, chain by chain."""
    for row, wrong in feedback_entries(database, terms.keep_from):
        audit.feedback += 1
        place = (row.writer, row.seq, row.at, row.feedback_key, "", row.content_sha256, row.chain_hash)
        yield Link(*place, wrong, "feedback")


def check_link(each: Link, before: Link | None, audit: Audit) -> None:
    """Whether a record follows the one before it, and is what was written."""
    place = f"{each.kind} {each.id} (no. {each.seq} of chain {each.writer})"
    audit.problems += [f"{place}: {wrong}" for wrong in each.wrong]
    first = 1 if before is None else before.seq + 1
    if each.seq > first:
        gap = f"no. {first}" if each.seq == first + 1 else f"no. {first} to {each.seq - 1}"
        audit.problems.append(f"chain {each.writer}: {gap} was deleted, before {each.kind} {each.id}")
        return
    head = begin(each.writer) if before is None else before.chain_hash
    expected = link(head, each.seq, each.at, each.id, each.release_digest, each.content_sha256)
    if expected != each.chain_hash:
        audit.problems.append(f"{place}: its place, time, id, release or digest was changed, or that of the one before")


def read_lengths(database: Engine) -> list[Promise]:
    """How long the chains are by the database's own word."""
    with database.connect() as connection:
        rows = connection.execute(select(CHAINS.c.writer, CHAINS.c.length, CHAINS.c.head).order_by(CHAINS.c.writer))
        return [Promise(*row, "the list of chains") for row in rows]


def promised(checkpoints: Iterable[Checkpoint]) -> Iterator[Promise]:
    for each in checkpoints:
        for writer, (length, head) in each.chains.items():
            yield Promise(writer, length, head, f"checkpoint {each.number}")


def check_promises(
    promises: Iterable[Promise], known: dict[tuple[str, int], str], ends: dict[str, Link], audit: Audit
) -> None:
    """Whether the chains hold what was said of them; each chain is named once, by the last promise that fails."""
    failed: dict[str, str] = {}
    for each in promises:
        there = ends[each.writer].seq if each.writer in ends else 0
        if there < each.length:
            failed[each.writer] = f"its end was cut off: {each.by} has {each.length} records, found {there}"
        elif known.get((each.writer, each.length), each.head) != each.head:
            failed[each.writer] = f"no. {each.length} is not the one that {each.by} has: it was written anew"
    audit.problems += [f"chain {writer}: {what}" for writer, what in sorted(failed.items())]


def longest(checkpoints: Iterable[Checkpoint]) -> dict[str, int]:
    """How many records of each chain the checkpoints cover."""
    covered: dict[str, int] = {}
    for each in checkpoints:
        for writer, (length, _) in each.chains.items():
            covered[writer] = max(length, covered.get(writer, 0))
    return covered


def widen(audit: Audit, at: float) -> None:
    audit.window_from = min(at, audit.window_from) if audit.open_window else at
    audit.window_to = max(at, audit.window_to)
    audit.open_window += 1


def read_anchor(lines: Iterable[str], ring: Ring, audit: Audit) -> list[Checkpoint]:
    """The checkpoints that keys of this ring signed; lines that hold none are named."""
    genuine = []
    for number, line in enumerate(lines, 1):
        checkpoint = read_line(line)
        if checkpoint is not None and is_genuine(checkpoint, ring):
            genuine.append(checkpoint)
        else:
            audit.problems.append(f"checkpoints: line {number} is not one that this ring signed")
    return genuine


def read_kept_lines(database: Engine) -> dict[int, str]:
    """The checkpoints as the database has them, by number."""
    with database.connect() as connection:
        rows = connection.execute(select(CHECKPOINTS.c.number, CHECKPOINTS.c.line).order_by(CHECKPOINTS.c.number))
        return {row.number: row.line for row in rows}


def compare_checkpoints(
    kept: dict[int, str], lines: Sequence[str], anchored: Sequence[Checkpoint], audit: Audit
) -> None:
    """Whether the database and its anchor tell of the same checkpoints. An anchor may begin late: logs are rotated."""
    numbers = {each.number for each in anchored}
    counts = Counter({each.signature: each.number for each in anchored}.values())
    twice = sorted(number for number, count in counts.items() if count > 1)
    audit.problems += [
        f"checkpoint {number}: the anchor has two of this number: an older copy of the database was put back and used"
        for number in twice
    ]
    taken = {line_digest(line[line.find("{") :].strip()) for line in lines}
    for number, line in kept.items():
        if line_digest(line) not in taken and number in numbers:
            audit.problems.append(f"checkpoint {number}: is not the one that the anchor has")
        elif number not in numbers and any(number > other for other in numbers) and number < max(numbers):
            audit.problems.append(f"checkpoint {number}: is missing from the anchor")
    audit.problems += [
        f"checkpoint {number}: the anchor has it, the database does not: an older copy of the database was put back, or"
        " it was deleted"
        for number in sorted(numbers - kept.keys())
    ]
