"""Where checkpoints go."""

from pathlib import Path

import pytest

from cds_service.edge import open_anchor
from cds_service.errors import BadSettings, NotAnchored
from cds_service.outbound import Answer
from cds_service.settings import Settings
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


class Stub:
    """A server that takes checkpoints, or does not."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.forms: list[tuple[str, dict[str, str]]] = []

    def post(self, url: str, form: dict[str, str], deadline: float, most_bytes: int) -> Answer:
        self.forms.append((url, form))
        return Answer(self.status, b"")


@pytest.mark.parametrize(("status", "taken"), [(200, True), (204, True), (302, False), (500, False)])
def test_a_server_has_taken_a_checkpoint_when_it_says_so(
    monkeypatch: pytest.MonkeyPatch, status: int, taken: bool
) -> None:
    stub = Stub(status)
    monkeypatch.setattr("cds_service.edge.connect", lambda settings: stub)
    anchor = open_anchor(Settings(audit_anchor="https://audit.example.org/cds"))
    assert anchor is not None
    if taken:
        anchor("line")
    else:
        with pytest.raises(NotAnchored, match=f"the anchor answered {status}"):
            anchor("line")
    assert stub.forms == [("https://audit.example.org/cds", {"checkpoint": "line"})]


def test_without_a_setting_there_is_no_anchor() -> None:
    assert open_anchor(Settings()) is None
