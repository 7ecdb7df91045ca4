"""What looking for earlier decisions about a patient costs does not grow with how often the patient was seen."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from alembic import command
from sqlalchemy import select

from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.store.entries import Entry, Fired
from cds_service.store.feedback import Reported, Reporter, keep_feedback
from cds_service.store.inserting import Written
from cds_service.store.memory import Asker, Looks
from cds_service.store.migrate import upgrade
from cds_service.store.store import FILE, Places, Store
from cds_service.store.tables import DECISIONS
from tests.store.entries import NOON, a_store, an_entry, decision_id
from tests.store.test_migrations import steps_on

ASKER = Asker("general", "patient-4711", "Practitioner/0815")


def card_of(number: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"card of {number}"))


def seen(number: int) -> Entry:
    """A decision about the patient, with one card."""
    fired = Fired("warfarin-nsaid", "1.0.0", "major", "warning", card=card_of(number), ingredients=("5640",))
    return an_entry(number, fired=(fired,), topics={card_of(number): "warfarin-nsaid"})


def override(store: Store, number: int) -> None:
    """The doctor overrides the card of decision `number`."""
    event = Reported(
        card_of(number), "overridden", NOON, reason_code="benefit-outweighs-risk", reason_system="urn:reasons"
    )
    assert keep_feedback(store, Reporter("general", "general", "medication-order-sign"), [event]).unknown == 0


def answered(store: Store) -> set[str]:
    with store.database.connect() as connection:
        return set(connection.execute(select(DECISIONS.c.decision_id).where(DECISIONS.c.answered)).scalars())


def plan(store: Store, question: Written) -> str:
    """How SQLite goes about it."""
    values: dict[str, Any] = {"tenant": "general", "patient": "x", "user": "y", "since": 0.0}
    with store.database.connect() as connection:
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question.text}", question.values(values)).all())


def test_only_decisions_that_feedback_came_to_are_looked_through(places: Places) -> None:
    with a_store(places) as store:
        for number in range(1, 30):
            store.write(seen(number))
        assert Looks(store).find_decided(ASKER, since=0, by_anybody=False) == []
        override(store, 7)
        assert answered(store) == {decision_id(7)}
        assert [each.decision_id for each in Looks(store).find_decided(ASKER, 0, by_anybody=False)] == [decision_id(7)]
        if store.database.dialect.name == "sqlite":  # a server plans by what is in the tables, which is next to nothing
            assert "decision_answered" in plan(store, Looks(store).decided[False])


def test_feedback_from_before_is_still_remembered_after_an_upgrade(places: Places) -> None:
    engine = reach_database(places.url, places.home / FILE, SURVIVES_POWER_LOSS)
    with a_store(places) as store:
        store.write(seen(1))
        store.write(seen(2))
        override(store, 1)
    with engine.connect() as connection:
        command.downgrade(steps_on(connection), "0003")
        connection.commit()
    upgrade(engine)
    engine.dispose()
    with a_store(places) as store:
        assert answered(store) == {decision_id(1)}
