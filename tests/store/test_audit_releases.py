"""Whoever changes what was put in force, or who approved it, is found out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, delete, event, insert, update

from cds_service.store.anchors import append_line
from cds_service.store.audit import Audit, Terms
from cds_service.store.migrate import upgrade
from cds_service.store.releases import APPROVED, DRAFT, Activation, Kept, Releases
from cds_service.store.store import Duties, Places, Store
from cds_service.store.tables import ACTIVATIONS, CHAINS, CHECKPOINTS, RELEASE_ENTRIES, RELEASES
from cds_service.store.verifying import no_anchor, verify
from cds_service.store.verifying_releases import release_links
from tests.store.entries import NOON, a_store
from tests.store.test_migrations import steps_on

FIRST, SECOND = "a1" * 32, "b2" * 32
A, E = ACTIVATIONS.c, RELEASE_ENTRIES.c


def an_activation(number: int, digest: str) -> Activation:
    return Activation(number, NOON + number, digest, None, 0, "", "Ann", "why", "sign-first", "signature")


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    return tmp_path / "anchor"


@pytest.fixture
def written(places: Places, anchor: Path) -> Places:
    """Two releases were kept, one approved, and both put in force."""
    with a_store(places, duties=Duties(anchor=lambda line: append_line(anchor, line))) as store:
        releases = Releases(store.database)
        releases.keep(Kept(FIRST, NOON, None, "", "shipped", "data folders", "shipped"), b"first")
        draft = Kept(SECOND, NOON + 1, FIRST, "overlay", "quieter", "Ann", DRAFT)
        releases.keep(draft, b"second")
        approved = Kept(SECOND, NOON + 1, FIRST, "overlay", "quieter", "Ann", APPROVED, "Bo", NOON + 2)
        assert releases.approve(draft, approved, NOON + 2)
        for number, digest in enumerate((FIRST, SECOND), 1):
            releases.append(an_activation(number, digest))
    return places


def audit(store: Store, anchor: Path) -> Audit:
    return verify(store.records, lambda: anchor.read_text().splitlines(), Terms(store.ring, NOON + 100))


def test_what_was_not_changed_has_no_problems(written: Places, anchor: Path) -> None:
    with a_store(written) as store:
        found = audit(store, anchor)
    assert (found.problems, found.open_window) == ([], 0)


def take_back_unseen(connection: Connection) -> None:
    """Take the last entry out of everything that lies in the database, as somebody with the code can."""
    connection.execute(delete(ACTIVATIONS).where(A.number == 2))
    connection.execute(delete(RELEASE_ENTRIES).where(E.seq == 5))
    head = connection.execute(RELEASE_ENTRIES.select().where(E.seq == 4)).one().chain_hash
    connection.execute(update(CHAINS).where(CHAINS.c.writer == "releases").values(length=4, head=head))


def put_in_force_unseen(connection: Connection) -> None:
    row = connection.execute(ACTIVATIONS.select().where(A.number == 1)).mappings().one()
    connection.execute(insert(ACTIVATIONS), {**row, "number": 3})


def approve(connection: Connection) -> None:
    connection.execute(update(RELEASES).where(RELEASES.c.digest == SECOND).values(approver="Dr Ghost"))


CHANGES = [
    (lambda it: it.execute(delete(ACTIVATIONS).where(A.number == 2)), "activation 2 .*: it was deleted"),
    (lambda it: it.execute(delete(ACTIVATIONS).where(A.number == 1)), "activation 1 .*: it was deleted"),
    (lambda it: it.execute(update(ACTIVATIONS).values(control=FIRST)), "activation 2 .*: it was changed"),
    (put_in_force_unseen, "activation 3: no chain knows it: it was added"),
    (approve, f"release {SECOND} .*: it was changed"),
    (lambda it: it.execute(update(RELEASES).values(content=b"other")), f"release {FIRST} .*: it was changed"),
    (
        lambda it: it.execute(delete(RELEASES).where(RELEASES.c.digest == SECOND)),
        f"release {SECOND} .*: it was deleted",
    ),
    (lambda it: it.execute(delete(RELEASE_ENTRIES).where(E.seq == 2)), "no. 2 was deleted, before release"),
    (lambda it: it.execute(delete(RELEASE_ENTRIES)), "chain releases: its end was cut off: checkpoint 1 has 5"),
    (take_back_unseen, "chain releases: its end was cut off: checkpoint 1 has 5 records, found 4"),
]


@pytest.mark.parametrize(("how", "says"), CHANGES, ids=[says[:40] for _, says in CHANGES])
def test_a_change_is_named(written: Places, anchor: Path, how: Callable[[Connection], object], says: str) -> None:
    with a_store(written) as store:
        with store.database.begin() as connection:
            how(connection)
        problems = audit(store, anchor).problems
    assert [problem for problem in problems if re.search(says, problem)], problems


def test_what_is_put_in_force_while_an_audit_reads_is_no_change(written: Places) -> None:
    with a_store(written) as store:
        meanwhile = [an_activation(3, FIRST)]

        def put(connection: object, cursor: object, statement: str, *more: object) -> None:
            if "FROM release_entry" in statement and meanwhile:
                Releases(store.database).append(meanwhile.pop())

        event.listen(store.database, "after_cursor_execute", put)
        added: list[str] = []
        links = list(release_links(store.database, added))
    assert (meanwhile, added, [each.wrong for each in links]) == ([], [], [()] * 5)


def test_an_approval_of_what_is_no_draft_any_more_changes_nothing(written: Places, anchor: Path) -> None:
    with a_store(written) as store:
        releases = Releases(store.database)
        draft = Kept(SECOND, NOON + 1, FIRST, "overlay", "quieter", "Ann", DRAFT)
        assert not releases.approve(draft, Kept(SECOND, NOON + 1, FIRST, "", "", "", APPROVED, "Cy", NOON), NOON)
        assert releases.find(SECOND).approver == "Bo"
        assert audit(store, anchor).problems == []


def test_what_was_kept_before_releases_had_a_chain_counts_as_it_was_at_the_upgrade(written: Places) -> None:
    with a_store(written) as store:
        with store.database.connect() as connection:
            command.downgrade(steps_on(connection), "0005")
            connection.execute(delete(CHECKPOINTS))
            connection.commit()
        upgrade(store.database)
        assert verify(store.records, no_anchor, Terms(store.ring, NOON)).problems == []
        with store.database.begin() as connection:
            connection.execute(update(ACTIVATIONS).where(A.number == 1).values(who="nobody"))
        (problem,) = verify(store.records, no_anchor, Terms(store.ring, NOON)).problems
    assert re.fullmatch("activation 1 .*: it was changed", problem)
