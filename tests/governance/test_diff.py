"""What one release says otherwise than another, as a pharmacist reads it."""

from dataclasses import replace

from cds_service.app import Application
from cds_service.governance.diff import diff
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Severity
from tests.governance.conftest import RULE


def without(release: Release, id: str) -> Release:
    return replace(release, rules={each: rule for each, rule in release.rules.items() if each != id})


def with_rule(release: Release, **changes: object) -> Release:
    rule = replace(release.rules[RULE], **changes)  # type: ignore[arg-type]
    return replace(release, rules={**release.rules, RULE: rule})


def test_a_release_has_nothing_to_say_against_itself(shipped: Release) -> None:
    assert list(diff(shipped, shipped)) == []


def test_a_changed_limit_is_said_as_its_sentence_before_and_after(shipped: Release, lesser: Release) -> None:
    lines = list(diff(shipped, lesser))
    assert lines[0] == f"changed: {RULE} (Warfarin with an NSAID)"
    assert "  was: INR is above 4 {INR} (grade[2].when)" in lines
    assert "  now: INR is above 5 {INR} (grade[2].when)" in lines
    assert not any("comes from" in line for line in lines)


def test_added_and_removed_rules_say_how_grave_they_are(shipped: Release) -> None:
    fewer = without(shipped, RULE)
    assert list(diff(shipped, fewer)) == [f"removed: {RULE} (Warfarin with an NSAID), was active, major"]
    assert list(diff(fewer, shipped)) == [f"added: {RULE} (Warfarin with an NSAID), active, major"]


def test_a_field_that_no_sentence_says_is_named(shipped: Release) -> None:
    changed = with_rule(shipped, facts=frozenset({"inr"}))
    assert list(diff(shipped, changed)) == [f"changed: {RULE} (Warfarin with an NSAID)", "  ~ facts"]


def test_what_changes_for_one_tenant_only_is_said_with_its_name(shipped: Release) -> None:
    for_north = replace(shipped, tenants={"north": with_rule(shipped, severity=Severity.MINOR)})
    lines = list(diff(shipped, for_north))
    assert lines[0] == f"for north: changed: {RULE} (Warfarin with an NSAID)"
    assert "  now: Severity minor, so the card is warning by default." in lines


def test_other_parts_are_named(shipped: Release) -> None:
    other = replace(shipped, code_map={("local", "1"): ("rxnorm", "5640")}, policy=replace(shipped.policy, caps={}))
    assert list(diff(shipped, other)) == ["changed: card policy", "changed: local codes"]


def test_models_are_named_with_what_changed_in_them(application: Application, shipped: Release) -> None:
    one, other = sorted(application.release.models, key=lambda model: model.id)[:2]
    was, now = replace(shipped, models=(one,)), replace(shipped, models=(replace(one, version="99"), other))
    assert list(diff(was, now)) == [f"changed: model {one.id}: version", f"added: model {other.id}"]
    assert list(diff(now, replace(now, models=(other,)))) == [f"removed: model {one.id}"]
