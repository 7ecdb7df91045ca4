"""The key ring: made once, readable by its owner only, and never half of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest

from cds_service.store.ring import BadRing, Ring, complete_ring, drop_old_keys, read_ring, rotate_key

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_ring_is_made_once_however_many_start_at_the_same_time(tmp_path: Path) -> None:
    rings: list[Ring] = []
    threads = [Thread(target=lambda: rings.append(complete_ring(tmp_path, NOW))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rings) == 8
    assert {ring.keyed("patient", "t", "p") for ring in rings} == {rings[0].keyed("patient", "t", "p")}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index-first.key", "sign-first.key", "wrap-first.key"]


def test_nobody_else_can_read_a_key(tmp_path: Path) -> None:
    complete_ring(tmp_path / "ring", NOW)
    assert (tmp_path / "ring").stat().st_mode & 0o777 == 0o700
    for path in (tmp_path / "ring").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(BadRing, match="others can read this key; expected mode 0600"):
        read_ring(tmp_path / "ring")


def test_a_representation_shows_no_secret(tmp_path: Path) -> None:
    ring = complete_ring(tmp_path, NOW)
    assert repr(ring.wrap[0].secret) not in repr(ring)


@pytest.mark.parametrize(
    ("content", "says"),
    [("", "not a key file"), ('{"kind":"x","id":"x","created":"2026-11-20T12:00:00+00:00","secret":""}', "not a key")],
)
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: str, says: str) -> None:
    complete_ring(tmp_path, NOW)
    (tmp_path / "odd.key").write_text(content)
    (tmp_path / "odd.key").chmod(0o600)
    with pytest.raises(BadRing, match=f"odd.key: {says}"):
        read_ring(tmp_path)


def test_a_ring_without_a_key_says_which_kind_is_missing(tmp_path: Path) -> None:
    complete_ring(tmp_path, NOW)
    (tmp_path / "sign-first.key").unlink()
    with pytest.raises(BadRing, match="has no sign key: put back its backup"):
        read_ring(tmp_path)


def test_the_newest_key_is_current_and_older_ones_still_read(tmp_path: Path) -> None:
    before = complete_ring(tmp_path, NOW)
    wrap_key, wrapped = before.wrap_key(b"k" * 32)
    signed_by, signature = before.sign_text(b"line")
    hashed = before.keyed("patient", "t", "p")
    for kind in ("wrap", "index", "sign"):
        rotate_key(tmp_path, kind, NOW + timedelta(days=1))
    ring = read_ring(tmp_path)
    assert ring.unwrap_key(wrap_key, wrapped) == b"k" * 32
    assert ring.is_signed(b"line", signed_by, signature)
    assert not ring.is_signed(b"another line", signed_by, signature)
    assert not ring.is_signed(b"line", ring.sign[0].id, signature)
    assert ring.keyed_by_all("patient", "t", "p")[1] == hashed != ring.keyed("patient", "t", "p")
    assert drop_old_keys(tmp_path, "wrap") == (wrap_key,)
    with pytest.raises(BadRing, match="there is no key wrap-first"):
        read_ring(tmp_path).unwrap_key(wrap_key, wrapped)


def test_a_data_key_that_was_changed_does_not_open(tmp_path: Path) -> None:
    ring = complete_ring(tmp_path, NOW)
    wrap_key, wrapped = ring.wrap_key(b"k" * 32)
    with pytest.raises(BadRing, match="wrap key wrap-first does not open this data key"):
        ring.unwrap_key(wrap_key, wrapped[:-1] + bytes([wrapped[-1] ^ 1]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("patient", "ab", "c"), ("patient", "a", "bc")),
        (("patient", "t", "p"), ("user", "t", "p")),
        (("a", ""), ("a",)),
    ],
)
def test_no_two_lists_of_parts_are_hashed_alike(tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...]) -> None:
    ring = complete_ring(tmp_path, NOW)
    assert ring.keyed(*one) != ring.keyed(*other)
