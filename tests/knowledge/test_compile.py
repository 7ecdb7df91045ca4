"""From folders to one frozen release: digest, index, needs, and what makes a release refuse to compile."""

from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.explain import explain
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Line, Operator, Severity, Status
from cds_service.terminology.products import Route
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

RULE = (SHELF / "rules/warfarin-nsaid.toml").read_text(encoding="utf-8")
IBUPROFEN, DICLOFENAC, WARFARIN = "5640", "3355", "11289"


def release_with(folder: Path, **files: str) -> Release:
    """The small shelf compiled, with rule files (by stem) added or replaced."""
    added = {f"rules/{stem.replace('_', '-')}.toml": text for stem, text in files.items()}
    return compile_release(load_shelf(copy_shelf(folder, added)), SmallTerminology())


@pytest.fixture(scope="module")
def release() -> Release:
    return compile_release(load_shelf(), SmallTerminology())


def test_a_rule_file_becomes_a_rule(release: Release) -> None:
    rule = release.rules["warfarin-nsaid"]
    first, second = rule.sides
    assert (first.name, first.ingredients, first.routes) == ("a", {IBUPROFEN, DICLOFENAC}, {Route.SYSTEMIC})
    assert (second.name, second.ingredients, second.routes) == ("b", {WARFARIN}, frozenset())
    assert rule.severity is Severity.MAJOR
    assert rule.indicator is Indicator.WARNING
    assert rule.facts == {"comfort_care", "inr", "age", "conditions"}
    assert not rule.reviewed


def test_a_passive_rule_keeps_its_severity_and_is_info_by_default(tmp_path: Path) -> None:
    text = RULE.replace('severity = "major"', 'severity = "major"\ninterrupt = "passive"')
    rule = release_with(tmp_path, warfarin_nsaid=text).rules["warfarin-nsaid"]
    assert (rule.severity, rule.indicator) == (Severity.MAJOR, Indicator.INFO)
    assert "Severity major and passive, so the card is info by default." in explain(rule)


def test_how_sure_the_author_is_stands_in_the_rule(tmp_path: Path) -> None:
    text = RULE.replace("[governance]", '[governance]\nconfidence = "label-known"')
    rule = release_with(tmp_path, warfarin_nsaid=text).rules["warfarin-nsaid"]
    assert rule.confidence == "label-known"
    assert "Confidence in these facts: label-known." in explain(rule)


def test_a_line_keeps_its_operand_unit_and_place(release: Release) -> None:
    when = release.rules["warfarin-nsaid"].grades[0].when
    assert when == Line("inr", Operator.ABOVE, 4.0, unit="{INR}", where="grade[1].when")


def test_if_missing_is_kept_as_the_author_wrote_it(release: Release) -> None:
    (silencer,) = release.rules["warfarin-nsaid"].unless
    assert isinstance(silencer, Line)
    assert (silencer.operand, silencer.if_missing) == (True, False)


def test_a_value_set_knows_which_systems_it_lists(release: Release) -> None:
    group = release.rules["warfarin-nsaid"].grades[1].when
    line = group.members[1] if not isinstance(group, Line) else group
    assert isinstance(line, Line)
    assert line.value_set is not None
    assert line.value_set.systems == {"http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm"}
    assert line.value_set.prefixes == (("http://hl7.org/fhir/sid/icd-10-cm", "K25"),)
    assert line.ever


def test_a_pair_rule_is_reached_by_the_ingredients_of_both_sides(release: Release) -> None:
    reached = {code: [rule.id for rule in rules] for code, rules in release.index.by_ingredient.items()}
    assert reached[WARFARIN] == ["warfarin-nsaid"]
    assert reached[IBUPROFEN] == ["daily-maximum.5640", "warfarin-nsaid"]
    assert release.index.by_fact == {}


def test_a_patient_rule_is_reached_by_its_first_fact(tmp_path: Path) -> None:
    text = RULE.replace('"pair"', '"patient"').replace('id = "warfarin-nsaid"', 'id = "high-inr"')
    text = text.replace('continuation = "lower"\n', "").replace(
        'a = { ingredient_in = "nsaid", route = "systemic" }\n', ""
    )
    text = text.replace(
        'b = { ingredient_in = "warfarin" }\nall = []', 'all = [{ fact = "inr", above = 5, unit = "{INR}" }]'
    )
    text = text.replace("{{ a.name }} adds bleeding risk to {{ b.name }}", "The INR is high").replace(
        "{{ a.name }} with {{ b.name }}", "INR above 5"
    )
    text = text[: text.index("[[suggest]]")] + text[text.index("[governance]") :]
    release = release_with(tmp_path, high_inr=text)
    assert [rule.id for rule in release.index.by_fact["inr"]] == ["high-inr"]


def test_drafts_and_retired_rules_are_compiled_but_never_reached(tmp_path: Path) -> None:
    release = release_with(tmp_path, warfarin_nsaid=RULE.replace('status = "active"', 'status = "retired"'))
    assert release.rules["warfarin-nsaid"].status is Status.RETIRED
    assert WARFARIN not in release.index.by_ingredient
    assert "inr" not in release.needs.facts


def test_the_needs_name_facts_keys_and_codes(release: Release) -> None:
    assert {"inr", "conditions", "medications"} <= release.needs.facts
    assert {"medications", "statements", "conditions", "labs"} <= set(release.needs.keys)
    assert "http://loinc.org|6301-6" in release.needs.codes["labs"]


def test_a_service_asks_for_the_codes_that_the_rules_need(release: Release) -> None:
    (service,) = release.services
    assert service.prefetch["medications"].startswith("MedicationRequest?patient={{context.patientId}}")
    assert "http://loinc.org|6301-6" in service.prefetch["labs"]


def test_local_codes_come_from_the_code_map(release: Release) -> None:
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    assert release.code_map == {("urn:local", "IBU600"): (rxnorm, "197806")}


def test_the_digest_is_the_same_for_the_same_knowledge(release: Release) -> None:
    assert compile_release(load_shelf(), SmallTerminology()).digest == release.digest


def test_the_digest_changes_with_a_limit_but_not_with_a_remark(release: Release, tmp_path: Path) -> None:
    remark = release_with(tmp_path / "remark", warfarin_nsaid=f"# a remark\n{RULE}")
    limit = release_with(tmp_path / "limit", warfarin_nsaid=RULE.replace("above = 4,", "above = 5,"))
    assert remark.digest == release.digest
    assert limit.digest != release.digest


def test_every_problem_of_every_file_is_reported_together(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge) as bad:
        release_with(
            tmp_path,
            warfarin_nsaid=RULE.replace('"bleeding"', '"bleed"').replace("above = 4,", ""),
            second="id = ",
        )
    assert {problem.file for problem in bad.value.problems} == {"rules/warfarin-nsaid.toml", "rules/second.toml"}
    assert len(bad.value.problems) == 3


def test_two_rules_cannot_have_one_id(tmp_path: Path) -> None:
    copy_shelf(tmp_path, {"rules/copies/warfarin-nsaid.toml": RULE})
    with pytest.raises(BadKnowledge, match=r"'warfarin-nsaid' is already the id of rules/copies/warfarin-nsaid\.toml"):
        compile_release(load_shelf(tmp_path), SmallTerminology())


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("cards/policy.toml", 'major = "warning"', "", "indicators: 'major' is missing"),
        ("cards/policy.toml", "order-sign = 5", "order-sign = 0", "a cap is a whole number of at least 1"),
        ("cards/problems.toml", '"patient"', '"person"', "'person' is not one of patient or order"),
        ("cards/override_reasons.toml", "display =", "label =", "there is no key 'label' here"),
        ("config/services.toml", '"labs"', '"lab"', "there is no prefetch key 'lab'; did you mean 'labs'?"),
        ("config/code_map.csv", "A. Pharmacist", "", "row 1: by must not be empty"),
        ("rules/value_sets/nsaid.toml", '"5640"', '"5641"', "RxNorm has no ingredient 5641; 'ibuprofen' is 5640"),
        ("rules/value_sets/nsaid.toml", '"5640"', '"161"', "161 is 'acetaminophen' in RxNorm, but the display says"),
        ("rules/value_sets/nsaid.toml", '"5640"', '"197806"', "is 'ibuprofen 600 MG Oral Tablet', not an ingredient"),
        ("rules/value_sets/gi-bleed.toml", '"snomed"', '"snowmed"', "no code system is called 'snowmed'; did you mean"),
        ("rules/value_sets/gi-bleed.toml", 'code = "13200003"', 'prefix = "132"', "prefixes work for ICD codes only"),
        ("rules/value_sets/gi-bleed.toml", 'id = "gi-bleed"', 'id = "bleed"', "the file is called gi-bleed.toml"),
    ],
)
def test_mistakes_beside_the_rules_are_explained_too(file: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    text = (SHELF / file).read_text(encoding="utf-8")
    assert old in text
    copy_shelf(tmp_path, {file: text.replace(old, new)})
    with pytest.raises(BadKnowledge) as bad:
        compile_release(load_shelf(tmp_path), SmallTerminology())
    assert says in str(bad.value)


def test_a_missing_card_file_is_said(tmp_path: Path) -> None:
    (copy_shelf(tmp_path, {}) / "cards/policy.toml").unlink()
    with pytest.raises(BadKnowledge, match=r"cards/policy\.toml: this file is missing"):
        compile_release(load_shelf(tmp_path), SmallTerminology())
