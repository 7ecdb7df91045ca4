"""A database that cannot be used: where it is and why, in one sentence, without user and password."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from cds_service.database import SURVIVES_POWER_LOSS, cannot_use, reach_database
from cds_service.errors import BadSettings
from cds_service.store.migrate import find_version, prepare_database


def refused(url: str | None, file: Path = Path("unused.sqlite")) -> str:
    with pytest.raises(BadSettings) as error:
        prepare_database(reach_database(url, file, SURVIVES_POWER_LOSS))
    return str(error.value)


def test_a_server_that_is_away_is_named_with_the_cause() -> None:
    said = refused("postgresql+psycopg://anna:secret@127.0.0.1:1/cds")
    assert said == "database_url: the database at 127.0.0.1:1 cannot be used: nothing listens there"


def test_a_local_socket_is_named_by_its_folder(tmp_path: Path) -> None:
    said = refused(f"postgresql+psycopg://anna:secret@/cds?host={tmp_path}")
    assert said == f"database_url: the database at {tmp_path}:5432 cannot be used: nothing listens there"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('FATAL:  password authentication failed for user "anna"', "it refuses the user or the password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "anna"', "it does not let this machine or user in"),
        ('FATAL:  database "cds" does not exist', "it has no such database or user"),
        ("FATAL:  sorry, too many clients already", "it has no connection left"),
        ('could not translate host name "db.example.org" to address', "no machine of that name is known"),
        ("connection timeout expired", "it does not answer"),
        ("something that anna:secret said", "RuntimeError"),
    ],
)
def test_what_the_server_says_is_told_in_words_that_hold_no_name(said: str, meant: str) -> None:
    address = make_url("postgresql+psycopg://anna:secret@db.example.org:6432/cds")
    error = str(cannot_use(RuntimeError(said), address))
    assert error == f"database_url: the database at db.example.org:6432 cannot be used: {meant}"


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql+psycopg://anna:secret@[::1/x", "postgresql://anna:secret@h:x/"]
)
def test_what_is_no_address_is_answered_with_the_form_of_one(url: str) -> None:
    said = refused(url)
    assert said.startswith("database_url: expected postgresql+psycopg://USER:PASSWORD@HOST/DATABASE")
    assert "secret" not in said


def test_a_driver_that_is_missing_is_said() -> None:
    said = refused("postgresql+nodriver://anna:secret@host/x")
    assert "at host:5432" in said
    assert "its driver is not installed" in said
    assert "secret" not in said


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    file.write_text("no database " * 100)
    assert refused(None, file) == f"{file}: the database in this file cannot be used: file is not a database"


def test_a_file_that_cannot_be_written_is_named_with_the_cause(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    file.touch()
    said = refused(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert said.endswith("the database in this file cannot be used: attempt to write a readonly database")
    assert str(file) in said


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    said = refused(None, tmp_path / "home" / "store.sqlite")
    assert said == f"home: {tmp_path / 'home'} cannot be made: File exists"


def test_the_version_of_an_unreachable_database_is_not_guessed() -> None:
    database = reach_database("postgresql+psycopg://anna:secret@127.0.0.1:1/cds", Path("unused"), SURVIVES_POWER_LOSS)
    with pytest.raises(BadSettings, match="nothing listens there"):
        find_version(database)
