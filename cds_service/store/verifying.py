"""Does the database still hold what was written? Every change up to the last checkpoint is named."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from cds_service.store.audit import Audit, Link, Promise, Terms
from cds_service.store.chain import access_digest, begin, link
from cds_service.store.checkpoints import Checkpoint
from cds_service.store.raw import find_odd, raw_columns, reading_damaged_text
from cds_service.store.reading import Records
from cds_service.store.tables import ACCESSES, CHAINS
from cds_service.store.verifying_anchor import compare_checkpoints, read_anchored, read_kept_lines, read_signed
from cds_service.store.verifying_decisions import decision_links
from cds_service.store.verifying_feedback import feedback_entries, find_added
from cds_service.store.verifying_releases import release_links

Lines = Callable[[], Sequence[str] | None]


def no_anchor() -> None:
    """There are no lines of an anchor."""


def verify(records: Records, read_lines: Lines, terms: Terms) -> Audit:
    """Hold the database to itself, and to the lines of its anchor where there are some (None: no anchor).

    They are read after the database was asked which of them there should be: a running service adds more.
    """
    database = reading_damaged_text(records.database)
    audit = Audit(anchored=False)
    try:
        verify_all(Records(database, records.seals), read_lines, terms, audit)
    except SQLAlchemyError as error:
        audit.problems.append(f"the database cannot be read: {getattr(error, 'orig', None) or error}")
    if database is not records.database:
        database.dispose()
    return audit


def verify_all(records: Records, read_lines: Lines, terms: Terms, audit: Audit) -> None:
    database = records.database
    last = read_anchored(database)
    lines = read_lines()
    audit.anchored = lines is not None
    kept = read_kept_lines(database, audit)
    checkpoints = read_signed(kept.values() if lines is None else lines, terms.ring, audit)
    if lines is not None:
        audit.problems += compare_checkpoints(kept, lines, checkpoints, last)
    audit.checkpoints = len(checkpoints)
    # before the records: these go on growing
    promises = [*read_lengths(database, audit), *promised(checkpoints)]
    added: list[str] = []
    follow_chains(chain_all(records, terms, added, audit), promises, longest(checkpoints), audit)
    audit.problems += added
    audit.problems += [f"feedback {key}: no chain knows it: it was added" for key in find_added(database)]


def chain_all(records: Records, terms: Terms, added: list[str], audit: Audit) -> Iterator[Link]:
    """Every place of every chain, each chain from its beginning. `added` takes what is in none and should be."""
    return chain(
        audit.until_unreadable(decision_links(records, terms, audit), "records"),
        audit.until_unreadable(access_links(records.database), "accesses"),
        audit.until_unreadable(feedback_links(records.database, terms, audit), "feedback"),
        audit.until_unreadable(release_links(records.database, added), "releases"),
    )


def access_links(database: Engine) -> Iterator[Link]:
    """Who looked at what, chain by chain."""
    with database.connect() as connection:
        rows = connection.execute(select(*raw_columns(ACCESSES)).order_by(ACCESSES.c.writer, ACCESSES.c.seq)).all()
    for row in rows:
        digest = access_digest(row.who, row.what, row.of)
        place = (row.writer, row.seq, row.at, row.access_id, "", digest, row.chain_hash)
        yield Link(*place, find_odd(ACCESSES, row._mapping), "access")


def feedback_links(database: Engine, terms: Terms, audit: Audit) -> Iterator[Link]:
    """What was kept of feedback, chain by chain."""
    for row, wrong in feedback_entries(database, terms.keep_from):
        audit.feedback += 1
        place = (row.writer, row.seq, row.at, row.feedback_key, "", row.content_sha256, row.chain_hash)
        yield Link(*place, wrong, "feedback")


def follow_chains(links: Iterable[Link], promises: Sequence[Promise], covered: dict[str, int], audit: Audit) -> None:
    """Whether each link follows the one before it, and the chains hold what was promised of them."""
    points = {(each.writer, each.length) for each in promises}
    known: dict[tuple[str, int], str] = {}
    ends: dict[str, Link] = {}
    for each in links:
        audit.problems += [f"{name_place(each)}: {wrong}" for wrong in each.wrong]
        if not isinstance(each.writer, str) or not isinstance(each.seq, int):
            continue  # it has no place in a chain any more
        audit.problems += check_link(each, ends.get(each.writer))
        ends[each.writer] = each
        if (each.writer, each.seq) in points:
            known[each.writer, each.seq] = each.chain_hash
        if each.seq > covered.get(each.writer, 0) and not each.wrong:
            audit.widen(each.at)
    audit.problems += check_promises(promises, known, ends)


def name_place(each: Link) -> str:
    return f"{each.kind} {each.id} (no. {each.seq} of chain {each.writer})"


def check_link(each: Link, before: Link | None) -> Iterator[str]:
    """Whether what a link stands for follows the one before it, and is what was written."""
    first = 1 if before is None else before.seq + 1
    if each.seq > first:
        gap = f"no. {first}" if each.seq == first + 1 else f"no. {first} to {each.seq - 1}"
        yield f"chain {each.writer}: {gap} was deleted, before {each.kind} {each.id}"
        return
    head = begin(each.writer) if before is None else before.chain_hash
    expected = link(head, each.seq, each.at, each.id, each.release_digest, each.content_sha256)
    if expected != each.chain_hash:
        yield f"{name_place(each)}: its place, time, id, release or digest was changed, or that of the one before"


def read_lengths(database: Engine, audit: Audit) -> list[Promise]:
    """How long the chains are by the database's own word."""
    promises = []
    with database.connect() as connection:
        for row in connection.execute(select(*raw_columns(CHAINS)).order_by(CHAINS.c.writer)):
            if odd := find_odd(CHAINS, row._mapping):
                audit.problems += [f"chain {row.writer}: {what}" for what in odd]
            else:
                promises.append(Promise(row.writer, row.length, row.head, "the list of chains"))
    return promises


def promised(checkpoints: Iterable[Checkpoint]) -> Iterator[Promise]:
    for each in checkpoints:
        for writer, (length, head) in each.chains.items():
            yield Promise(writer, length, head, f"checkpoint {each.number}")


def check_promises(
    promises: Iterable[Promise], known: dict[tuple[str, int], str], ends: dict[str, Link]
) -> Iterator[str]:
    """Whether the chains hold what was said of them; each chain is named once, by the last promise that fails."""
    failed: dict[str, str] = {}
    for each in promises:
        there = ends[each.writer].seq if each.writer in ends else 0
        if there < each.length:
            failed[each.writer] = f"its end was cut off: {each.by} has {each.length} records, found {there}"
        elif known.get((each.writer, each.length), each.head) != each.head:
            failed[each.writer] = f"no. {each.length} is not the one that {each.by} has: it was written anew"
    for writer, what in sorted(failed.items()):
        yield f"chain {writer}: {what}"


def longest(checkpoints: Iterable[Checkpoint]) -> dict[str, int]:
    """How many records of each chain the checkpoints cover."""
    covered: dict[str, int] = {}
    for each in checkpoints:
        for writer, (length, _) in each.chains.items():
            covered[writer] = max(length, covered.get(writer, 0))
    return covered
