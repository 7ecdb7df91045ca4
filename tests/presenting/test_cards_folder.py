"""The shipped card policy, problems and override reasons."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from cds_service.knowledge.rules import Indicator, Severity
from cds_service.presenting.text import plain_text

CARDS = Path(__file__).resolve().parents[2] / "cards"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((CARDS / name).read_text(encoding="utf-8"))


def test_every_problem_leaves_room_for_two_drug_names() -> None:
    for id, problem in read("problems.toml").items():
        assert set(problem) == {"title", "summary", "group_by"}, id
        assert problem["group_by"] in {"patient", "order"}, id
        assert len(plain_text(problem["summary"]).fill({"drugs": ""})) < 60, id


def test_every_severity_has_an_indicator_and_a_worse_one_is_never_milder() -> None:
    indicators = read("policy.toml")["indicators"]
    assert list(indicators) == [str(severity) for severity in Severity]
    places = [list(Indicator).index(Indicator(each)) for each in indicators.values()]
    assert places == sorted(places)


def test_the_alarm_philosophy_explains_every_level() -> None:
    levels = read("policy.toml")["level"]
    assert [level["level"] for level in levels] == [*(str(each) for each in Indicator), "silent"]
    assert all(level["means"] and level["used_for"] and level["why"] for level in levels)


def test_every_hook_has_a_cap() -> None:
    assert set(read("policy.toml")["caps"]) == {"order-select", "order-sign", "patient-view", "encounter-discharge"}


@pytest.mark.requirement("CH-121")
def test_one_code_in_one_system_has_one_display() -> None:
    reasons = read("override_reasons.toml").values()
    codings = [(reason["system"], reason["code"]) for reason in reasons]
    assert len(codings) == len(set(codings))
    assert all(reason["display"] for reason in reasons)
