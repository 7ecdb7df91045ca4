"""A recorded call decided again, on both databases."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from cds_service.chart.facts import Known
from cds_service.errors import CdsError
from cds_service.governance.arms import arms_of
from cds_service.governance.differences import say_differences
from cds_service.governance.many import PAGE, WorkStopped, ids_since, spread
from cds_service.governance.releases import keep_shipped
from cds_service.governance.replay import Archive, encode, open_archive, replay, replay_under
from cds_service.governance.replay_many import Again, count, replay_each
from cds_service.knowledge.release import Release
from cds_service.record.reading import read_record
from cds_service.record.stored import StoredRecord
from cds_service.store.tables import DECISIONS, RELEASES
from tests.governance.conftest import RULE, Ward, bleeding, overdosed
from tests.support.requests import a_patient


def archive_of(ward: Ward) -> Archive:
    return open_archive(ward.releases, ward.shipped.terminology)


def kept_of(ward: Ward, decision_id: str) -> tuple[bytes, StoredRecord]:
    content = ward.store.read(decision_id)
    return content, read_record(content)


def test_a_call_comes_out_equal_to_the_byte_under_its_own_release(ward: Ward) -> None:
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, 0.0)
    record = ward.sign(bleeding().with_lab("6301-6", 4.8, "{INR}", "2026-11-18"))
    assert record.cards
    content, kept = kept_of(ward, record.decision_id)
    assert encode(replay(kept, archive_of(ward))) == content


def test_both_arms_come_out_equal_to_the_byte(ward: Ward, quieter: Release) -> None:
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, 0.0)
    keep_shipped(ward.releases, ward.store.ring, quieter, 0.0)
    for percent in (0, 100):
        record = ward.sign(bleeding(), arms_of(ward.shipped, quieter, percent, "salt"))
        content, kept = kept_of(ward, record.decision_id)
        assert kept.beside
        assert encode(replay(kept, archive_of(ward))) == content


def test_under_another_release_the_difference_is_said(ward: Ward, quieter: Release) -> None:
    _, kept = kept_of(ward, ward.sign(bleeding()).decision_id)
    lines = list(say_differences(kept, replay_under(kept, quieter)))
    assert [line for line in lines if line.startswith(RULE)] == [
        f"{RULE}, warfarin 5 mg with ibuprofen 600 mg: was warning, shown; now warning, withheld (rule is silent)"
    ]
    assert any(line.startswith("card no longer there: ") and "warfarin" in line for line in lines)


def test_another_limit_is_said_as_the_urgency_that_it_gives(ward: Ward, lesser: Release) -> None:
    _, kept = kept_of(ward, ward.sign(overdosed()).decision_id)
    lines = list(say_differences(kept, replay_under(kept, lesser)))
    (told,) = [line for line in lines if line.startswith(RULE)]
    assert told.endswith(": was critical, shown; now warning, shown")
    assert any(line.startswith("card otherwise in detail, indicator: ") for line in lines)


def test_equal_records_have_nothing_to_say(ward: Ward) -> None:
    _, kept = kept_of(ward, ward.sign(bleeding()).decision_id)
    assert list(say_differences(kept, replay_under(kept, ward.shipped))) == []


def test_what_was_read_back_as_a_list_is_no_difference(ward: Ward) -> None:
    _, kept = kept_of(ward, ward.sign(bleeding()).decision_id)
    (first, *_) = kept.findings
    read, found = (
        replace(kept, findings=(replace(first, used={"conditions": Known(value)}),))
        for value in (["ulcer"], ("ulcer",))
    )
    assert list(say_differences(read, found)) == []
    without = replace(kept, findings=(replace(first, used={}),))
    assert list(say_differences(found, without)) == ["otherwise: what the findings rest on"]


def test_many_are_counted_by_how_they_come_out(ward: Ward, quieter: Release) -> None:
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, 0.0)
    for number in range(6):
        ward.sign(bleeding(f"p{number}"))
    ward.sign(a_patient("p9").ordering("308191", "amoxicillin 500 MG"), arms_of(quieter))
    ids = ids_since(ward.store.records, 0.0)
    with ward.store.database.begin() as connection:
        connection.execute(update(DECISIONS).where(DECISIONS.c.decision_id == ids[0]).values(role="other"))
    counted = count(replay_each(ward.store.records, archive_of(ward), ids))
    assert counted.counts == {Again.EQUAL: 5, Again.UNREADABLE: 1, Again.NO_RELEASE: 1}
    assert (counted.total, counted.passed) == (7, False)
    assert dict(counted.named) == {ids[0]: Again.UNREADABLE, ids[-1]: Again.NO_RELEASE}


def test_what_another_code_decided_need_not_be_equal(ward: Ward, quieter: Release, monkeypatch: Any) -> None:
    ids = [ward.sign(bleeding()).decision_id]
    under_another = Archive(lambda digest: quieter, lambda one, other: quieter)
    assert count(replay_each(ward.store.records, under_another, ids)).counts == {Again.DIFFERENT: 1}
    monkeypatch.setattr("cds_service.governance.replay.__version__", "99")
    counted = count(replay_each(ward.store.records, under_another, ids))
    assert (counted.counts, counted.passed) == ({Again.OTHER_CODE: 1}, True)


def test_a_decision_whose_record_retention_removed_is_not_among_them(ward: Ward) -> None:
    first, second = (ward.sign(bleeding(each)).decision_id for each in ("p1", "p2"))
    with ward.store.database.begin() as connection:
        connection.execute(update(DECISIONS).where(DECISIONS.c.decision_id == first).values(ciphertext=None))
    assert ids_since(ward.store.records, 0.0) == [second]


def test_repeats_and_other_tenants_can_be_left_out(ward: Ward) -> None:
    here = ward.sign(bleeding(), tenant="north").decision_id
    again = ward.sign(bleeding(), tenant="north").decision_id
    there = ward.sign(bleeding(), tenant="south").decision_id
    records = ward.store.records
    assert ids_since(records, 0.0) == [here, again, there]
    assert ids_since(records, 0.0, "north") == [here, again]
    assert ids_since(records, 0.0, repeats=False) == [here, there]


def test_work_in_several_processes_gives_every_result_once() -> None:
    ids = [str(number) for number in range(3 * PAGE + 7)]
    assert sorted(spread(ids, lambda share: iter(share), 3)) == sorted(ids)


def test_work_that_stops_in_another_process_says_why() -> None:
    def fail(share: Any) -> Any:
        raise CdsError("the disk is gone")
        yield

    def crash(share: Any) -> Any:
        yield 1 // 0

    ids = [str(number) for number in range(2 * PAGE)]
    with pytest.raises(WorkStopped, match="the disk is gone"):
        list(spread(ids, fail, 2))
    with pytest.raises(WorkStopped, match="ZeroDivisionError"):
        list(spread(ids, crash, 2))


def test_the_bytes_of_a_release_are_kept_small(ward: Ward) -> None:
    keep_shipped(ward.releases, ward.store.ring, ward.shipped, 0.0)
    with ward.store.database.connect() as connection:
        packed = connection.execute(RELEASES.select()).one().content
    assert len(packed) * 2 < len(ward.releases.content(ward.shipped.digest))
