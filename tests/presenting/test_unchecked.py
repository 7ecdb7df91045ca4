from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.chart.facts import Reason
from cds_service.knowledge.rules import Severity, Status
from cds_service.presenting.detail import describe_unchecked
from cds_service.presenting.groups import Unchecked
from cds_service.presenting.unchecked import list_unchecked
from cds_service.presenting.wording import say_missing
from cds_service.reasoning.findings import Finding, Missing, Outcome
from tests.presenting.findings import a_finding, a_release, a_spoken_rule
from tests.support.charts import a_chart, a_draft, a_drug, a_list

METFORMIN = a_draft("metformin")
CHART = a_chart(orders=(METFORMIN,))


def lines(*findings: Finding, chart: Chart = CHART, hook: str = "order-sign") -> list[str]:
    return [say_missing(line.missing, line.drug) for line in unchecked(*findings, chart=chart, hook=hook)]


def unchecked(*findings: Finding, chart: Chart = CHART, hook: str = "order-sign") -> tuple[Unchecked, ...]:
    return list_unchecked(findings, chart, a_release(), hook)


def an_open_finding(*missing: Missing, **rule: Any) -> Finding:
    made = a_spoken_rule(**{"id": "metformin-egfr", "problem": "renal-dosing", **rule})
    return a_finding(made, METFORMIN, outcome=Outcome.UNDETERMINED, missing=missing)


NO_EGFR = Missing("value", "egfr_ckdepi2021", Reason.NOT_SENT)


def test_with_everything_read_there_is_nothing_to_name() -> None:
    assert lines() == []
    assert lines(hook="patient-view") == []


@pytest.mark.parametrize(
    ("name", "said"),
    [("medications", "the medication list was not sent"), ("allergies", "the allergy list was not sent")],
)
def test_a_drug_ordered_without_seeing_the_list_is_said_even_if_no_rule_was_reached(name: str, said: str) -> None:
    assert lines(chart=a_chart(orders=(METFORMIN,), unread=(name,))) == [said]


def test_without_a_drug_in_focus_unread_lists_are_no_news() -> None:
    assert lines(chart=a_chart(unread=("medications", "allergies"))) == []
    beside = a_chart(orders=(a_draft("metformin", selected=False),), unread=("allergies",), hook="order-select")
    assert lines(chart=beside, hook="order-select") == []


def test_conditions_are_named_only_when_a_reached_rule_needed_them() -> None:
    chart = a_chart(orders=(METFORMIN,), unread=("conditions",))
    assert lines(chart=chart) == []
    gap = Missing("list", "conditions", Reason.NOT_SENT)
    assert lines(an_open_finding(gap, severity=Severity.MINOR), chart=chart) == ["the problem list was not sent"]


def test_an_unreadable_draft_is_said() -> None:
    chart = Chart(now=CHART.now, hook="order-sign", orders=a_list(reason=Reason.MALFORMED))
    assert lines(chart=chart) == ["the list of draft orders could not be read in full"]


def test_drugs_nobody_recognised_are_always_named() -> None:
    chart = a_chart(orders=(METFORMIN,), unrecognised={"medications": ["St John tea"]})
    assert lines(chart=chart) == ["“St John tea” was not recognised as a drug"]
    only = a_chart(unrecognised={"orders": ["mystery pill"]}, unread=("allergies",))
    assert lines(chart=only) == ["the allergy list was not sent", "“mystery pill” was not recognised as a drug"]


def test_one_unrecognised_drug_is_one_line_however_many_rules_stumbled_over_it() -> None:
    chart = a_chart(orders=(METFORMIN,), unrecognised={"medications": ["St John tea"]})
    stumbles = [an_open_finding(Missing("drug", "St John tea", Reason.UNRECOGNISED), id=f"rule-{n}") for n in range(3)]
    assert len(lines(*stumbles, chart=chart)) == 1


def test_a_missing_value_is_named_once_with_everything_it_leaves_open() -> None:
    found = unchecked(an_open_finding(NO_EGFR), an_open_finding(NO_EGFR, id="other", problem="bleeding"))
    assert found == (
        Unchecked(NO_EGFR, ("Dosing in reduced kidney function (metformin)", "Bleeding risk (metformin)")),
    )


def test_an_allergy_nobody_could_place_is_said_once() -> None:
    listed = Missing("list", "allergies", Reason.UNRECOGNISED, "strange thing")
    of_the_drug = Missing("value", "this.allergy_same_ingredient", Reason.UNRECOGNISED, "allergy: strange thing")
    said = lines(an_open_finding(listed), an_open_finding(of_the_drug, id="same"))
    assert said == ["the allergy list holds an entry that was not recognised (strange thing)"]


def test_an_allergy_list_that_was_not_sent_is_said_once() -> None:
    of_the_drug = Missing("value", "this.allergy_same_ingredient", Reason.NOT_SENT, "allergies")
    chart = a_chart(orders=(METFORMIN,), unread=("allergies",))
    assert lines(an_open_finding(of_the_drug), chart=chart) == ["the allergy list was not sent"]


def test_genes_that_were_not_tested_share_one_line() -> None:
    tpmt, nudt15 = (Missing("value", gene, Reason.NOT_RECORDED) for gene in ("tpmt_phenotype", "nudt15_phenotype"))
    said = lines(an_open_finding(tpmt), an_open_finding(nudt15, id="other"))
    assert said == ["gene test not recorded (TPMT phenotype, NUDT15 phenotype)"]


def test_a_missing_value_of_a_drug_names_the_drug() -> None:
    gap = Missing("value", "this.single_dose", Reason.NOT_RECORDED)
    assert lines(an_open_finding(gap)) == ["metformin, single dose not recorded"]


def test_lesser_rules_keep_their_gaps_unless_they_ask() -> None:
    assert lines(an_open_finding(NO_EGFR, severity=Severity.MODERATE)) == []
    assert len(lines(an_open_finding(NO_EGFR, severity=Severity.MODERATE, say_unchecked=True))) == 1
    assert not lines(an_open_finding(NO_EGFR, severity=Severity.MAJOR, say_unchecked=False))
    everything = a_release(unchecked_severity=Severity.MINOR)
    assert (
        len(list_unchecked((an_open_finding(NO_EGFR, severity=Severity.MINOR),), CHART, everything, "order-sign")) == 1
    )


def test_entries_of_a_list_that_nobody_could_place_share_a_line() -> None:
    gaps = [Missing("list", "conditions", Reason.UNRECOGNISED, text) for text in ("Fatigue", "Unwell", "Fatigue")]
    assert lines(an_open_finding(*gaps)) == [
        "the problem list holds entries that were not recognised (Fatigue, Unwell)"
    ]
    assert lines(an_open_finding(*gaps, severity=Severity.MINOR)) == []


def test_a_list_of_thousands_is_counted_not_printed() -> None:
    entries = [Missing("list", "allergies", Reason.UNRECOGNISED, f"entry {number}") for number in range(1000)]
    (line,) = lines(an_open_finding(*entries))
    assert "entry 19, 980 more" in line
    assert "entry 20" not in line


def test_beyond_forty_lines_the_card_counts() -> None:
    drugs = tuple(Unchecked(Missing("drug", f"herb {number}", Reason.UNRECOGNISED)) for number in range(45))
    said = describe_unchecked(drugs)
    assert "herb 39" in said
    assert "herb 40" not in said
    assert "5 more that could not be checked" in said


def test_rules_that_settled_or_are_on_trial_leave_nothing_open() -> None:
    fired = a_finding(a_spoken_rule(), METFORMIN, missing=(NO_EGFR,))
    assert lines(fired, an_open_finding(NO_EGFR, status=Status.SILENT)) == []


def test_a_rule_that_could_not_be_run_is_said_at_every_hook() -> None:
    crashed = a_finding(a_spoken_rule(), METFORMIN, outcome=Outcome.ERROR, error="ZeroDivisionError")
    for hook in ("order-sign", "patient-view"):
        assert lines(crashed, hook=hook) == ["the check “Warfarin with an NSAID” could not be run"]


def test_at_patient_view_only_lists_not_read_are_named() -> None:
    chart = a_chart(
        medications=(a_drug("metformin"),), hook="patient-view", unread=("medications", "allergies", "conditions")
    )
    gaps = (
        NO_EGFR,
        Missing("list", "conditions", Reason.NOT_SENT),
        Missing("list", "allergies", Reason.UNRECOGNISED, "x"),
    )
    assert lines(an_open_finding(*gaps), chart=chart, hook="patient-view") == [
        "the medication list was not sent",
        "the problem list was not sent",
    ]
