"""Some cards are for some people only; what is not known of a reader, and a contraindication, hide nothing."""

import pytest

from cds_service.chart.facts import Reason
from cds_service.knowledge.rules import Audience, Listeners, Severity
from cds_service.presenting.audience import ANYBODY, Reader, is_meant_for
from cds_service.presenting.choose import choose
from cds_service.reasoning.findings import Missing, Outcome
from tests.presenting.findings import a_finding, a_release, a_spoken_rule
from tests.support.charts import a_chart

ONLY_PHARMACISTS = Audience(only=Listeners(roles=frozenset({"pharmacist"})))
NOT_IN_ICU = Audience(besides=Listeners(departments=frozenset({"icu"})))
NOT_IN_HOSPITAL = Audience(besides=Listeners(encounter_classes=frozenset({"IMP", "ACUTE"})))
PHARMACISTS_OUTSIDE_ICU = Audience(ONLY_PHARMACISTS.only, NOT_IN_ICU.besides)


@pytest.mark.parametrize(
    ("audience", "reader", "encounter", "shown"),
    [
        (None, Reader("nurse", "icu"), "IMP", True),
        (ONLY_PHARMACISTS, Reader("pharmacist"), "", True),
        (ONLY_PHARMACISTS, Reader("nurse"), "", False),
        (ONLY_PHARMACISTS, Reader("", "icu"), "", True),  # the role is not known
        (NOT_IN_ICU, Reader("nurse", "icu"), "", False),
        (NOT_IN_ICU, Reader("nurse", "surgery"), "", True),
        (NOT_IN_ICU, ANYBODY, "", True),  # the department is not known
        (NOT_IN_HOSPITAL, ANYBODY, "IMP", False),
        (NOT_IN_HOSPITAL, ANYBODY, "AMB", True),
        (NOT_IN_HOSPITAL, ANYBODY, "", True),  # the encounter is not known
        (PHARMACISTS_OUTSIDE_ICU, Reader("pharmacist", "icu"), "", False),
        (PHARMACISTS_OUTSIDE_ICU, Reader("pharmacist", "surgery"), "", True),
        (PHARMACISTS_OUTSIDE_ICU, Reader("nurse", "surgery"), "", False),
    ],
)
def test_a_card_is_kept_only_from_readers_who_are_known_to_be_others(
    audience: Audience | None, reader: Reader, encounter: str, shown: bool
) -> None:
    assert is_meant_for(a_spoken_rule(audience=audience), reader, encounter) is shown


def test_a_contraindication_is_for_everybody() -> None:
    rule = a_spoken_rule(audience=ONLY_PHARMACISTS, severity=Severity.CONTRAINDICATED)
    assert is_meant_for(rule, Reader("nurse"), "")


def test_names_are_compared_without_regard_to_case_and_blanks() -> None:
    assert Reader.of(" Pharmacist ", None) == Reader("pharmacist", "")


def test_a_withheld_finding_says_that_it_was_not_for_this_audience() -> None:
    finding = a_finding(a_spoken_rule(audience=ONLY_PHARMACISTS))
    shown, withheld = choose((finding,), a_chart(), a_release(), "order-sign", Reader("nurse"))
    assert shown.groups == ()
    assert [(each.finding, each.reason) for each in withheld] == [(finding, "not for this audience")]
    shown, withheld = choose((finding,), a_chart(), a_release(), "order-sign", Reader("pharmacist"))
    assert [group.findings for group in shown.groups] == [(finding,)]
    assert withheld == ()


def test_what_could_not_be_checked_is_said_to_those_whom_the_rule_is_for() -> None:
    missing = Missing("value", "inr", Reason.NOT_SENT)
    finding = a_finding(
        a_spoken_rule(audience=ONLY_PHARMACISTS, severity=Severity.MAJOR),
        outcome=Outcome.UNDETERMINED,
        missing=(missing,),
    )
    shown, _ = choose((finding,), a_chart(), a_release(), "order-sign", Reader("pharmacist"))
    assert [line.missing for line in shown.unchecked] == [missing]
    shown, _ = choose((finding,), a_chart(), a_release(), "order-sign", Reader("nurse"))
    assert shown.unchecked == ()
