"""What is not said now: unchanged renewals, and doses of drugs that are only being picked."""

import pytest

from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Reason
from cds_service.knowledge.rules import Indicator, Severity, Status
from cds_service.presenting.choose import choose
from cds_service.presenting.groups import Withheld
from cds_service.reasoning.findings import Finding, Missing, Outcome
from tests.presenting.findings import a_finding, a_release, a_spoken_rule
from tests.support.charts import a_chart, a_dose, a_draft, a_drug, a_grade, a_line, a_renewal, number

RENEWED, CHANGED, UNSURE = (a_renewal("ibuprofen", change) for change in ("same", "increased", "unknown"))
NEW = a_draft("ibuprofen")
WARFARIN = a_drug("warfarin")
LOWERED = a_spoken_rule(continuation="lower")
PASSIVE = a_spoken_rule("beers", interrupt="passive")
HIGH_INR = a_grade(a_line("inr", "above", 4.0), "critical")
NO_INR = (Missing("value", "inr", Reason.NOT_SENT),)


def reasons(*findings: Finding, hook: str = "order-sign", renewals_from: Indicator = Indicator.WARNING) -> list[str]:
    chart = a_chart(hook=hook, orders=(NEW,), medications=(WARFARIN,))
    _, withheld = choose(findings, chart, a_release(renewals_from=renewals_from), hook)
    return [each.reason for each in withheld]


def quiet(finding: Finding, renewals_from: Indicator = Indicator.WARNING) -> bool:
    return reasons(finding, renewals_from=renewals_from) == ["unchanged renewal"]


def test_an_unchanged_renewal_with_no_more_than_info_is_recorded_and_not_said_again() -> None:
    finding = a_finding(LOWERED, RENEWED, WARFARIN, indicator=Indicator.INFO)
    chart = a_chart(orders=(RENEWED,), medications=(WARFARIN,))
    shown, withheld = choose((finding,), chart, a_release(renewals_from=Indicator.WARNING), "order-sign")
    assert shown.groups == ()
    assert withheld == (Withheld(finding, "unchanged renewal"),)


@pytest.mark.parametrize("indicator", [Indicator.CRITICAL, Indicator.WARNING])
def test_an_unchanged_renewal_with_more_than_info_is_said(indicator: Indicator) -> None:
    assert not quiet(a_finding(LOWERED, RENEWED, WARFARIN, indicator=indicator))


@pytest.mark.parametrize("draft", [NEW, CHANGED, UNSURE])
def test_a_new_drug_and_a_changed_or_unknown_dose_are_no_unchanged_renewal(draft: Drug) -> None:
    assert not quiet(a_finding(LOWERED, draft, WARFARIN, indicator=Indicator.INFO))


def test_a_new_drug_beside_an_unchanged_renewal_is_said() -> None:
    assert not quiet(a_finding(LOWERED, RENEWED, a_draft("warfarin"), indicator=Indicator.INFO))


def test_what_the_patient_takes_already_is_said_when_nothing_is_renewed() -> None:
    assert not quiet(a_finding(LOWERED, a_drug("ibuprofen"), WARFARIN, indicator=Indicator.INFO))


def test_a_passive_rule_about_one_drug_is_quiet_on_renewal_too() -> None:
    assert quiet(a_finding(PASSIVE, RENEWED, indicator=Indicator.INFO))


def test_a_rule_whose_author_neither_lowers_it_nor_makes_it_passive_is_said_on_renewal() -> None:
    assert not quiet(a_finding(a_spoken_rule(), RENEWED, WARFARIN, indicator=Indicator.INFO))


@pytest.mark.parametrize("family", ["dose", "renal", "allergy", "pregnancy"])
def test_doses_kidneys_allergies_and_pregnancy_are_said_on_every_renewal(family: str) -> None:
    rule = a_spoken_rule(family=family, interrupt="passive", continuation="lower")
    assert not quiet(a_finding(rule, RENEWED, indicator=Indicator.INFO))


def test_a_contraindication_is_said_on_every_renewal() -> None:
    rule = a_spoken_rule(severity=Severity.CONTRAINDICATED, interrupt="passive", continuation="lower")
    assert not quiet(a_finding(rule, RENEWED, WARFARIN, indicator=Indicator.INFO))


def test_a_renewal_that_something_unknown_could_make_more_urgent_is_said() -> None:
    unproven = a_finding(
        LOWERED, RENEWED, WARFARIN, indicator=Indicator.INFO, skipped_grades=(HIGH_INR,), missing=NO_INR
    )
    assert not quiet(unproven)


def test_a_site_can_have_every_renewal_said() -> None:
    assert not quiet(a_finding(LOWERED, RENEWED, WARFARIN, indicator=Indicator.INFO), renewals_from=Indicator.INFO)


def test_a_rule_on_trial_is_silent_whatever_else_holds() -> None:
    trial = a_spoken_rule(continuation="lower", status=Status.SILENT)
    assert reasons(a_finding(trial, RENEWED, WARFARIN, indicator=Indicator.INFO)) == ["rule is silent"]


DOSED = a_draft("ibuprofen", dose=a_dose("ibuprofen", 1800))
IN_ALL = {"this.total_daily_dose": number(4800, "mg/d")}
PICKING = "order-select"


def test_a_dose_is_not_judged_while_the_drug_is_only_being_picked() -> None:
    finding = a_finding(a_spoken_rule("daily-maximum"), NEW, used=IN_ALL)
    assert reasons(finding, hook=PICKING) == ["dosage not written yet"]
    assert reasons(finding, hook="order-sign") == []


def test_a_dose_that_is_written_already_is_judged_while_the_drug_is_picked() -> None:
    assert reasons(a_finding(a_spoken_rule("daily-maximum"), DOSED, used=IN_ALL), hook=PICKING) == []


@pytest.mark.parametrize("fact", ["this.strength", "this.is_new", "egfr_ckdepi2021"])
def test_what_hangs_on_no_dosage_is_said_while_the_drug_is_picked(fact: str) -> None:
    assert reasons(a_finding(a_spoken_rule(), NEW, used={fact: number(1, "1")}), hook=PICKING) == []


@pytest.mark.parametrize(
    ("hook", "subject", "named"),
    [
        ("order-select", "this.total_daily_dose", False),
        ("order-select", "mme_daily", False),
        ("order-select", "egfr_ckdepi2021", True),
        ("order-sign", "this.total_daily_dose", True),
    ],
)
def test_the_dosage_still_to_be_written_is_no_gap(hook: str, subject: str, named: bool) -> None:
    gap = Missing("value", subject, Reason.NOT_RECORDED)
    finding = a_finding(a_spoken_rule(), NEW, outcome=Outcome.UNDETERMINED, missing=(gap,))
    chart = a_chart(hook=hook, orders=(NEW,), medications=(WARFARIN,))
    shown, _ = choose((finding,), chart, a_release(), hook)
    assert bool(shown.unchecked) is named
