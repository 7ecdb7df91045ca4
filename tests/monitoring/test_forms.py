"""The forms of a report: page, CSV, JSON, terminal, and files for Seismometer."""

import csv
import json
from dataclasses import replace
from datetime import date
from getpass import getuser
from io import StringIO
from pathlib import Path
from string import ascii_lowercase

import pytest
from rich.console import Console
from typer import BadParameter
from typer.testing import CliRunner, Result

from cds_service.app import open_records
from cds_service.cli import app
from cds_service.cli.reporting import refuse_unknown, rules_in, show
from cds_service.governance.releases import keep_shipped
from cds_service.knowledge.compile import compile_release
from cds_service.monitoring.forms import report_as_csv, report_as_json
from cds_service.monitoring.page import write_page
from cds_service.monitoring.rates import Shift
from cds_service.monitoring.recorded import Span, read_fired
from cds_service.monitoring.report import Report, make_report
from cds_service.monitoring.seismometer import frequent_rules, write_seismometer
from cds_service.settings import Settings
from cds_service.store.releases import Releases
from tests.knowledge.shelves import load_shelf
from tests.monitoring.lines import a_line, a_report
from tests.monitoring.traffic import BLEEDING, END, QUIET, START, Traffic
from tests.support.small_terminology import SmallTerminology

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def report(traffic: Traffic) -> Report:
    """Twenty alerts, five of them overridden, one of these with a reason that would be a script or a formula."""
    for number in range(20):
        card = traffic.call(BLEEDING, QUIET, reached={"missing": ("value inr: not sent",)})
        if number < 5:
            traffic.answer(card, "overridden", f"={HOSTILE}" if number == 0 else "already-tolerated")
    return make_report(traffic.store.database, Span(START, END), 1)


def test_the_page_needs_nothing_else_and_runs_nothing_of_a_client(report: Report) -> None:
    page = write_page(report)
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("<!doctype html>", "")
    assert "25\N{NO-BREAK SPACE}% (11–47)" in page  # 5 of 20: Wilson's interval by hand, 0.112 to 0.469
    assert "By rule and version" in page
    assert "value inr: not sent" in page


def test_json_names_the_parts_of_each_line(report: Report) -> None:
    told = json.loads(report_as_json(report))
    (bleeding,) = [each for each in told["views"]["rule"] if each["rule"] == "warfarin-nsaid"]
    assert (bleeding["version"], bleeding["shown"], bleeding["overridden"], bleeding["ignored"]) == ("1.0.0", 20, 5, 15)
    assert bleeding["overriddenShare"]["share"] == 0.25
    assert told["overview"]["calls"] == 20
    assert told["everything"][0]["week"] == "2026-W47"


def test_json_tells_how_often_a_rule_spoke_up_before_and_since() -> None:
    """100 of 5,000 calls, then 300 of 5,000; 7 calls are too few to be shown."""
    shifts = (
        Shift("louder", True, date(2026, 11, 2), date(2026, 11, 5), (100, 5000), (300, 5000)),
        Shift("new", True, date(2026, 11, 2), date(2026, 11, 5), (7, 5000), (300, 5000)),
    )
    told = json.loads(report_as_json(a_report(a_line("louder", "1.0.0"), shifts=shifts)))
    assert told["shifts"][0] == {
        **{"rule": "louder", "more": True, "since": "2026-11-02", "noticed": "2026-11-05"},
        **{"before": 2.0, "after": 6.0},
    }
    assert told["shifts"][1]["before"] is None


def test_csv_is_a_row_for_each_line_and_no_formula(report: Report) -> None:
    rows = list(csv.DictReader(StringIO(report_as_csv(replace(report, least=1)))))
    bleeding = next(row for row in rows if row["rule"] == "warfarin-nsaid")
    assert bleeding["shown"] == "20"
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


def test_a_hidden_count_stays_hidden_in_every_form(traffic: Traffic) -> None:
    for _ in range(7):
        traffic.call(BLEEDING)
    report = make_report(traffic.store.database, Span(START, END))
    out = StringIO()
    show(report, Console(file=out, width=160))
    assert json.loads(report_as_json(report))["views"]["rule"][0]["shown"] is None
    assert next(iter(csv.DictReader(StringIO(report_as_csv(report)))))["shown"] == "*"
    for text in (write_page(report), out.getvalue()):
        rules = text.partition("By rule")[2].partition("By client")[0]
        assert "*" in rules
        assert "7" not in rules


def test_seismometer_gets_a_row_for_each_finding_and_an_event_for_each_answer(traffic: Traffic, tmp_path: Path) -> None:
    traffic.answer(traffic.call(BLEEDING, QUIET), "accepted")
    traffic.call(replace(BLEEDING, indicator="critical"))
    paths = write_seismometer(traffic.store.database, Span(START, END), tmp_path / "out")
    assert {path.name for path in paths} >= {"predictions.csv", "events.csv", "usage_config.yml", "config.yml"}
    predictions = list(csv.DictReader(paths[0].read_text("utf-8").splitlines()))
    events = list(csv.DictReader(paths[1].read_text("utf-8").splitlines()))
    assert [(row["rule"], row["frequent_rule"], row["urgency"], row["withheld"]) for row in predictions] == [
        ("warfarin-nsaid", "warfarin-nsaid", "0.6", "no"),
        ("duplicate-nsaid", "duplicate-nsaid", "0.0", "over the cap"),
        ("warfarin-nsaid", "warfarin-nsaid", "0.9", "no"),
    ]
    assert [(row["Type"], row["Value"]) for row in events] == [("accepted", "1")]
    first = predictions[0]
    assert (events[0]["patient"], events[0]["finding"]) == (first["patient"], first["finding"])
    assert events[0]["EventTime"] > first["PredictTime"]
    assert len({(row["patient"], row["finding"], row["PredictTime"]) for row in predictions}) == 3
    assert "patient-1" not in paths[0].read_text("utf-8")


def test_seismometer_tells_apart_25_groups_at_most(traffic: Traffic) -> None:
    """26 rules fired, the last of them once and the others twice: 24 stand for themselves, two are put together."""
    rules = [f"rule-{letter}" for letter in ascii_lowercase]
    for rule in [*rules, *rules[:-1]]:
        traffic.call(replace(BLEEDING, rule=rule))
    with traffic.store.database.connect() as connection:
        found = [*read_fired(connection, Span(START, END))]
    assert set(rules) - frequent_rules(found) == {"rule-y", "rule-z"}
    assert frequent_rules(each for each in found if each.rule != "rule-z") == set(rules) - {"rule-z"}


def test_the_versions_of_rules_are_those_of_the_kept_release(traffic: Traffic) -> None:
    release = compile_release(load_shelf(), SmallTerminology())
    keep_shipped(Releases(traffic.store.database), traffic.store.ring, release, 0.0)
    rules_of = rules_in(traffic.store.database)
    assert rules_of(release.digest)["warfarin-nsaid"] == release.rules["warfarin-nsaid"].version
    assert rules_of("f" * 64) == {}


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", *words])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(home=tmp_path / "home")
    store = open_records(settings, lambda event, about: None)
    store.close()
    monkeypatch.setenv("CDS_HOME", str(settings.home))
    return settings


def test_the_command_writes_each_form(home: Settings, tmp_path: Path) -> None:
    assert "No call was recorded in this time." in run().output
    assert json.loads(run("--form", "json").output)["overview"]["calls"] == 0
    assert run("--form", "csv").output.startswith("rule,version,client")
    page = tmp_path / "report.html"
    assert run("--form", "html", "--out", str(page)).exit_code == 0
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert run("--out", str(tmp_path / "report.txt")).exit_code == 0
    assert "Alerts" in (tmp_path / "report.txt").read_text("utf-8")
    assert run("--since", "last summer").exit_code == 2


def test_rows_for_seismometer_are_for_their_owner_alone_and_that_they_were_taken_is_listed(
    home: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    assert "predictions.csv" in run("--seismometer", str(folder), "--since", "2026-11-01").output
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    listed = CliRunner().invoke(app, ["audit", "accesses", "--since", "1h"])
    (access,) = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (access["who"], access["what"]) == (getuser(), "seismometer")
    assert access["of"].startswith("2026-11-01T00:00:00+00:00 to ")
    assert CliRunner().invoke(app, ["audit", "accesses", "--until", "2026-01-01", "--since", "2025-01-01"]).stdout == ""


def test_a_client_of_whom_nothing_was_recorded_is_refused_with_those_of_whom_something_was(
    traffic: Traffic,
) -> None:
    traffic.call(BLEEDING, tenant="north/ward")
    for known in (None, "north", "north/ward"):
        refuse_unknown(traffic.store.database, known)
    for unknown in ("nort", "north/war", "south"):
        with pytest.raises(BadParameter, match="there are calls of: north/ward"):
            refuse_unknown(traffic.store.database, unknown)


def test_an_unknown_client_makes_no_report(home: Settings) -> None:
    result = run("--tenant", "south")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'south'" in result.stderr
