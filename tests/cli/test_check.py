"""`cds check`, `cds explain` and `cds terminology` as a pharmacist uses them."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cds_service.app import build
from cds_service.cli import app
from cds_service.errors import BadSettings
from cds_service.folders import data_folder
from cds_service.knowledge.rules import Severity, Status
from cds_service.settings import Settings
from tests.terminology.test_rrf import release


def cds(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped rules to edit, and an empty home."""
    copy = tmp_path / "rules"
    shutil.copytree(data_folder("rules"), copy)
    monkeypatch.setenv("CDS_RULES", str(copy))
    monkeypatch.setenv("CDS_HOME", str(tmp_path / "home"))
    return copy


def test_the_shipped_rules_pass_and_a_release_is_written(rules: Path, tmp_path: Path) -> None:
    result = cds("check", "--summary")
    assert result.exit_code == 0, result.stderr
    assert "not yet reviewed by a pharmacist" in result.stdout
    assert json.loads((tmp_path / "home" / "release.json").read_bytes())["digest"]


def test_a_mistake_is_named_with_file_and_line_and_no_release_is_written(rules: Path, tmp_path: Path) -> None:
    path = next(rules.rglob("warfarin-nsaid.toml"))
    lines = path.read_text().splitlines()
    number = next(number for number, line in enumerate(lines, start=1) if line.startswith("severity"))
    lines[number - 1] = 'severity = "terrible"'
    path.write_text("\n".join(lines))
    result = cds("check")
    assert result.exit_code == 1
    assert f"rules/{path.relative_to(rules)}:{number}: severity:" in result.stderr
    assert "no release was written" in result.stderr
    assert not (tmp_path / "home").exists()


def production(home: Path) -> Settings:
    return Settings(profile="production", home=home)


def nothing(*_: object) -> None:
    """A record sink that keeps nothing."""


def test_production_runs_the_checked_release_with_unreviewed_rules_silent(rules: Path, tmp_path: Path) -> None:
    assert cds("check").exit_code == 0
    release = build(production(tmp_path / "home"), nothing).release
    unreviewed = {rule.id: rule.status for rule in release.rules.values() if not rule.reviewed}
    assert unreviewed
    assert Status.ACTIVE not in unreviewed.values()
    indexed = [rule for listed in release.index.by_ingredient.values() for rule in listed]
    assert {rule.status for rule in indexed if not rule.reviewed} == {Status.SILENT}


def test_production_runs_unreviewed_rules_once_somebody_accepts_them(rules: Path, tmp_path: Path) -> None:
    assert cds("check").exit_code == 0
    silent = build(production(tmp_path / "home"), nothing).release
    accepted = Settings.model_validate({**production(tmp_path / "home").model_dump(), "accept_unreviewed": "A. Person"})
    release = build(accepted, nothing).release
    assert release.accepted_unreviewed_by == "A. Person"
    assert Status.ACTIVE in {rule.status for rule in release.rules.values()}
    assert release.digest != silent.digest


def test_production_refuses_rules_edited_after_the_check(rules: Path, tmp_path: Path) -> None:
    assert cds("check").exit_code == 0
    path = next(rules.rglob("warfarin-nsaid.toml"))
    path.write_text(path.read_text().replace("Warfarin with an NSAID", "Another title"))
    with pytest.raises(BadSettings, match="edited after the last check; run `cds check`"):
        build(production(tmp_path / "home"), nothing)


def test_production_refuses_a_release_file_that_was_changed(rules: Path, tmp_path: Path) -> None:
    assert cds("check").exit_code == 0
    path = tmp_path / "home" / "release.json"
    path.write_text(path.read_text().replace("major", "minor", 1))
    with pytest.raises(BadSettings, match="changed after it was written"):
        build(production(tmp_path / "home"), nothing)
    path.write_text("{}")
    with pytest.raises(BadSettings, match="not a release file"):
        build(production(tmp_path / "home"), nothing)


def test_a_rule_is_explained_in_words() -> None:
    result = cds("explain", "warfarin-nsaid")
    assert result.exit_code == 0
    assert "warfarin" in result.stdout.lower()


def test_the_facts_a_rule_may_name_are_listed_with_their_units() -> None:
    lines = cds("explain", "--facts").stdout.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("weight ")] == ["weight (kg)"]
    assert any(line.startswith("this.daily_dose ") for line in lines)


def test_explain_without_a_rule_says_what_is_missing() -> None:
    result = cds("explain")
    assert result.exit_code == 2
    assert "name a rule, or ask for --facts" in " ".join(result.stderr.split())


def test_an_unknown_rule_gets_the_nearest_name() -> None:
    result = cds("explain", "warfarin-nsaids")
    assert result.exit_code == 1
    assert "did you mean 'warfarin-nsaid'?" in result.stderr


def test_a_product_is_shown_by_code_and_found_by_the_beginnings_of_its_words() -> None:
    assert "warfarin" in cds("terminology", "show", "855332").stdout
    assert "not in the index" in cds("terminology", "show", "0").stdout
    found = cds("terminology", "search", "warf", "5", "tab")
    assert "855332" in found.stdout
    assert cds("terminology", "search", "zzzz").stderr.strip() == "nothing found"


def test_codes_nobody_can_place_are_listed_by_count(tmp_path: Path) -> None:
    request = {
        "resourceType": "MedicationRequest",
        "medicationCodeableConcept": {"coding": [{"system": "urn:local", "code": "X1", "display": "house mixture"}]},
    }
    (tmp_path / "meds.ndjson").write_text("\n".join([json.dumps(request)] * 2))
    result = cds("terminology", "unmapped", str(tmp_path / "meds.ndjson"))
    assert result.stdout.split() == ["2", "urn:local", "X1", "house", "mixture"]


def test_a_source_folder_without_tables_is_a_sentence(tmp_path: Path) -> None:
    result = cds("terminology", "build", str(tmp_path), "--out", str(tmp_path / "index.sqlite"))
    assert result.exit_code == 1
    assert "rxnorm/rxnorm_ingredient.csv: not found" in result.stderr


def test_an_index_is_built_from_an_official_release(tmp_path: Path) -> None:
    out = tmp_path / "index.sqlite"
    result = cds("terminology", "import-rxnorm", str(release(tmp_path)), "--out", str(out))
    assert result.exit_code == 0, result.stderr
    assert "3 SCD" in result.stdout
    assert str(out) in result.stdout
    assert out.is_file()


def test_a_change_of_the_site_that_ended_since_the_check_no_longer_counts(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    shutil.copytree(data_folder("config"), config)
    monkeypatch.setenv("CDS_CONFIG", str(config))
    (config / "site").mkdir(exist_ok=True)
    change = '[[change]]\nrule = "warfarin-nsaid"\nseverity = "moderate"\nreason = "-"\nby = "A"\nuntil = 2026-06-30\n'
    (config / "site" / "trial.toml").write_text(change)
    monkeypatch.setattr("cds_service.app.today", lambda settings: date(2026, 6, 30))
    assert cds("check").exit_code == 0
    assert build(production(tmp_path / "home"), nothing).release.rules["warfarin-nsaid"].severity is Severity.MODERATE
    monkeypatch.setattr("cds_service.app.today", lambda settings: date(2026, 7, 1))
    assert build(production(tmp_path / "home"), nothing).release.rules["warfarin-nsaid"].severity is Severity.MAJOR
