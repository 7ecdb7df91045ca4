"""Whoever changes what clients reported is found out, as with records."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from alembic import command
from sqlalchemy import Connection, delete, insert, select, update

from cds_service.store.anchors import append_line
from cds_service.store.audit import Audit, Terms
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.store.retention import DAY_S, remove_older
from cds_service.store.store import Duties, Places, Store
from cds_service.store.tables import CHECKPOINTS, DECISIONS, FEEDBACK, FEEDBACK_ENTRIES
from cds_service.store.verifying import verify
from tests.store.entries import NOON, Clock, a_store, an_entry, decision_id
from tests.store.test_migrations import steps_on

WARD = Reporter("general", "general", "medication-order-sign")
F, E = FEEDBACK.c, FEEDBACK_ENTRIES.c


def an_event(number: int, reason: str = "", typed: str = "") -> Reported:
    """What became of card `number`."""
    card = str(uuid5(UUID(int=0), str(number)))
    return Reported(card, "overridden", NOON + number, (), reason, "system" if reason else "", {"comment": typed})


def report(places: Places, *reports: tuple[Reported, ...], anchor: Path | None = None) -> None:
    """One run of the service that takes these reports, a second apart."""
    clock = Clock()
    duties = Duties(anchor=(lambda line: append_line(anchor, line)) if anchor else None)
    with a_store(places, clock, duties=duties) as store:
        for events in reports:
            clock.now += 1
            keep_feedback(store, WARD, events)


def audit(store: Store, anchor: Path | None = None, now: float = NOON + 100, keep_days: int | None = None) -> Audit:
    lines = anchor.read_text().splitlines() if anchor else None
    return verify(store.records, lambda: lines, Terms(store.ring, now, keep_days))


def test_feedback_that_was_not_changed_has_no_problems(places: Places) -> None:
    report(places, (an_event(1), an_event(2, "monitoring-arranged")), (an_event(3, typed="no time"),))
    report(places, (an_event(4),))
    with a_store(places) as store:
        found = audit(store)
    assert (found.problems, found.checked, found.feedback, found.open_window) == ([], 0, 4, 0)


def test_an_event_that_came_twice_is_entered_once(places: Places) -> None:
    report(places, (an_event(1),), (an_event(1),), (an_event(1),))
    with a_store(places) as store:
        assert (audit(store).problems, audit(store).feedback) == ([], 1)


def test_a_reason_that_came_later_is_entered_too(places: Places) -> None:
    report(places, (an_event(1),), (an_event(1, "monitoring-arranged"),))
    report(places, (an_event(1, "another"),))  # the first reason counts
    with a_store(places) as store:
        assert (audit(store).problems, audit(store).feedback) == ([], 2)


def test_a_decision_that_feedback_came_to_cannot_be_made_one_without(places: Places) -> None:
    event = an_event(1)
    with a_store(places) as store:
        for number in (1, 2):
            store.write(an_entry(number, topics={event.card: "warfarin-nsaid"} if number == 1 else {}))
        keep_feedback(store, WARD, (event,))
        assert audit(store).problems == []
        with store.database.begin() as connection:
            connection.execute(update(DECISIONS).values(answered=False))
        assert audit(store).problems == [
            f"record {decision_id(1)}: feedback came to it, and it stands as one without: nothing of it is remembered"
        ]


def key_of(connection: Connection, number: int) -> str:
    return str(connection.execute(select(F.feedback_key).where(F.at == NOON + number)).scalar_one())


def take_the_reason_back(connection: Connection) -> None:
    """The row as it was before the reason came."""
    connection.execute(update(FEEDBACK).where(F.at == NOON + 1).values(reason_code="", reason_system=""))


def flip_a_byte_of_what_was_typed(connection: Connection) -> None:
    content = connection.execute(select(F.comment).where(F.at == NOON + 3)).scalar_one()
    turned = bytes([*content[:20], content[20] ^ 1, *content[21:]])
    connection.execute(update(FEEDBACK).where(F.at == NOON + 3).values(comment=turned))


def delete_an_entry(connection: Connection) -> None:
    """Also of the list of entries."""
    key = key_of(connection, 2)
    connection.execute(delete(FEEDBACK).where(F.feedback_key == key))
    connection.execute(delete(FEEDBACK_ENTRIES).where(E.feedback_key == key))


def write_one_anew(connection: Connection) -> None:
    """A row and its entry, by somebody who does not compute the chain."""
    connection.execute(update(FEEDBACK).where(F.at == NOON + 2).values(outcome="accepted"))
    connection.execute(update(FEEDBACK_ENTRIES).where(E.seq == 3).values(content_sha256="0" * 64))


def add_one(connection: Connection) -> None:
    row = dict(connection.execute(select(FEEDBACK).where(F.at == NOON + 2)).mappings().one())
    connection.execute(insert(FEEDBACK), {**row, "feedback_key": "f" * 64})


def cut_the_tail(connection: Connection) -> None:
    key = key_of(connection, 3)
    connection.execute(delete(FEEDBACK).where(F.feedback_key == key))
    connection.execute(delete(FEEDBACK_ENTRIES).where(E.feedback_key == key))


CHANGES: list[tuple[Callable[[Connection], object], str]] = [
    (take_the_reason_back, r"feedback \w+ \(no. 2 of chain .*\): it was changed"),
    (flip_a_byte_of_what_was_typed, r"feedback \w+ \(no. 4 of chain .*\): what was typed was changed"),
    (lambda it: it.execute(update(FEEDBACK).values(comment=None)), "what was typed was removed before its time"),
    (lambda it: it.execute(update(FEEDBACK).values(outcome="accepted")), r"\(no. 3 of chain .*\): it was changed"),
    (lambda it: it.execute(update(FEEDBACK).values(tenant="other")), r"\(no. 3 of chain .*\): it was changed"),
    (lambda it: it.execute(update(FEEDBACK).values(decision_id="other")), r"\(no. 3 of chain .*\): it was changed"),
    (lambda it: it.execute(delete(FEEDBACK).where(F.at == NOON + 2)), r"\(no. 3 of chain .*\): it was deleted"),
    (delete_an_entry, "no. 3 was deleted, before feedback"),
    (write_one_anew, r"feedback \w+ \(no. 3 .*its place, time, id, release or digest was changed"),
    (add_one, f"feedback {'f' * 64}: no chain knows it: it was added"),
    (cut_the_tail, "its end was cut off: checkpoint 1 has 4 records, found 3"),
]


@pytest.mark.parametrize(("how", "says"), CHANGES, ids=[says[:40] for _, says in CHANGES])
def test_a_change_of_feedback_is_named(
    places: Places, tmp_path: Path, how: Callable[[Connection], object], says: str
) -> None:
    anchor = tmp_path / "anchor.log"
    typed = an_event(3, typed="no time")
    report(places, (an_event(1),), (an_event(1, "a-reason"),), (an_event(2),), (typed,), anchor=anchor)
    with a_store(places) as store:
        assert audit(store, anchor).problems == []
        with store.database.begin() as connection:
            how(connection)
        problems = audit(store, anchor).problems
    assert [problem for problem in problems if re.search(says, problem)], problems


def test_retention_of_what_was_typed_leaves_the_chain_valid(places: Places) -> None:
    report(places, (an_event(1, typed="no time"),))
    with a_store(places) as store:
        remove_older(store.database, NOON + DAY_S)
        assert audit(store, now=NOON + 10 * DAY_S, keep_days=5).problems == []
        assert audit(store, now=NOON + 2 * DAY_S, keep_days=5).problems != []


def test_after_a_report_that_failed_a_new_chain_begins_and_both_are_whole(places: Places) -> None:
    with a_store(places) as store:
        keep_feedback(store, WARD, [an_event(1)])
        before = store.feedback.chain.writer
        with pytest.raises(ZeroDivisionError), store.feedback.writing(store.database):
            raise ZeroDivisionError
        keep_feedback(store, WARD, [an_event(2)])
        assert store.feedback.chain.writer != before
        assert (audit(store).problems, audit(store).feedback) == ([], 2)


def test_feedback_of_an_older_version_is_covered_from_the_upgrade_on(places: Places) -> None:
    report(places, (an_event(1), an_event(2, typed="no time")))
    with a_store(places) as store, store.database.connect() as connection:
        command.downgrade(steps_on(connection), "0004")
        connection.execute(delete(CHECKPOINTS))  # the older version signed nothing of feedback
        connection.commit()
        command.upgrade(steps_on(connection), "head")
        connection.commit()
    with a_store(places) as store:
        assert (audit(store).problems, audit(store).feedback) == ([], 2)
        with store.database.begin() as connection:
            connection.execute(update(FEEDBACK).where(F.at == NOON + 1).values(outcome="accepted"))
        assert any("it was changed" in problem for problem in audit(store).problems)
