"""When a rule fires: its drugs stand there, every line of `all` holds, and no line of `unless` does.

`unless` silences only what is certain. If nobody can say whether it holds, the rule is undetermined, unless the
author wrote `if_missing` on the line; then the answer carries the assumption in words.
"""

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.reasoning.findings import Missing, Outcome
from tests.support.charts import a_chart, a_draft, a_line, a_rule, a_side, ingredient_set, number
from tests.support.findings import outcome_of, the_finding

METFORMIN = a_side("this", "metformin")
LOW_EGFR = a_line("egfr", "below", 30, unit="mL/min")
COMFORT = a_line("comfort_care", "is", True)
YES, NO, NOBODY_KNOWS = Known(True), Known(False), Unknown(Reason.NOT_SENT)
LOW, NORMAL = number(20, "mL/min"), number(90, "mL/min")

# Read: eGFR, comfort care, what "metformin, eGFR below 30, unless comfort care" says.
OUTCOMES = [
    (LOW, NO, "fires"),
    (LOW, NOBODY_KNOWS, "undetermined"),
    (LOW, YES, "silent"),
    (NOBODY_KNOWS, NO, "undetermined"),
    (NOBODY_KNOWS, NOBODY_KNOWS, "undetermined"),
    (NOBODY_KNOWS, YES, "silent"),
    (NORMAL, NO, "silent"),
    (NORMAL, NOBODY_KNOWS, "silent"),
    (NORMAL, YES, "silent"),
]


@pytest.mark.parametrize(("egfr", "comfort_care", "expected"), OUTCOMES)
def test_a_rule_fires_when_all_holds_and_no_unless_does(egfr: object, comfort_care: object, expected: str) -> None:
    rule = a_rule(sides=[METFORMIN], all=[LOW_EGFR], unless=[COMFORT])
    chart = a_chart(orders=[a_draft("metformin")], egfr=egfr, comfort_care=comfort_care)  # type: ignore[arg-type]
    assert outcome_of(rule, chart) == expected


# Read: what the author wrote, what is known of comfort care, outcome, whether the answer carries an assumption.
ASSUMPTIONS = [
    (None, NOBODY_KNOWS, "undetermined", False),
    (False, NOBODY_KNOWS, "fires", True),
    (True, NOBODY_KNOWS, "silent", True),
    (False, YES, "silent", False),
    (True, NO, "fires", False),
]


@pytest.mark.parametrize(("if_missing", "comfort_care", "expected", "assumed"), ASSUMPTIONS)
def test_a_written_assumption_settles_only_what_is_missing(
    if_missing: bool | None, comfort_care: object, expected: str, assumed: bool
) -> None:
    rule = a_rule(sides=[METFORMIN], unless=[a_line("comfort_care", "is", True, if_missing=if_missing)])
    chart = a_chart(orders=[a_draft("metformin")], comfort_care=comfort_care)  # type: ignore[arg-type]
    finding = the_finding(rule, chart)
    assert finding.outcome == expected
    assert bool(finding.assumed) is assumed


# Read: the line, what is missing, the words of the assumption.
WORDS = [
    (
        a_line("inr", "between", (2.0, 3.5), unit="{INR}", if_missing=False),
        "INR between 2 and 3.5: assumed not so (not sent)",
    ),
    (
        a_line("an_uncatalogued_fact", "is", "x", if_missing=True),
        "an_uncatalogued_fact is x: assumed so (not requested)",
    ),
    (a_line("comfort_care", "is", True, if_missing=False), "comfort care: assumed no (not sent)"),
    (a_line("comfort_care", "is", True, if_missing=True), "comfort care: assumed yes (not sent)"),
    (a_line("comfort_care", "is", False, if_missing=False), "comfort care: assumed yes (not sent)"),
    (a_line("comfort_care", "is", False, if_missing=True), "comfort care: assumed no (not sent)"),
    (a_line("inr", "above", 4.0, unit="{INR}", if_missing=True), "INR above 4: assumed so (not sent)"),
    (
        a_line("medications", "any_in", ingredient_set("a PPI", "omeprazole"), if_missing=False),
        "active medications: a PPI assumed absent (not sent)",
    ),
]


@pytest.mark.parametrize(("line", "words"), WORDS)
def test_an_assumption_is_told_in_words(line: object, words: str) -> None:
    rule = a_rule(sides=[METFORMIN], unless=[line])  # type: ignore[list-item]
    chart = a_chart(orders=[a_draft("metformin")], unread=["medications"], inr=NOBODY_KNOWS, comfort_care=NOBODY_KNOWS)
    (assumed,) = the_finding(rule, chart).assumed
    assert assumed == words


def test_an_assumption_tells_each_reason_once() -> None:
    line = a_line("all_drugs", "any_in", ingredient_set("a PPI", "omeprazole"), if_missing=False)
    rule = a_rule(sides=[METFORMIN], unless=[line])
    remedies = {"orders": ["kava"], "medications": ["hawthorn"]}
    chart = a_chart(orders=[a_draft("metformin")], unread=["medications"], unrecognised=remedies)
    assert the_finding(rule, chart).assumed == (
        "active medications and orders: a PPI assumed absent (not sent, unrecognised)",
    )


def test_one_certain_line_of_unless_is_enough_and_what_is_missing_no_longer_matters() -> None:
    rule = a_rule(sides=[METFORMIN], unless=[a_line("dialysis", "is", True), COMFORT])
    finding = the_finding(rule, a_chart(orders=[a_draft("metformin")], dialysis=NOBODY_KNOWS, comfort_care=YES))
    assert (finding.outcome, finding.missing, finding.used) == ("silent", (), {"comfort_care": YES})


def test_one_certainly_false_line_of_all_is_enough_and_what_is_missing_no_longer_matters() -> None:
    rule = a_rule(sides=[METFORMIN], all=[a_line("dialysis", "is", False), LOW_EGFR])
    finding = the_finding(rule, a_chart(orders=[a_draft("metformin")], dialysis=NOBODY_KNOWS, egfr=NORMAL))
    assert (finding.outcome, finding.missing, finding.used) == ("silent", (), {"egfr": NORMAL})


def test_an_undetermined_rule_names_everything_that_was_missing() -> None:
    rule = a_rule(sides=[METFORMIN], all=[LOW_EGFR], unless=[COMFORT])
    finding = the_finding(rule, a_chart(orders=[a_draft("metformin")], egfr=NOBODY_KNOWS, comfort_care=NOBODY_KNOWS))
    assert finding.missing == (
        Missing("value", "egfr", Reason.NOT_SENT),
        Missing("value", "comfort_care", Reason.NOT_SENT),
    )


def test_a_silent_rule_misses_nothing_and_names_what_silenced_it() -> None:
    rule = a_rule(sides=[METFORMIN], all=[LOW_EGFR], unless=[COMFORT])
    chart = a_chart(orders=[a_draft("metformin")], egfr=NOBODY_KNOWS, comfort_care=YES)
    finding = the_finding(rule, chart)
    assert finding.outcome is Outcome.SILENT
    assert finding.missing == ()
    assert finding.used == {"comfort_care": YES}


def test_a_firing_rule_names_every_fact_that_decided_it() -> None:
    rule = a_rule(sides=[METFORMIN], all=[LOW_EGFR], unless=[COMFORT])
    finding = the_finding(rule, a_chart(orders=[a_draft("metformin")], egfr=LOW, comfort_care=NO))
    assert finding.used == {"egfr": LOW, "comfort_care": NO}
    assert finding.missing == ()
