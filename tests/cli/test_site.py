"""`cds check --site` and `cds explain --tenant`, as a pharmacist types them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cds_service.cli import app
from cds_service.cli.checking import name_strangers
from cds_service.folders import data_folder
from cds_service.knowledge.sources import Sources

CHANGE = """
[[change]]
rule = "warfarin-nsaid"
reason = "the anticoagulation clinic sees these patients within a day"
by = "A. Pharmacist"
snooze = "P90D"
"""
ADDED = """
[[change]]
value_set = "nsaid"
reason = "taken as one"
by = "A. Pharmacist"
add = [{ system = "rxnorm", code = "1191", display = "aspirin" }]
"""
LOCAL_CODE = (
    "system,code,target_system,target_code,display,by,date\n"
    "urn:local,T5,http://www.nlm.nih.gov/research/umls/rxnorm,855332,our warfarin,A. Pharmacist,2026-11-20\n"
)
NOT_STOCKED = "rxcui,status,note,by,date\n314200,excluded,another is stocked,A. Pharmacist,2026-11-20\n"


def cds(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration folder with changes for everybody and for one hospital."""
    folder = tmp_path / "config"
    shutil.copytree(data_folder("config"), folder)
    (folder / "tenants/north").mkdir(parents=True)
    (folder / "site/house.toml").write_text(CHANGE + ADDED, encoding="utf-8")
    (folder / "tenants/north/own.toml").write_text(CHANGE.replace("P90D", "P7D"), encoding="utf-8")
    (folder / "code_map.csv").write_text(LOCAL_CODE, encoding="utf-8")
    (folder / "formulary.csv").write_text(NOT_STOCKED, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and the configuration folder as it was when the test ends."""
    monkeypatch.setenv("CDS_CONFIG", str(data_folder("config")))
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_a_folder_of_changes_is_checked_alone_and_nothing_is_written(config: Path, home: Path) -> None:
    result = cds("check", "--site", str(config))
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "Changed for everybody:"
    assert (
        "    snooze: P90D instead of P30D; config/site/house.toml: the anticoagulation clinic sees these"
        in result.stdout
    )
    assert "Changed for north only:" in lines
    assert "  T5 of urn:local, 'our warfarin', is read as warfarin sodium 5 MG Oral Tablet" in result.stdout
    assert lines[-1] == "checked; nothing was changed: `cds check` makes the release"
    assert not home.exists()


def test_a_mistake_in_a_folder_of_changes_is_said_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "house.toml").write_text(CHANGE.replace("P90D", "90"), encoding="utf-8")
    result = cds("check", "--site", str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "config/site/house.toml:6: change[1].snooze: warfarin-nsaid: found '90', expected a number of days such as"
        ' "P30D"',
        "1 problem; nothing was changed",
    ]


def test_a_folder_without_changes_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = cds("check", "--site", str(tmp_path / "empty"))
    assert result.exit_code == 0
    assert result.stdout.startswith("checked; the folder changes nothing")


def test_a_folder_named_after_no_client_is_a_warning() -> None:
    change: dict[str, list[str]] = {"change": []}
    sources = Sources({"config/tenants/nroth/own.toml": change, "config/tenants/south/east/own.toml": change})
    assert list(name_strangers(sources, ["north", "south"])) == [
        "config/tenants/nroth: clients.toml has no client 'nroth', so nobody gets these changes; did you mean 'north'?"
    ]
    assert list(name_strangers(sources, [])) == []


def test_a_rule_is_explained_as_a_tenant_has_it(config: Path) -> None:
    north = cds("explain", "warfarin-nsaid", "--tenant", "north", "--config", str(config))
    assert "An override keeps it quiet for 7 days." in north.stdout
    assert "  snooze: P7D instead of P30D; config/tenants/north/own.toml: " in north.stdout
    assert "  list nsaid: with aspirin; config/site/house.toml: taken as one (by A. Pharmacist)" in north.stdout
    assert "Local code T5 of urn:local (our warfarin) is read as warfarin sodium 5 MG Oral Tablet" in north.stdout
    assert "Add pantoprazole 40 mg to protect the stomach - left out: not on the formulary" in north.stdout


def test_a_tenant_without_changes_is_said(config: Path) -> None:
    south = cds("explain", "warfarin-nsaid", "--tenant", "south", "--config", str(config))
    assert "An override keeps it quiet for 90 days." in south.stdout
    assert "nothing is changed for 'south'; it gets what everybody gets" in south.stderr


def test_a_rule_nobody_changed_comes_from_the_shipped_file() -> None:
    assert (
        "Every value comes from rules/interactions/warfarin-nsaid.toml, as shipped."
        in cds("explain", "warfarin-nsaid").stdout.splitlines()
    )


def test_a_list_is_explained_with_what_was_added_and_who_uses_it(config: Path) -> None:
    told = cds("explain", "nsaid", "--config", str(config)).stdout
    assert "On it: aspirin, celecoxib" in told
    assert "Changed here: with aspirin; config/site/house.toml: taken as one (by A. Pharmacist)" in told
    assert "warfarin-nsaid" in told.splitlines()[-1]
