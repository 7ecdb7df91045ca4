"""Keys rotate without a record being written anew, and what was written before is still read and found."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from cds_service.store.audit import Terms
from cds_service.store.reading import NoSuchRecord
from cds_service.store.ring import BadRing, read_ring, rotate_key
from cds_service.store.rotating import TooEarly, drop_unneeded, rehash, rewrap
from cds_service.store.store import Places
from cds_service.store.tables import CHECKPOINTS, DATA_KEYS, DECISIONS, FINDINGS
from cds_service.store.verifying import no_anchor, verify
from tests.store.entries import NOON, a_store, an_entry, decision_id, who_of

LATER = datetime.fromtimestamp(NOON, UTC) + timedelta(days=1)
MUCH_LATER = NOON + 2 * 86_400


def test_a_new_wrap_key_wraps_the_data_keys_anew_and_touches_no_record(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1))
        content = store.records.envelope(decision_id(1)).row.ciphertext
    rotate_key(places.ring, "wrap", LATER)
    with a_store(places) as store:
        assert rewrap(store.database, store.ring) == 1
        assert rewrap(store.database, store.ring) == 0
        (dropped,) = drop_unneeded(store, "wrap", MUCH_LATER)
        assert dropped == "wrap-first"
    with a_store(places) as store:
        assert store.records.envelope(decision_id(1)).row.ciphertext == content
        assert store.read(decision_id(1)) == an_entry(1).payload


def test_a_running_store_reads_what_was_wrapped_under_a_key_it_has_not_seen(places: Places) -> None:
    with a_store(places) as running:
        rotate_key(places.ring, "wrap", LATER)
        with a_store(places) as other:
            other.write(an_entry(1))
        with pytest.raises(BadRing, match="there is no key wrap-2026"):
            running.read(decision_id(1))
        running.renew_ring()
        assert running.read(decision_id(1)) == an_entry(1).payload


def test_after_a_new_index_key_look_ups_find_old_and_new_rows_until_they_are_hashed_anew(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1))
    rotate_key(places.ring, "index", LATER)
    with a_store(places) as store:
        store.write(an_entry(2))
        found = select(DECISIONS.c.decision_id).where(
            DECISIONS.c.patient_key.in_(store.patient_keys("general", "patient-4711"))
        )
        with store.database.connect() as connection:
            assert sorted(connection.execute(found).scalars()) == [decision_id(1), decision_id(2)]
        with pytest.raises(TooEarly, match="rows were written under an older index key"):
            drop_unneeded(store, "index", MUCH_LATER)
        assert rehash(store.records, store.ring, who_of) == 1
        first, second = (store.records.envelope(decision_id(number)) for number in (1, 2))
        assert first.row.patient_key == second.row.patient_key == store.patient_keys("general", "patient-4711")[0]
        assert first.row.user_key == second.row.user_key
        assert [each.subject_key for each in first.findings] == [each.subject_key for each in second.findings]
        assert drop_unneeded(store, "index", MUCH_LATER) == ("index-first",)
        assert verify(store.records, no_anchor, Terms(read_ring(places.ring), NOON, who_of=who_of)).problems == []


def test_an_old_key_is_not_dropped_while_a_worker_may_still_use_it(places: Places) -> None:
    with a_store(places) as store:
        rotate_key(places.ring, "wrap", LATER)
        store.renew_ring()
        with pytest.raises(TooEarly, match="less than 180 s ago"):
            drop_unneeded(store, "wrap", LATER.timestamp() + 60)


def test_rotation_leaves_the_chain_valid_and_signatures_of_old_keys_good(places: Places) -> None:
    lines: list[str] = []
    with a_store(places) as store:
        store.write(an_entry(1))
    with a_store(places) as store, store.database.connect() as connection:
        lines += connection.execute(select(CHECKPOINTS.c.line)).scalars()
    for kind in ("wrap", "index", "sign"):
        rotate_key(places.ring, kind, LATER)
    with a_store(places) as store:
        rewrap(store.database, store.ring)
        rehash(store.records, store.ring, who_of)
        assert verify(store.records, lambda: lines, Terms(store.ring, NOON, who_of=who_of)).problems == []


def test_a_record_whose_data_key_is_gone_is_named(places: Places) -> None:
    with a_store(places) as store:
        store.write(an_entry(1))
        with store.database.begin() as connection:
            connection.execute(DATA_KEYS.delete())
        with pytest.raises(NoSuchRecord, match=r"its data key 2026-11-20-.* is not in the database"):
            store.read(decision_id(1))
        with store.database.connect() as connection:
            assert connection.execute(select(FINDINGS.c.subject_key)).all() != []
