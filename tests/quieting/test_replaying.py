"""What was remembered stands in the record, so a quiet call replays to the same bytes."""

from cds_service.governance.replay import encode, replay_under
from cds_service.record.canonical import canonical_bytes
from cds_service.record.reading import read_record
from tests.quieting.rules import bleeding, with_ibuprofen
from tests.support.ward import Ward


def test_a_quiet_call_replays_to_the_same_bytes_though_the_memory_has_changed(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("narrow", most_cards={"order-sign": 1})
    first = ward.signs(with_ibuprofen())
    ward.overrides(first)
    quiet = ward.signs(with_ibuprofen())
    for answered in (first, quiet):
        kept = canonical_bytes(answered.record)
        assert encode(replay_under(read_record(kept), ward.application.release)) == kept


def test_the_stored_record_is_the_one_that_replays(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    quiet = ward.signs(with_ibuprofen())
    stored = ward.store.read(quiet.record.decision_id)
    assert stored == canonical_bytes(quiet.record)
    assert len(read_record(stored).memory.told) == 1
