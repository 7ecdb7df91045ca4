"""What `cds release` and `cds simulate` refuse, and in which words."""

from collections.abc import Iterator
from pathlib import Path
from zlib import compress

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.governance.releases import Word, activate, approve, begin_log, keep_draft, keep_shipped
from cds_service.knowledge.release import Release
from cds_service.settings import Settings
from cds_service.store.releases import Releases
from cds_service.store.store import Store
from cds_service.store.tables import RELEASES
from tests.governance.conftest import QUIETER, quieter, shipped

__all__ = ["quieter", "shipped"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store of a home that the commands use too."""
    monkeypatch.setenv("CDS_HOME", str(tmp_path))
    opened = open_records(Settings(home=tmp_path), lambda event, about: None)
    yield opened
    opened.database.dispose()


def make_unreadable(store: Store, digest: str) -> None:
    """As if another version of the code had written the release."""
    with store.database.begin() as connection:
        connection.execute(update(RELEASES).where(RELEASES.c.digest == digest).values(content=compress(b"{}")))


def put_in_force(store: Store, shipped: Release) -> Releases:
    """The releases, with that of the data folders in force."""
    releases = Releases(store.database)
    keep_shipped(releases, store.ring, shipped, 1.0)
    begin_log(releases, store.ring, shipped.digest, 1.0)
    return releases


def in_force(releases: Releases) -> str:
    last = releases.last()
    assert last is not None
    return last.control


def test_a_release_this_code_cannot_read_is_neither_put_in_force_nor_gone_back_to(
    store: Store, shipped: Release, quieter: Release
) -> None:
    releases = put_in_force(store, shipped)
    kept = keep_draft(releases, quieter, shipped.digest, QUIETER, Word("Ann", "clinic", 2.0))
    approve(releases, store.ring, kept, ["Ann"], Word("Bo", "", 3.0))
    activate(releases, store.ring, releases.find(kept.digest), 100, Word("Bo", "now", 4.0), "")
    make_unreadable(store, shipped.digest)
    refused = run("release", "rollback", "--by", "Bo")
    assert (refused.exit_code, "not a release file" in refused.stderr) == (1, True)
    refused = run("release", "activate", shipped.digest, "--why", "back", "--by", "Bo")
    assert (refused.exit_code, shipped.digest[:12] in refused.stderr) == (1, True)
    assert in_force(releases) == quieter.digest


def test_what_is_in_force_and_cannot_be_read_leaves_a_draft_possible(
    store: Store, shipped: Release, tmp_path: Path
) -> None:
    put_in_force(store, shipped)
    make_unreadable(store, shipped.digest)
    (tmp_path / "change.toml").write_text(QUIETER)
    drafted = run("release", "draft", "--overlay", str(tmp_path / "change.toml"), "--why", "clinic", "--by", "Ann")
    assert drafted.exit_code == 0
    assert f"nothing to compare with: release {shipped.digest[:12]} not a release file" in drafted.stdout


@pytest.mark.parametrize("step", ["history", "rollback"])
def test_a_home_where_no_service_ran_is_said_and_nothing_is_made_there(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "mistyped"))
    refused = run("release", step)
    assert (refused.exit_code, "is CDS_HOME set?" in refused.stderr) == (1, True)
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("command", [("simulate",), ("release", "draft", "--why", "x", "--by", "Ann")])
@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[[change]]\nreason = 'M\xfcller'\n".encode("latin-1"), ": this file is not UTF-8 text; save it as UTF-8"),
        (b'[[change]]\nrule = "x\n', ":2: a text in quotes is not closed"),
        (QUIETER.replace("nsaid", "nsaids").encode(), "there is no rule 'warfarin-nsaids'"),
    ],
)
def test_a_mistake_in_a_file_of_changes_is_said_of_that_file(
    store: Store, tmp_path: Path, command: tuple[str, ...], written: bytes, said: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_bytes(written)
    refused = run(*command, "--overlay", str(file))
    assert refused.exit_code == 1
    assert refused.stderr.startswith((str(file), f"cds: {file}"))
    assert said in refused.stderr
    assert "changes.toml" not in refused.stderr


@pytest.mark.parametrize("span", ["999999d", "999999999999999999d", "0001-01-01T00:00+14:00"])
def test_a_span_before_all_time_is_refused(store: Store, tmp_path: Path, span: str) -> None:
    refused = run("replay", "--since", span)
    said = " ".join(refused.output.replace("│", "").split())
    assert (refused.exit_code, "later than the year 1" in said) == (2, True)
