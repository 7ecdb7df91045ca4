"""The worked examples of docs/tuning.md: every file in it passes the check, which says what the page says."""

import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from cds_service.folders import data_folder
from cds_service.governance.site import SiteReport, check_site
from cds_service.knowledge.overlays import RULE_FIELDS, SET_FIELDS
from cds_service.knowledge.sources import load_site
from cds_service.terminology.index import open_index
from tests.rules.library import shipped_sources

GUIDE = Path(__file__).resolve().parents[2] / "docs/tuning.md"
FENCE = re.compile(r"^```(toml|csv|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TODAY = date(2026, 12, 1)


@cache
def blocks(kind: str) -> tuple[str, ...]:
    return tuple(text for language, text in FENCE.findall(GUIDE.read_text(encoding="utf-8")) if language == kind)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> SiteReport:
    """What the check says of all files of the guide together."""
    folder = tmp_path_factory.mktemp("config")
    for text in (*blocks("toml"), *blocks("csv")):
        name = text.splitlines()[0].removeprefix("# config/")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    terminology = open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite")
    return check_site(shipped_sources(), load_site(folder), terminology, TODAY)


def test_every_file_of_the_guide_passes(report: SiteReport) -> None:
    assert len(blocks("toml")) == 7
    assert len(blocks("csv")) == 2
    assert [str(problem) for problem in report.problems] == []


def test_the_check_says_what_the_guide_says(report: SiteReport) -> None:
    told = [line for text in blocks("text") for line in text.splitlines()]
    assert len(told) >= 10
    assert [line for line in told if line not in report.differences] == []


def test_a_changed_example_is_a_warning(report: SiteReport) -> None:
    assert any(warning.startswith("changed by the site: ") for warning in report.warnings)


def test_the_guide_names_every_field_that_can_be_set() -> None:
    table = GUIDE.read_text(encoding="utf-8").split("## What you can set")[1].split("## What the check may say")[0]
    assert [name for name in (*RULE_FIELDS, *SET_FIELDS) if f"`{name}`" not in table] == []
