"""Continuation: an order that only renews what the patient already takes should not nag as loudly as a new one.

With `continuation = "lower"` a pair whose drafts are all unchanged renewals shows one step less urgent. Never when the
pair is contraindicated, and never when a grade says that this patient is worse off than the combination alone.
"""

from typing import Any

import pytest

from cds_service.chart.drugs import Drug
from cds_service.knowledge.rules import Indicator, Severity
from tests.support.charts import a_chart, a_draft, a_drug, a_grade, a_line, a_renewal, a_rule, a_side, number
from tests.support.findings import the_finding

SIDES = [a_side("a", "nsaid"), a_side("b", "warfarin")]
TAKEN = a_drug("warfarin")

# Read: sentence, the drafts, the active medications, lowered or not.
RENEWALS = [
    ("an unchanged renewal beside a drug already taken", [a_renewal("nsaid")], [TAKEN], True),
    ("two unchanged renewals", [a_renewal("nsaid"), a_renewal("warfarin")], [], True),
    ("a new drug beside one already taken", [a_draft("nsaid")], [TAKEN], False),
    ("a new drug beside an unchanged renewal", [a_draft("nsaid"), a_renewal("warfarin")], [], False),
    ("a renewal at a higher dose", [a_renewal("nsaid", "increased")], [TAKEN], False),
    ("a renewal at a lower dose", [a_renewal("nsaid", "decreased")], [TAKEN], False),
    ("a renewal whose dose cannot be compared", [a_renewal("nsaid", "unknown")], [TAKEN], False),
    ("an unchanged renewal beside a changed one", [a_renewal("nsaid"), a_renewal("warfarin", "increased")], [], False),
]


@pytest.mark.parametrize(("sentence", "drafts", "taken", "lowered"), RENEWALS, ids=[case[0] for case in RENEWALS])
def test_only_unchanged_renewals_are_lowered(
    sentence: str, drafts: list[Drug], taken: list[Drug], lowered: bool
) -> None:
    rule = a_rule(sides=SIDES, continuation="lower")
    finding = the_finding(rule, a_chart(orders=drafts, medications=taken))
    assert finding.lowered is lowered
    assert finding.indicator == ("info" if lowered else "warning")


def test_two_drugs_already_taken_are_not_a_renewal() -> None:
    chart = a_chart(medications=[a_drug("nsaid"), TAKEN], hook="patient-view")
    assert not the_finding(a_rule(sides=SIDES, continuation="lower"), chart).lowered


HIGH_INR = a_line("inr", "above", 4, unit="{INR}")

# Read: sentence, what is special about the rule, the indicator, lowered or not.
RULES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("critical becomes warning", {"indicator": Indicator.CRITICAL}, "warning", True),
    ("warning becomes info", {"indicator": Indicator.WARNING}, "info", True),
    ("info stays info", {"indicator": Indicator.INFO}, "info", False),
    ("a contraindicated pair stays as loud", {"severity": Severity.CONTRAINDICATED}, "warning", False),
    ("a rule that does not ask for it", {"continuation": "same"}, "warning", False),
    ("a grade that made it worse", {"grades": [a_grade(HIGH_INR, "critical")]}, "critical", False),
    ("a grade that confirms the default", {"grades": [a_grade(HIGH_INR, "warning")]}, "info", True),
]


@pytest.mark.parametrize(("sentence", "fields", "indicator", "lowered"), RULES, ids=[case[0] for case in RULES])
def test_how_far_an_unchanged_renewal_is_lowered(
    sentence: str, fields: dict[str, Any], indicator: str, lowered: bool
) -> None:
    rule = a_rule(sides=SIDES, **{"continuation": "lower", **fields})
    finding = the_finding(rule, a_chart(orders=[a_renewal("nsaid")], medications=[TAKEN], inr=number(5, "{INR}")))
    assert (finding.indicator, finding.lowered) == (indicator, lowered)


def test_the_renewal_of_a_single_drug_is_never_lowered() -> None:
    rule = a_rule(sides=[a_side("this", "nsaid")], continuation="lower")
    assert not the_finding(rule, a_chart(orders=[a_renewal("nsaid")])).lowered
