"""One release answers for several tenants: shipped, site, client, tenant, workbench; later wins."""

from datetime import date
from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.governance.check import check
from cds_service.governance.review import accept_unreviewed, silence_unreviewed
from cds_service.knowledge.compile import compile_release, is_current
from cds_service.knowledge.overlays import find_tenants
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Audience, Listeners, Severity, Status
from cds_service.knowledge.sources import Sources
from cds_service.knowledge.stored import read_release, write_release
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

WHO = 'reason = "house policy 12"\nby = "C. Chief"\n'
RULE = "warfarin-nsaid"


def change(*fields: str, rule: str = RULE) -> str:
    return "\n".join((f'[[change]]\nrule = "{rule}"', WHO, *fields, ""))


def sources_of(folder: Path, **files: str) -> Sources:
    """The small shelf with these files of config, written `site__house` for `site/house.toml`."""
    return load_shelf(
        copy_shelf(folder, {f"config/{name.replace('__', '/')}.toml": text for name, text in files.items()})
    )


def release_of(folder: Path, today: date | None = None, **files: str) -> Release:
    return compile_release(sources_of(folder, **files), SmallTerminology(), today)


def test_a_tenant_has_its_own_changes_over_those_of_the_site(tmp_path: Path) -> None:
    release = release_of(
        tmp_path,
        site__house=change('snooze = "P60D"', 'severity = "moderate"'),
        tenants__north__own=change('snooze = "P90D"'),
    )
    assert release.rules[RULE].snooze == "P60D"
    theirs = release.for_tenant("north").rules[RULE]
    assert (theirs.snooze, theirs.severity) == ("P90D", Severity.MODERATE)
    assert release.for_tenant("south") is release


def test_changes_for_a_client_count_for_its_tenants_and_those_of_a_tenant_for_it_alone(tmp_path: Path) -> None:
    release = release_of(
        tmp_path,
        tenants__group__own=change('snooze = "P60D"'),
        tenants__group__east__own=change('status = "silent"'),
    )
    east, west = release.for_tenant("group/east").rules[RULE], release.for_tenant("group/west").rules[RULE]
    assert (east.snooze, east.status) == ("P60D", Status.SILENT)
    assert (west.snooze, west.status) == ("P60D", Status.ACTIVE)
    assert release.rules[RULE].snooze == "P30D"


def test_the_rules_that_reach_a_call_are_the_tenants(tmp_path: Path) -> None:
    release = release_of(tmp_path, tenants__north__own=change('status = "retired"'))
    warfarin = "11289"
    assert RULE in [rule.id for rule in release.index.by_ingredient[warfarin]]
    assert RULE not in [rule.id for rule in release.for_tenant("north").index.by_ingredient.get(warfarin, ())]


def test_a_rule_without_a_tenants_change_is_the_same_value(tmp_path: Path) -> None:
    release = release_of(tmp_path, tenants__north__own=change('snooze = "P90D"'))
    same = [id for id, rule in release.for_tenant("north").rules.items() if rule is release.rules[id]]
    assert set(same) == release.rules.keys() - {RULE}


def test_one_digest_covers_all_tenants(tmp_path: Path) -> None:
    plain = compile_release(load_shelf(SHELF), SmallTerminology())
    release = release_of(tmp_path, tenants__north__own=change('snooze = "P90D"'))
    assert release.for_tenant("north").digest == release.digest
    assert release.digest != plain.digest


def test_a_folder_name_stands_for_a_tenant_as_in_an_address(tmp_path: Path) -> None:
    files = {"config/tenants/group/a%2Fb/own.toml": change('snooze = "P90D"')}
    sources = load_shelf(copy_shelf(tmp_path, files))
    assert list(find_tenants(sources)) == ["group/a/b"]
    assert compile_release(sources, SmallTerminology()).for_tenant("group/a/b").rules[RULE].snooze == "P90D"


def test_the_workbench_has_the_last_word_for_everybody(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, site__house=change('snooze = "P60D"'), tenants__north__own=change('snooze = "P90D"'))
    release = compile_release(sources.with_layer(change('snooze = "P7D"')), SmallTerminology())
    assert (release.rules[RULE].snooze, release.for_tenant("north").rules[RULE].snooze) == ("P7D", "P7D")


def test_a_workbench_text_that_is_not_toml_is_a_problem_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match=r"workbench/changes.toml:2: a text in quotes is not closed"):
        compile_release(load_shelf(SHELF).with_layer('[[change]]\nrule = "x'), SmallTerminology())


def test_a_mistake_made_for_one_tenant_stops_the_release(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge) as bad:
        release_of(tmp_path, tenants__north__own=change('snooze = "P90D"', rule="warfarin-nsaids"))
    (problem,) = bad.value.problems
    assert str(problem).startswith("config/tenants/north/own.toml:1: change[1]: there is no rule 'warfarin-nsaids'")


def test_a_field_set_in_two_layers_is_no_mistake_but_in_one_layer_it_is(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match=r"also set in config/tenants/north/a\.toml"):
        release_of(
            tmp_path,
            tenants__north__a=change('snooze = "P90D"'),
            tenants__north__b=change('snooze = "P60D"'),
        )


def test_a_change_for_a_tenant_ends_too(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, tenants__north__own=change('snooze = "P90D"', "until = 2027-01-31"))
    last_day, day_after = (compile_release(sources, SmallTerminology(), date(2027, *on)) for on in ((1, 31), (2, 1)))
    assert last_day.for_tenant("north").rules[RULE].snooze == "P90D"
    assert day_after.for_tenant("north").rules[RULE].snooze == "P30D"
    assert last_day.digest != day_after.digest
    assert not is_current(last_day, sources, date(2027, 2, 1))
    report = check(sources, SmallTerminology(), date(2027, 2, 1))
    assert "config/tenants/north/own.toml: change[1]: ended on 2027-01-31; remove it" in report.warnings


def test_an_example_that_a_tenant_changed_away_from_is_a_warning(tmp_path: Path) -> None:
    sources = sources_of(tmp_path, tenants__north__own=change('thresholds = { "grade[1].when" = 6 }'))
    report = check(sources, SmallTerminology(), date(2026, 12, 1))
    assert report.passed
    assert any(warning.startswith("changed for north: ") for warning in report.warnings)


def test_tenants_are_stored_with_the_release(tmp_path: Path) -> None:
    audience = 'audience = { except = { department = ["ICU"], encounter_class = ["EMER"] } }'
    release = release_of(tmp_path, tenants__north__own=change(audience))
    again = read_release(write_release(release), SmallTerminology())
    listeners = Listeners(departments=frozenset({"icu"}), encounter_classes=frozenset({"EMER"}))
    assert again.for_tenant("north").rules[RULE].audience == Audience(besides=listeners)


def test_review_and_acceptance_count_for_every_tenant(tmp_path: Path) -> None:
    release = release_of(tmp_path, tenants__north__own=change('snooze = "P90D"'))
    silent = silence_unreviewed(release)
    assert silent.for_tenant("north").rules[RULE].status is Status.SILENT
    assert silent.for_tenant("north").digest == silent.digest
    assert accept_unreviewed(release, "A. Person").for_tenant("north").accepted_unreviewed_by == "A. Person"
