"""Keys that were lost are not made anew over what was kept with them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.database import SURVIVES_POWER_LOSS, reach_database
from cds_service.settings import Settings
from cds_service.store.first_ring import make_ring
from cds_service.store.migrate import prepare_database
from cds_service.store.ring import KINDS, BadRing
from cds_service.store.store import FILE
from cds_service.store.tables import DATA_KEYS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def lose(ring: Path) -> None:
    for key in ring.glob("*.key"):
        key.unlink()


def keep_something(home: Path) -> None:
    database = reach_database(None, home / FILE, SURVIVES_POWER_LOSS)
    prepare_database(database)
    with database.begin() as connection:
        connection.execute(insert(DATA_KEYS), {"data_key": "k1", "wrap_key": "wrap-first", "wrapped": b""})
    database.dispose()


def test_a_ring_is_made_before_there_is_a_database_and_none_is_made_for_it(tmp_path: Path) -> None:
    assert make_ring(tmp_path / "ring", None, tmp_path / "home" / FILE, NOW).wrap[0].id == "wrap-first"
    assert not (tmp_path / "home").exists()


def test_an_empty_database_lets_a_ring_be_made(tmp_path: Path) -> None:
    prepare_database(reach_database(None, tmp_path / FILE, SURVIVES_POWER_LOSS))
    assert make_ring(tmp_path / "ring", None, tmp_path / FILE, NOW).sign


@pytest.mark.parametrize("lost", KINDS)
def test_a_key_that_is_gone_is_not_made_anew_where_records_are(tmp_path: Path, lost: str) -> None:
    make_ring(tmp_path / "ring", None, tmp_path / FILE, NOW)
    keep_something(tmp_path)
    (tmp_path / "ring" / f"{lost}-first.key").unlink()
    with pytest.raises(BadRing, match=f"has no {lost} key, though records were kept .* put back the backup"):
        make_ring(tmp_path / "ring", None, tmp_path / FILE, NOW)
    assert not (tmp_path / "ring" / f"{lost}-first.key").exists()


def test_neither_the_command_nor_a_start_makes_keys_over_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    assert CliRunner().invoke(app, ["keys", "ring"]).exit_code == 0
    keep_something(tmp_path)
    lose(tmp_path / "ring")
    refused = CliRunner().invoke(app, ["keys", "ring"])
    assert (refused.exit_code, "put back the backup of the ring" in refused.stderr) == (1, True)
    with pytest.raises(BadRing, match="put back the backup"):
        open_records(Settings(home=tmp_path), lambda event, about: None)


def test_a_new_home_is_for_its_owner_only_whatever_is_made_in_it_first(tmp_path: Path) -> None:
    open_records(Settings(profile="dev", home=tmp_path / "home"), lambda event, about: None).close()
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
