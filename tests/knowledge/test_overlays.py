"""A site changes shipped knowledge: by field, with a reason and a name, and never a contraindication alone."""

from datetime import date
from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.governance.check import check
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.explain import explain
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Line, Severity, Status
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

RULE = (SHELF / "rules/warfarin-nsaid.toml").read_text(encoding="utf-8")
WHO = 'reason = "house policy 12"\nby = "C. Chief"\n'


def release_of(folder: Path, today: date | None = None, **files: str) -> Release:
    """The small shelf with these files of config/site."""
    copy_shelf(folder, {f"config/site/{stem}.toml": text for stem, text in files.items()})
    return compile_release(load_shelf(folder), SmallTerminology(), today)


def complaints(folder: Path, **files: str) -> list[str]:
    with pytest.raises(BadKnowledge) as bad:
        release_of(folder, None, **files)
    return [str(problem) for problem in bad.value.problems]


def test_a_site_changes_single_fields_of_a_rule(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}severity = "moderate"\nstatus = "silent"\nsnooze = "P90D"\n'
    change += 'summary = "{{ a.name }} and {{ b.name }}"\nthresholds = { "grade[1].when" = 4.5 }\n'
    rule = release_of(tmp_path, house=change).rules["warfarin-nsaid"]
    assert (rule.severity, rule.status, rule.snooze) == (Severity.MODERATE, Status.SILENT, "P90D")
    assert rule.card.summary == "{{ a.name }} and {{ b.name }}"
    assert isinstance(rule.grades[0].when, Line)
    assert rule.grades[0].when.operand == 4.5
    assert rule.title == "Warfarin with an NSAID"


def test_every_changed_value_says_where_it_comes_from(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}snooze = "P90D"\nuntil = 2027-01-31\n'
    rule = release_of(tmp_path, house=change).rules["warfarin-nsaid"]
    origin = "config/site/house.toml: house policy 12 (by C. Chief, until 2027-01-31)"
    assert rule.origins == (("snooze", f"P90D instead of P30D; {origin}"),)
    assert f"  snooze: P90D instead of P30D; {origin}" in explain(rule)


def test_an_audience_is_read_back_in_sentences(tmp_path: Path) -> None:
    audience = (
        'only = { role = ["Pharmacist", "Nurse"] }, except = { department = ["ICU"], encounter_class = ["EMER"] }'
    )
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}audience = {{ {audience} }}\n'
    told = explain(release_of(tmp_path, house=change).rules["warfarin-nsaid"]).splitlines()
    place = told.index("Only for the roles: nurse, pharmacist.")
    assert told[place + 1 : place + 4] == [
        "Not in the departments: icu.",
        "Not in encounters of class: EMER.",
        "Where the role, department or encounter is not known, the card is shown.",
    ]


def test_a_change_that_has_ended_no_longer_counts(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}snooze = "P90D"\nuntil = 2027-01-31\n'
    last_day = release_of(tmp_path, date(2027, 1, 31), house=change)
    day_after = release_of(tmp_path, date(2027, 2, 1), house=change)
    assert last_day.rules["warfarin-nsaid"].snooze == "P90D"
    assert day_after.rules["warfarin-nsaid"].snooze == "P30D"
    assert last_day.digest != day_after.digest


def test_an_ended_change_is_a_warning_of_the_check(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}snooze = "P90D"\nuntil = 2027-01-31\n'
    copy_shelf(tmp_path, {"config/site/house.toml": change})
    report = check(load_shelf(tmp_path), SmallTerminology(), date(2027, 2, 1))
    assert report.passed
    assert "config/site/house.toml: change[1]: ended on 2027-01-31; remove it" in report.warnings


def test_a_row_of_a_table_can_be_changed_too(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "daily-maximum.161"\n{WHO}thresholds = {{ "when.all[1]" = 3000 }}\n'
    rules = release_of(tmp_path, house=change).rules
    limits = [
        line.operand
        for id in ("daily-maximum.161", "daily-maximum.5640")
        for line in rules[id].all
        if isinstance(line, Line)
    ]
    assert limits == [3000.0, 3200.0]


def test_days_are_a_limit_too_and_what_to_do_a_text(tmp_path: Path) -> None:
    within = RULE.replace('above = 4, unit = "{INR}"', "within_days = 14")
    assert within != RULE
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}thresholds = {{ "grade[1].when" = 7 }}\n'
    change += 'management = "Ask the clinic."\n'
    copy_shelf(tmp_path, {"rules/warfarin-nsaid.toml": within, "config/site/house.toml": change})
    rule = compile_release(load_shelf(tmp_path), SmallTerminology()).rules["warfarin-nsaid"]
    assert isinstance(rule.grades[0].when, Line)
    assert (rule.grades[0].when.operand, rule.management) == (7.0, "Ask the clinic.")
    assert "was measured in the last 7 days (grade[1].when)" in explain(rule)


def test_a_site_adds_to_and_removes_from_a_value_set(tmp_path: Path) -> None:
    change = f'[[change]]\nvalue_set = "nsaid"\n{WHO}'
    change += 'add = [{ system = "rxnorm", code = "1191", display = "aspirin" }]\nremove = [{ code = "3355" }]\n'
    rule = release_of(tmp_path, house=change).rules["warfarin-nsaid"]
    assert rule.sides[0].ingredients == {"5640", "1191"}


def test_an_example_that_the_site_changed_away_from_is_a_warning(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}thresholds = {{ "grade[1].when" = 6 }}\n'
    copy_shelf(tmp_path, {"config/site/house.toml": change})
    report = check(load_shelf(tmp_path), SmallTerminology(), date(2026, 12, 1))
    assert report.passed
    assert any("wanted fires with critical, got fires with warning" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            'rule = "warfarin-nsaids"\nsnooze = "P9D"',
            "there is no rule 'warfarin-nsaids'; did you mean 'warfarin-nsaid'?",
        ),
        ('value_set = "nsaids"\nadd = []', "there is no value set 'nsaids'; did you mean 'nsaid'?"),
        ('rule = "warfarin-nsaid"\nseverty = "minor"', "there is no key 'severty' here; did you mean 'severity'?"),
        ('rule = "warfarin-nsaid"', "a change of a rule sets severity, interrupt, status, snooze"),
        ('rule = "warfarin-nsaid"\nadd = []', "a change of a rule sets severity, interrupt, status, snooze"),
        ('snooze = "P9D"', "a change names either a rule or a value_set"),
        (
            'rule = "warfarin-nsaid"\nthresholds = { "when.all[1]" = 3 }',
            "the rule has no line with a limit at 'when.all[1]'",
        ),
        ('rule = "warfarin-nsaid"\nthresholds = { "grade[1].when" = "3" }', "says 'above', which needs a number"),
        (
            'rule = "warfarin-nsaid"\nsnooze = "P9D"\napproved_by = "C. Chief"',
            "who approves must not be who made the change",
        ),
        ('value_set = "nsaid"\nremove = [{ code = "161" }]', "'nsaid' has no such entry: 161"),
    ],
)
def test_mistakes_in_a_site_file_are_explained(change: str, says: str, tmp_path: Path) -> None:
    (complaint,) = complaints(tmp_path, house=f"[[change]]\n{WHO}{change}\n")
    assert complaint.startswith("config/site/house.toml:")
    assert says in complaint


def test_a_field_set_twice_names_both_files(tmp_path: Path) -> None:
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}snooze = "P90D"\n'
    (complaint,) = complaints(tmp_path, first=change, second=change)
    assert complaint.startswith("config/site/second.toml:")
    assert "'snooze' of 'warfarin-nsaid' is also set in config/site/first.toml, change[1]" in complaint


@pytest.mark.parametrize(
    "quieter",
    ['status = "silent"', 'severity = "major"', 'interrupt = "passive"', 'thresholds = { "grade[1].when" = 9 }'],
)
def test_a_contraindication_is_quietened_by_two_people_only(quieter: str, tmp_path: Path) -> None:
    contraindicated = RULE.replace('severity = "major"', 'severity = "contraindicated"')
    copy_shelf(tmp_path, {"rules/warfarin-nsaid.toml": contraindicated})
    change = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}{quieter}\n'
    folder = tmp_path / "config/site"
    folder.mkdir()
    (folder / "house.toml").write_text(change, encoding="utf-8")
    with pytest.raises(BadKnowledge, match=r"'warfarin-nsaid' is contraindicated: changing its .* needs approved_by"):
        compile_release(load_shelf(tmp_path), SmallTerminology())
    (folder / "house.toml").write_text(f'{change}approved_by = "S. Second"\n', encoding="utf-8")
    assert compile_release(load_shelf(tmp_path), SmallTerminology()).rules["warfarin-nsaid"].origins


GI_BLEED_WITHOUT_K25 = 'value_set = "gi-bleed"\nremove = [{ prefix = "K25" }]'
CONTRAINDICATED = RULE.replace('severity = "major"', 'severity = "contraindicated"')


def contraindicated_with(folder: Path, change: str) -> list[str]:
    """What is wrong when `change` is made to a rule that is a contraindication."""
    files = {"rules/warfarin-nsaid.toml": CONTRAINDICATED, "config/site/house.toml": f"[[change]]\n{WHO}{change}\n"}
    sources = load_shelf(copy_shelf(folder, files))
    try:
        compile_release(sources, SmallTerminology())
    except BadKnowledge as bad:
        return [str(problem) for problem in bad.problems]
    return []


@pytest.mark.parametrize("entry", ['value_set = "nsaid"\nremove = [{ code = "3355" }]', GI_BLEED_WITHOUT_K25])
def test_a_list_that_a_contraindication_names_is_thinned_out_by_two_people_only(entry: str, tmp_path: Path) -> None:
    (complaint,) = contraindicated_with(tmp_path, entry)
    assert complaint.startswith("config/site/house.toml:1: change[1]: ")
    assert "decides the contraindication 'warfarin-nsaid': changing it needs approved_by" in complaint
    assert contraindicated_with(tmp_path, f'{entry}\napproved_by = "S. Second"') == []


def test_one_person_may_add_to_what_a_contraindication_warns_of(tmp_path: Path) -> None:
    more = 'value_set = "nsaid"\nadd = [{ system = "rxnorm", code = "1191", display = "aspirin" }]'
    assert contraindicated_with(tmp_path, more) == []


def test_two_people_add_to_what_spares_from_a_contraindication(tmp_path: Path) -> None:
    spared = CONTRAINDICATED.replace(
        "[unless]\nany = [", '[unless]\nany = [ { fact = "conditions", any_in = "gi-bleed" },'
    )
    assert spared != CONTRAINDICATED
    more = 'value_set = "gi-bleed"\nadd = [{ system = "snomed", code = "1", display = "another" }]'
    files = {"rules/warfarin-nsaid.toml": spared, "config/site/house.toml": f"[[change]]\n{WHO}{more}\n"}
    with pytest.raises(BadKnowledge, match="decides the contraindication 'warfarin-nsaid': changing it needs"):
        compile_release(load_shelf(copy_shelf(tmp_path, files)), SmallTerminology())


def test_a_contraindication_has_no_audience(tmp_path: Path) -> None:
    (complaint,) = contraindicated_with(
        tmp_path, 'rule = "warfarin-nsaid"\naudience = { only = { role = ["pharmacist"] } }'
    )
    assert complaint.startswith("config/site/house.toml:5: change[1].audience: ")
    assert "a contraindication is shown to everybody; leave the audience out" in complaint


def test_a_rule_that_the_site_made_a_contraindication_is_lowered_by_two_people_only(tmp_path: Path) -> None:
    raised = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}severity = "contraindicated"\n'
    lowered = f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}severity = "minor"\n'
    files = {"config/site/house.toml": raised, "config/tenants/north/own.toml": lowered}
    with pytest.raises(BadKnowledge, match=r"config/tenants/north/own.toml:1: .* is contraindicated"):
        compile_release(load_shelf(copy_shelf(tmp_path, files)), SmallTerminology())


@pytest.mark.parametrize(
    ("change", "place", "says"),
    [
        ('snooze = "90 days"', "snooze", "found '90 days', expected a number of days such as \"P30D\""),
        ('override_reasons = ["because"]', "override_reasons", "has no reason 'because'"),
        ('summary = "{{ a.nmae }}"', "summary", "nmae"),
        ("audience = {}", "audience", "say for whom"),
        ("audience = { only = {} }", "audience", "name at least one role, department or encounter_class"),
        ('audience = { only = { encounter_class = ["WARD"] } }', "audience", "'WARD' is not one of AMB, EMER"),
        ('audience = { for = { role = ["nurse"] } }', "audience", "there is no key 'for' here"),
        ('severity = "minor"\nreason_ = ""', "reason_", "there is no key 'reason_' here; did you mean 'reason'?"),
    ],
)
def test_what_a_change_makes_wrong_is_said_where_the_change_stands(
    change: str, place: str, says: str, tmp_path: Path
) -> None:
    found = complaints(tmp_path, house=f'[[change]]\nrule = "warfarin-nsaid"\n{WHO}{change}\n')
    assert found
    assert all(complaint.startswith("config/site/house.toml:") for complaint in found)
    assert any(f"change[1].{place}: " in complaint and says in complaint for complaint in found), found


def test_reason_and_names_are_not_empty(tmp_path: Path) -> None:
    (complaint,) = complaints(
        tmp_path, house='[[change]]\nrule = "warfarin-nsaid"\nreason = " "\nby = "C. Chief"\nsnooze = "P9D"\n'
    )
    assert complaint == "config/site/house.toml:3: change[1].reason: 'reason' must not be empty"


def test_a_changed_list_is_an_origin_of_the_rules_that_use_it(tmp_path: Path) -> None:
    change = f'[[change]]\nvalue_set = "nsaid"\n{WHO}remove = [{{ code = "3355" }}]\n'
    rule = release_of(tmp_path, house=change).rules["warfarin-nsaid"]
    origin = "config/site/house.toml: house policy 12 (by C. Chief)"
    assert rule.origins == (("list nsaid", f"without 3355; {origin}"),)
