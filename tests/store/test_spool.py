"""The spool keeps what it took, in order, over crashes, and gives each record back until it is told to forget it."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import BadSettings
from cds_service.store.spool import FILE, HEADER_FILE, Spool, SpoolFull
from cds_service.store.spool_file import BEGIN, FRAME
from cds_service.store.verifying_spool import find_damage
from tests.store.entries import Told

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


def test_a_folder_that_is_gone_loses_a_running_service_nothing_and_cannot_be_seen_afterwards(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", SMALL)
    spool.append([b"one", b"two"])
    rmtree(tmp_path / "spool")
    assert list(find_damage(tmp_path / "spool")) == []
    assert drain(Spool(tmp_path / "spool", SMALL)) == []  # what starts meanwhile begins anew
    assert drain(spool) == [b"one", b"two"]


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


def place_of(number: int, length: int) -> int:
    """Where record `number` (from 0) begins, among records of this length."""
    return BEGIN + number * (FRAME.size + length)


def spool_five(folder: Path) -> None:
    spool = Spool(folder, SMALL)
    spool.append([b"record 0", b"record 1", b"record 2"])
    spool.append([b"record 3", b"record 4"])
    spool.close()


def turn_a_byte(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def cut(path: Path, length: int) -> None:
    os.truncate(path, length)


FIVE = [b"record %d" % number for number in range(5)]
SPOILT: list[tuple[str, Callable[[Path], object], list[bytes]]] = [
    ("first record", lambda file: turn_a_byte(file, place_of(0, 8) + FRAME.size + 3), FIVE[1:]),
    ("length of the third", lambda file: turn_a_byte(file, place_of(2, 8) + 9), FIVE[:2] + FIVE[3:]),
    ("generation of the last", lambda file: turn_a_byte(file, place_of(4, 8)), FIVE[:4]),
    ("cut after two", lambda file: cut(file, place_of(2, 8)), FIVE[:2]),
    ("cut in the header", lambda file: cut(file, 10), []),
    ("header", lambda file: turn_a_byte(file, 3), FIVE),
    ("place of the first in the header", lambda file: turn_a_byte(file, 38), FIVE),
    ("file", lambda file: file.unlink(), []),
]


@pytest.mark.parametrize(("how", "whole"), [each[1:] for each in SPOILT], ids=[each[0] for each in SPOILT])
def test_of_a_damaged_spool_every_whole_record_drains_and_the_others_are_counted(
    tmp_path: Path, how: Callable[[Path], object], whole: list[bytes]
) -> None:
    spool_five(tmp_path)
    how(tmp_path / FILE)
    lost = 5 - len(whole)
    problems = list(find_damage(tmp_path))
    assert len(problems) == bool(lost)
    assert not lost or problems[0].startswith(f"spool: {lost} of 5 records that wait cannot be read")
    told = Told()
    spool = Spool(tmp_path, SMALL, told)
    assert spool.waiting() > 0
    assert drain(spool) == whole
    assert (spool.waiting(), spool.lost(), spool.damaged()) == (0, lost, bool(lost))
    assert len(told.about("spool damaged")) == bool(lost)
    spool.append([b"after"])
    assert drain(Spool(tmp_path, SMALL)) == [b"after"]


def test_a_damaged_piece_stands_aside_until_somebody_takes_it_away(tmp_path: Path) -> None:
    spool_five(tmp_path)
    turn_a_byte(tmp_path / FILE, place_of(1, 8) + FRAME.size)
    told = Told()
    spool = Spool(tmp_path, SMALL, told)
    drain(spool, most=1)
    (name,) = told.about("spool damaged")
    assert (tmp_path / name).read_bytes().endswith(b"secord 1")  # one bit of the first letter
    assert list(find_damage(tmp_path)) == [
        f"spool: {name} stands aside: a piece of the spool that was damaged while records waited in it"
    ]
    (tmp_path / name).unlink()
    assert (spool.damaged(), spool.lost(), list(find_damage(tmp_path))) == (0, 1, [])


def test_a_spool_whose_headers_are_both_damaged_is_kept_aside_whole(tmp_path: Path) -> None:
    spool_five(tmp_path)
    for name in (FILE, HEADER_FILE):
        turn_a_byte(tmp_path / name, 3)
    turn_a_byte(tmp_path / FILE, place_of(0, 8) + 7)
    assert list(find_damage(tmp_path)) == ["spool: records.spool has no header: nobody knows what waits in it"]
    told = Told()
    spool = Spool(tmp_path, SMALL, told)
    (name,) = told.about("spool damaged")
    assert FIVE[4] in (tmp_path / name).read_bytes()
    assert (drain(spool), spool.damaged()) == ([], 1)


def test_where_there_never_was_a_spool_nothing_is_damaged(tmp_path: Path) -> None:
    assert list(find_damage(tmp_path / "nowhere")) == []


def test_records_in_a_spool_of_the_older_form_are_not_lost_with_an_upgrade(tmp_path: Path) -> None:
    """It began with a magic, the generation and the place of the first record, each number of eight bytes."""
    spool_five(tmp_path)
    (tmp_path / HEADER_FILE).unlink()
    with (tmp_path / FILE).open("r+b") as file:
        file.write(b"cds-spool-1".ljust(16, b"\x00") + (1).to_bytes(8) + place_of(1, 8).to_bytes(8) + bytes(100))
    spool = Spool(tmp_path, SMALL)
    assert (drain(spool), spool.lost()) == (FIVE[1:], 0)


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
