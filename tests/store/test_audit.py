"""Whoever changes the database is found out, up to the last checkpoint."""

import re
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from cds_service.store.accesses import record_access
from cds_service.store.anchors import append_line
from cds_service.store.audit import Audit, Terms
from cds_service.store.chain import begin, link
from cds_service.store.retention import DAY_S, remove_older
from cds_service.store.store import Duties, Places, Store
from cds_service.store.tables import (
    ACCESSES,
    CARDS,
    CHAINS,
    CHECKPOINTS,
    DATA_KEYS,
    DECISIONS,
    FINDINGS,
    STORE,
)
from cds_service.store.verifying import no_anchor, verify
from tests.store.entries import NOON, Clock, Told, a_store, an_entry, decision_id, topics_of, who_of

C = DECISIONS.c


def write_records(places: Places, numbers: range, anchor: Path | None = None) -> None:
    """One run of the service that records these decisions, a second apart, and signs a checkpoint at its end."""
    clock = Clock()
    duties = Duties(anchor=(lambda line: append_line(anchor, line)) if anchor else None)
    with a_store(places, clock, duties=duties) as store:
        for number in numbers:
            clock.now = NOON + number
            store.write(an_entry(number))


def audit(places: Places, anchor: Path | None) -> Audit:
    lines = anchor.read_text().splitlines() if anchor else None
    with a_store(places) as store:
        return verify(store.records, lambda: lines, Terms(store.ring, NOON + 100, who_of=who_of, topics_of=topics_of))


def change(places: Places, how: Callable[[Connection], object]) -> None:
    with a_store(places) as store, store.database.begin() as connection:
        how(connection)


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere" / "anchor.log"


def test_what_was_not_changed_has_no_problems(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 5), anchor)
    write_records(places, range(5, 8), anchor)
    found = audit(places, anchor)
    assert (found.problems, found.checked, found.checkpoints, found.open_window) == ([], 7, 2, 0)


def flip_a_byte(connection: Connection) -> None:
    content = connection.execute(select(C.ciphertext).where(C.decision_id == decision_id(2))).scalar_one()
    turned = bytes([*content[:20], content[20] ^ 1, *content[21:]])
    connection.execute(update(DECISIONS).where(C.decision_id == decision_id(2)).values(ciphertext=turned))


def flip_a_byte_and_its_digest(connection: Connection) -> None:
    flip_a_byte(connection)
    content = connection.execute(select(C.ciphertext).where(C.decision_id == decision_id(2))).scalar_one()
    digest = sha256(content).hexdigest()
    connection.execute(update(DECISIONS).where(C.decision_id == decision_id(2)).values(ciphertext_sha256=digest))


def delete_one(connection: Connection) -> None:
    connection.execute(delete(DECISIONS).where(C.decision_id == decision_id(2)))


def delete_the_first(connection: Connection) -> None:
    connection.execute(delete(DECISIONS).where(C.decision_id == decision_id(1)))


def swap_ciphertexts(connection: Connection) -> None:
    columns = (C.ciphertext, C.ciphertext_sha256)
    rows = {id: connection.execute(select(*columns).where(C.decision_id == id)).one() for id in (two(), three())}
    for id, other in ((two(), three()), (three(), two())):
        content, digest = rows[other]
        values = {"ciphertext": content, "ciphertext_sha256": digest}
        connection.execute(update(DECISIONS).where(C.decision_id == id).values(**values))


def swap_places(connection: Connection) -> None:
    for id, place in ((two(), 99), (three(), 2), (two(), 3)):
        connection.execute(update(DECISIONS).where(C.decision_id == id).values(seq=place))


def two() -> str:
    return decision_id(2)


def three() -> str:
    return decision_id(3)


def cut_the_tail(connection: Connection) -> None:
    connection.execute(delete(DECISIONS).where(C.seq >= 3))


def cut_the_tail_and_hide_it(connection: Connection) -> None:
    cut_the_tail(connection)
    last = connection.execute(select(C.chain_hash).where(C.seq == 2)).scalar_one()
    connection.execute(update(CHAINS).values(length=2, head=last, checkpointed=2))
    connection.execute(delete(CHECKPOINTS))


def move_to_another_tenant(connection: Connection) -> None:
    connection.execute(update(DECISIONS).where(C.decision_id == two()).values(tenant="x"))


def delete_a_chain(connection: Connection) -> None:
    for table in (DECISIONS, CHAINS, CHECKPOINTS, FINDINGS):
        connection.execute(delete(table))


CHANGES = [
    (flip_a_byte, f"record {decision_id(2)} .*: its record was changed"),
    (flip_a_byte_and_its_digest, f"record {decision_id(2)} .*digest was changed"),
    (delete_one, f"no. 2 was deleted, before record {decision_id(3)}"),
    (delete_the_first, f"no. 1 was deleted, before record {decision_id(2)}"),
    (swap_ciphertexts, f"record {decision_id(3)} .*digest was changed"),
    (swap_places, f"record {decision_id(3)} .*no. 2 .*its place"),
    (cut_the_tail, "its end was cut off: checkpoint 1 has 4 records, found 2"),
    (cut_the_tail_and_hide_it, "its end was cut off: checkpoint 1 has 4 records, found 2"),
    (delete_a_chain, "its end was cut off: checkpoint 1 has 4 records, found 0"),
    (lambda it: it.execute(update(DECISIONS).where(C.decision_id == two()).values(at=0.0)), "its place, time"),
    (move_to_another_tenant, f"record {decision_id(2)} .*what stands beside its record was changed"),
    (lambda it: it.execute(update(FINDINGS).values(outcome="shown")), f"{decision_id(4)} .*stands beside its record"),
    (lambda it: it.execute(delete(FINDINGS)), f"{decision_id(4)} .*stands beside its record was changed"),
    (lambda it: it.execute(update(DECISIONS).values(patient_key="0" * 64)), "keyed hash of patient, user or drugs"),
    (lambda it: it.execute(update(FINDINGS).values(subject_key="0" * 64)), "keyed hash of patient, user or drugs"),
    (lambda it: it.execute(delete(DATA_KEYS)), "its key is gone"),
    (lambda it: it.execute(update(DECISIONS).values(ciphertext=None)), "was removed before its time"),
    (lambda it: it.execute(update(DECISIONS).values(repeat=True)), f"{decision_id(1)}: stands as the repeat of a call"),
    (lambda it: it.execute(delete(CARDS)), f"record {decision_id(4)} .*: the list of its cards was changed"),
    (lambda it: it.execute(update(CARDS).values(decision_id=two())), f"{decision_id(4)} .*list of its cards"),
    (lambda it: it.execute(update(CARDS).values(topic="x")), f"{decision_id(4)} .*what one of its cards is about"),
    (lambda it: it.execute(update(DECISIONS).values(answered=True)), f"{decision_id(1)}: stands as one with feedback"),
    (lambda it: it.execute(update(CHECKPOINTS).values(line="{}")), "checkpoint 1: is not the one that the anchor has"),
    (lambda it: it.execute(delete(CHECKPOINTS)), "checkpoint 1: the anchor has it, the database does not"),
]


@pytest.mark.parametrize(
    ("how", "says"), CHANGES, ids=[getattr(how, "__name__", "") + f"-{says[:30]}" for how, says in CHANGES]
)
def test_a_change_is_named(places: Places, anchor: Path, how: Callable[[Connection], object], says: str) -> None:
    write_records(places, range(1, 5), anchor)
    change(places, how)
    problems = audit(places, anchor).problems
    assert [problem for problem in problems if re.search(says, problem)], problems


@pytest.mark.parametrize("how", [flip_a_byte, delete_one, move_to_another_tenant])
def test_of_one_change_nothing_else_is_said(places: Places, anchor: Path, how: Callable[[Connection], object]) -> None:
    write_records(places, range(1, 5), anchor)
    change(places, how)
    assert len(audit(places, anchor).problems) == 1


def copy_rows(store: Store) -> dict[str, list[dict[str, object]]]:
    with store.database.connect() as connection:
        tables = STORE.sorted_tables
        return {table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in tables}


def put_back(store: Store, rows: dict[str, list[dict[str, object]]]) -> None:
    with store.database.begin() as connection:
        for table in STORE.sorted_tables:
            connection.execute(delete(table))
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])


def test_an_older_copy_that_was_put_back_is_found(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 3), anchor)
    with a_store(places) as store:
        older = copy_rows(store)
    write_records(places, range(3, 5), anchor)
    with a_store(places) as store:
        put_back(store, older)
    problems = audit(places, anchor).problems
    assert any("its end was cut off: checkpoint 2 has 2 records, found 0" in problem for problem in problems)
    assert any("checkpoint 2: the anchor has it, the database does not" in problem for problem in problems)
    write_records(places, range(5, 7), anchor)  # and used as if nothing had happened
    problems = audit(places, anchor).problems
    assert any("checkpoint 2: the anchor has two of this number" in problem for problem in problems)


def test_without_an_anchor_a_hidden_cut_is_not_found_and_the_audit_knows_it(places: Places) -> None:
    write_records(places, range(1, 5))
    change(places, cut_the_tail_and_hide_it)
    found = audit(places, None)
    assert (found.anchored, found.problems) == (False, [])


def test_what_no_checkpoint_covers_yet_is_the_open_window(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 3), anchor)
    clock = Clock(NOON + 10)
    with a_store(places, clock) as store:
        store.write(an_entry(3))
        clock.now = NOON + 12
        store.write(an_entry(4))
        found = verify(store.records, lambda: anchor.read_text().splitlines(), Terms(store.ring, NOON + 20))
    assert (found.problems, found.open_window, found.window_from, found.window_to) == ([], 2, NOON + 10, NOON + 12)


@pytest.mark.parametrize(
    ("kept", "which"), [(0, "checkpoints 1 to 3"), (1, "checkpoints 2 to 3"), (2, "checkpoint 3"), (3, "")]
)
def test_an_anchor_whose_end_was_cut_off_is_not_taken_for_a_whole_one(
    places: Places, anchor: Path, kept: int, which: str
) -> None:
    for number in (1, 2, 3):
        write_records(places, range(number, number + 1), anchor)
    lines = anchor.read_text().splitlines(keepends=True)
    anchor.write_text("".join(lines[:kept]))
    found = audit(places, anchor).problems
    expected = f"{which}: given to the anchor and not in it: its end was cut off, or these are not all of its lines"
    assert found == ([expected] if which else [])


def test_an_anchor_whose_logs_were_rotated_begins_late_and_nothing_is_said(places: Places, anchor: Path) -> None:
    for number in (1, 2, 3):
        write_records(places, range(number, number + 1), anchor)
    anchor.write_text("".join(anchor.read_text().splitlines(keepends=True)[1:]))
    assert audit(places, anchor).problems == []


def test_a_call_that_came_twice_is_a_repeat_and_no_problem(places: Places) -> None:
    with a_store(places) as store:
        for number in (1, 2):
            store.write(an_entry(number, hook_instance="the same", body_sha256="0" * 64))
        assert [each.repeat for each in store.list_since(0)] == [False, True]
        assert verify(store.records, no_anchor, Terms(store.ring, NOON, who_of=who_of)).problems == []


def test_lines_of_an_anchor_that_this_ring_did_not_sign_are_named(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 3), anchor)
    line = anchor.read_text()
    anchor.write_text(line.replace('"number":1', '"number":2') + "noise\n" + "Nov 20 12:00:01 host cds-audit: " + line)
    problems = audit(places, anchor).problems
    assert [problem for problem in problems if "is not one that this ring signed" in problem] == [
        "checkpoints: line 1 is not one that this ring signed",
        "checkpoints: line 2 is not one that this ring signed",
    ]


def test_retention_leaves_the_chain_valid_and_takes_the_key_along(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 4), anchor)
    with a_store(places) as store:
        assert remove_older(store.database, NOON + 3) == 2
        assert remove_older(store.database, NOON + DAY_S) == 1
        with store.database.connect() as connection:
            assert connection.execute(select(DATA_KEYS)).all() == []
        ten_days_later = NOON + 10 * DAY_S
        found = verify(
            store.records, lambda: anchor.read_text().splitlines(), Terms(store.ring, ten_days_later, keep_days=5)
        )
        assert (found.problems, found.checked, found.removed) == ([], 3, 3)


def test_retention_removes_a_little_at_a_time_oldest_first(
    places: Places, anchor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.store.retention.AT_ONCE", 2)
    write_records(places, range(1, 4), anchor)
    with a_store(places) as store:
        assert remove_older(store.database, NOON + DAY_S) == 2
        assert [each.is_removed for each in store.list_since(0)] == [True, True, False]
        assert store.read(decision_id(3)) == an_entry(3).payload
        assert remove_older(store.database, NOON + DAY_S) == 1


def test_who_looked_at_a_record_is_part_of_what_is_audited(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 3), anchor)
    with a_store(places, duties=Duties(anchor=lambda line: append_line(anchor, line))) as store:
        record_access(store.database, "auditor", "show", decision_id(1), NOON)
    assert audit(places, anchor).problems == []
    change(places, lambda it: it.execute(update(ACCESSES).values(who="nobody")))
    (problem,) = audit(places, anchor).problems
    assert "its place, time, id, release or digest was changed" in problem


def test_an_anchor_that_fails_is_tried_again_and_loses_nothing(places: Places) -> None:
    lines: list[str] = []
    full = True

    def anchor(line: str) -> None:
        if full:
            raise OSError(28, "No space left on device")
        lines.append(line)

    with a_store(places, duties=Duties(anchor=anchor)) as store:
        assert store.upkeep is not None
        for number in (1, 2):
            store.write(an_entry(number))
            store.upkeep.round()
        assert store.health().upkeep == "anchor: OSError"
        full = False
        store.upkeep.round()
        assert store.health().is_well
        assert len(lines) == 2
        assert verify(store.records, lambda: lines, Terms(store.ring, NOON)).problems == []


def test_a_rewritten_history_is_not_what_was_signed(places: Places, anchor: Path) -> None:
    write_records(places, range(1, 4), anchor)

    def rewrite(connection: Connection) -> None:
        """Take out the second record and recompute every hash, as somebody with the code can."""
        connection.execute(delete(DECISIONS).where(C.seq == 2))
        rows = connection.execute(select(DECISIONS).order_by(C.seq)).all()
        head = begin(rows[0].writer)
        for seq, row in enumerate(rows, 1):
            head = link(head, seq, row.at, row.decision_id, row.release_digest, row.ciphertext_sha256)
            values = {"seq": seq, "chain_hash": head}
            connection.execute(update(DECISIONS).where(C.decision_id == row.decision_id).values(**values))
        connection.execute(update(CHAINS).values(length=len(rows), head=head))

    change(places, rewrite)
    with a_store(places) as store:
        store.write(an_entry(9))
    assert any("its end was cut off: checkpoint 1 has 3 records" in each for each in audit(places, anchor).problems)


def test_workers_that_end_at_the_same_time_each_sign_what_they_wrote(places: Places, anchor: Path) -> None:
    told = Told()
    duties = Duties(anchor=lambda line: append_line(anchor, line))
    with ExitStack() as stack:
        stores = [stack.enter_context(a_store(places, told=told, duties=duties)) for _ in range(4)]
        for number, store in enumerate(stores):
            store.write(an_entry(number))
        threads = [Thread(target=store.close) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told.about("upkeep failed") == []
    found = audit(places, anchor)
    assert (found.problems, found.open_window) == ([], 0)
