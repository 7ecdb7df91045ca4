"""The spool keeps what it took, in order, over crashes, and gives each record back until it is told to forget it."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import BadSettings
from cds_service.store.spool import BEGIN, FRAME, Spool, SpoolFull

SMALL = 64 * 1024


def drain(spool: Spool, most: int = 100) -> list[bytes]:
    taken: list[bytes] = []
    while True:
        records, place = spool.first(most)
        if not records:
            return taken
        taken += records
        spool.forget(place)


def test_records_come_out_in_the_order_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SMALL)
    spool.append([b"one", b"two"])
    spool.append([b"three"])
    assert spool.waiting() > 0
    assert drain(spool, most=2) == [b"one", b"two", b"three"]
    assert spool.waiting() == 0


def test_records_outlive_the_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SMALL)
    spool.append([b"one", b"two"])
    _, place = spool.first(1)
    spool.forget(place)
    spool.close()
    assert drain(Spool(tmp_path, SMALL)) == [b"two"]


def test_a_record_that_was_cut_off_by_a_crash_is_not_there_and_what_follows_is_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SMALL)
    spool.append([b"whole"])
    spool.append([b"torn apart"])
    place = BEGIN + 2 * FRAME.size + len(b"whole") + 4
    os.pwrite(spool.file, b"\x00\x00", place)
    spool.close()
    again = Spool(tmp_path, SMALL)
    again.append([b"after"])
    assert drain(again) == [b"whole", b"after"]


def test_two_openings_of_one_spool_see_the_same(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, SMALL), Spool(tmp_path, SMALL)
    first.append([b"one"])
    second.append([b"two"])
    first.append([b"three"])
    assert drain(second) == [b"one", b"two", b"three"]
    first.append([b"four"])
    assert drain(second) == [b"four"]


def test_one_process_drains_at_a_time(tmp_path: Path) -> None:
    first, second = Spool(tmp_path, SMALL), Spool(tmp_path, SMALL)
    with first.draining() as mine, second.draining() as theirs:
        assert (mine, theirs) == (True, False)
    with second.draining() as mine:
        assert mine


def test_what_came_while_draining_stays(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SMALL)
    spool.append([b"one"])
    _, place = spool.first(10)
    spool.append([b"two"])
    spool.forget(place)
    assert drain(spool) == [b"two"]


def test_a_full_spool_takes_nothing_more_and_loses_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, SMALL)
    record = b"x" * 1000
    room = (SMALL - BEGIN) // (FRAME.size + len(record))
    for _ in range(room):
        spool.append([record])
    with pytest.raises(SpoolFull, match="the spool is full"):
        spool.append([record])
    assert drain(spool) == [record] * room
    spool.append([record])


def test_its_space_is_taken_before_it_is_needed(tmp_path: Path) -> None:
    Spool(tmp_path, SMALL)
    assert os.stat(tmp_path / "records.spool").st_blocks * 512 >= SMALL
    assert os.stat(tmp_path / "records.spool").st_mode & 0o077 == 0


def test_a_place_without_room_refuses_to_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadSettings, match=r"spool: .*/spool: Not a directory"):
        Spool(tmp_path / "file" / "spool")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.binary(min_size=1, max_size=300), st.none()), max_size=40))
def test_whatever_is_put_in_and_taken_out_comes_once_and_in_order(steps: list[bytes | None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder), SMALL)
        taken: list[bytes] = []
        for step in steps:
            if step is None:
                taken += drain(spool, most=3)
            else:
                spool.append([step])
        taken += drain(spool)
        spool.close()
    assert taken == [step for step in steps if step is not None]
