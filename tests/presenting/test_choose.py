import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.chart.facts import Reason
from cds_service.knowledge.rules import Evidence, Indicator, Severity, Status
from cds_service.presenting.choose import choose
from cds_service.presenting.groups import Withheld
from cds_service.reasoning.findings import Finding, Missing, Outcome
from tests.presenting.findings import a_finding, a_release, a_spoken_rule
from tests.support.charts import a_chart, a_draft, a_drug, a_grade, a_line

IBUPROFEN, NAPROXEN = a_draft("ibuprofen"), a_draft("naproxen")
WARFARIN, APIXABAN, MELOXICAM = a_drug("warfarin"), a_drug("apixaban"), a_drug("meloxicam")
CHART = a_chart(orders=(IBUPROFEN, NAPROXEN), medications=(WARFARIN, APIXABAN, MELOXICAM))
GRADE = a_grade(a_line("inr", "above", 4.0), "critical")

bleeding = a_spoken_rule()
duplicate = a_spoken_rule("duplicate.nsaid", problem="duplicate-therapy")
renal = a_spoken_rule("metformin-egfr", problem="renal-dosing")
contraindicated = a_spoken_rule(
    "nitrate-pde5", problem="hypotension", severity=Severity.CONTRAINDICATED, indicator=Indicator.CRITICAL
)


def keys(findings: list[Finding], **options: object) -> list[str]:
    shown, _ = choose(tuple(findings), CHART, a_release(**options), "order-sign")  # type: ignore[arg-type]
    return [group.key for group in shown.groups]


def test_one_problem_of_the_patient_is_one_group_over_all_drugs() -> None:
    assert keys([a_finding(bleeding, IBUPROFEN, WARFARIN), a_finding(bleeding, NAPROXEN, APIXABAN)]) == [
        "bleeding|MedicationRequest/apixaban|MedicationRequest/draft-ibuprofen"
        "|MedicationRequest/draft-naproxen|MedicationRequest/warfarin"
    ]


def test_a_problem_of_orders_is_one_group_per_order() -> None:
    assert keys([a_finding(renal, IBUPROFEN), a_finding(renal, NAPROXEN)]) == [
        "renal-dosing|MedicationRequest/draft-ibuprofen",
        "renal-dosing|MedicationRequest/draft-naproxen",
    ]


@pytest.mark.parametrize("turn", range(3))
def test_three_drugs_of_one_class_are_one_duplicate(turn: int) -> None:
    pairs = [(IBUPROFEN, NAPROXEN), (IBUPROFEN, MELOXICAM), (NAPROXEN, MELOXICAM)]
    findings = [a_finding(duplicate, *pair) for pair in pairs[turn:] + pairs[:turn]]
    assert len(keys(findings)) == 1


def test_a_finding_without_drugs_groups_by_its_problem() -> None:
    assert keys([a_finding(a_spoken_rule("burden", problem="renal-dosing"))]) == ["renal-dosing"]


@pytest.mark.requirement("CH-104")
def test_the_most_urgent_card_comes_first() -> None:
    graded = a_finding(renal, IBUPROFEN, indicator=Indicator.CRITICAL, grade=GRADE)
    plain = a_finding(bleeding, NAPROXEN, WARFARIN)
    worst = a_finding(contraindicated, NAPROXEN, APIXABAN)
    assert [key.partition("|")[0] for key in keys([plain, graded, worst])] == [
        "hypotension",
        "renal-dosing",
        "bleeding",
    ]


def test_findings_of_a_group_are_ranked() -> None:
    # Severity, certainty, the patient's own risk factors, evidence, rule id: each one decides before the next.
    unproven = (Missing("value", "inr", Reason.NOT_SENT),)
    ordered = [
        a_finding(a_spoken_rule("z", severity=Severity.CONTRAINDICATED), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("y"), IBUPROFEN, WARFARIN, grade=GRADE),
        a_finding(a_spoken_rule("x", evidence=(Evidence("", quality="high"),)), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("v"), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("w"), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("u", evidence=(Evidence("", quality="hearsay"),)), IBUPROFEN, WARFARIN),
        a_finding(a_spoken_rule("a"), IBUPROFEN, WARFARIN, grade=GRADE, missing=unproven),
        a_finding(a_spoken_rule("b"), IBUPROFEN, WARFARIN, grade=GRADE, assumed=("assumed: not in comfort care",)),
        a_finding(a_spoken_rule("c", severity=Severity.MINOR), IBUPROFEN, WARFARIN),
    ]
    shown, _ = choose(tuple(reversed(ordered)), CHART, a_release(), "order-sign")
    assert [finding.rule.id for finding in shown.groups[0].findings] == [finding.rule.id for finding in ordered]


def test_beyond_the_cap_findings_are_counted_and_withheld() -> None:
    first, second = a_finding(bleeding, IBUPROFEN, WARFARIN), a_finding(renal, IBUPROFEN)
    shown, withheld = choose((first, second), CHART, a_release({"order-sign": 1}), "order-sign")
    assert [group.findings for group in shown.groups] == [(second,)]
    assert [group.findings for group in shown.more] == [(first,)]
    assert withheld == (Withheld(first, "over the cap"),)


def test_a_contraindication_is_never_capped() -> None:
    pair = a_finding(contraindicated, IBUPROFEN, WARFARIN)
    single = a_finding(a_spoken_rule("single", problem="renal-dosing", severity=Severity.CONTRAINDICATED), IBUPROFEN)
    other = a_finding(bleeding, IBUPROFEN, WARFARIN)
    shown, withheld = choose((other, single, pair), CHART, a_release({"order-sign": 1}), "order-sign")
    assert [group.findings for group in shown.groups] == [(pair,), (single,)]
    assert withheld == (Withheld(other, "over the cap"),)


def test_a_mild_contraindication_behind_the_cap_is_still_shown() -> None:
    mild = a_finding(
        a_spoken_rule("mild", problem="renal-dosing", severity=Severity.CONTRAINDICATED, indicator=Indicator.INFO),
        IBUPROFEN,
    )
    urgent = a_finding(bleeding, IBUPROFEN, WARFARIN)
    shown, _ = choose((urgent, mild), CHART, a_release({"order-sign": 2}), "order-sign")
    assert [group.findings for group in shown.groups] == [(urgent,), (mild,)]


def test_a_silent_rule_is_recorded_and_not_shown() -> None:
    trial = a_finding(a_spoken_rule("trial", status=Status.SILENT), IBUPROFEN, WARFARIN)
    shown, withheld = choose((trial,), CHART, a_release(), "order-sign")
    assert shown.groups == ()
    assert withheld == (Withheld(trial, "rule is silent"),)


@given(st.permutations(range(6)))
def test_the_order_of_evaluation_does_not_matter(order: list[int]) -> None:
    findings = [
        a_finding(bleeding, IBUPROFEN, WARFARIN),
        a_finding(bleeding, NAPROXEN, WARFARIN),
        a_finding(duplicate, IBUPROFEN, NAPROXEN),
        a_finding(duplicate, NAPROXEN, MELOXICAM),
        a_finding(contraindicated, NAPROXEN, APIXABAN),
        a_finding(renal, outcome=Outcome.SILENT),
    ]
    release = a_release({"order-sign": 2})
    straight = choose(tuple(findings), CHART, release, "order-sign")
    assert choose(tuple(findings[place] for place in order), CHART, release, "order-sign")[0] == straight[0]
