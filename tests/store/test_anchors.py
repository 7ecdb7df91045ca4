"""Where checkpoints go."""

from pathlib import Path

import pytest

from cds_service.errors import BadSettings
from cds_service.store.anchors import SYSLOG, find_anchor, write_to_syslog


def post(line: str) -> None:
    """Stands for the way to a server."""


def test_an_anchor_is_a_file_the_system_log_or_a_server(tmp_path: Path) -> None:
    write = find_anchor(str(tmp_path / "there" / "anchor"), tmp_path / "home", post)
    write("one")
    write("two")
    assert (tmp_path / "there" / "anchor").read_text() == "one\ntwo\n"
    assert find_anchor("https://audit.example.org/cds", tmp_path, post) is post
    assert find_anchor(SYSLOG, tmp_path, post) is write_to_syslog


@pytest.mark.parametrize(
    ("address", "says"),
    [("http://audit.example.org", "expected a file, syslog or an https address"), ("home/anchor", "inside home")],
)
def test_a_place_that_proves_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadSettings, match=says):
        find_anchor(address, Path("home"), post)


def test_the_system_log_gets_the_line_as_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[int, str]] = []
    monkeypatch.setattr("syslog.syslog", lambda priority, line: written.append((priority, line)))
    write_to_syslog('{"number":1}')
    assert [line for _, line in written] == ['{"number":1}']
