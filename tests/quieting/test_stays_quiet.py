"""What was decided about is not said again, and the record says why."""

import pytest

from cds_service.governance.simulate import show
from cds_service.knowledge.rules import Severity
from cds_service.record.reading import chart_of, read_record
from tests.quieting.rules import (
    ON_BOTH,
    ON_WARFARIN,
    ULCER,
    bleeding,
    inr_due,
    lowered,
    ulcer_and_nsaid,
    with_ibuprofen,
    with_inr,
)
from tests.support.charts import a_grade, a_line
from tests.support.requests import a_patient, dosage
from tests.support.ward import BEN, DAY, HOUR, Ward

OVERRIDDEN, ACTED_ON, SEEN = "overridden before", "already acted on", "said while the drug was picked"
RULE, DUE = "warfarin-nsaid", "inr-due"
SAID = {RULE: OVERRIDDEN}


def test_an_override_with_a_coded_reason_is_not_asked_again(ward: Ward) -> None:
    ward.knows(bleeding())
    first = ward.signs(with_ibuprofen())
    assert first.says == [RULE]
    ward.overrides(first)
    again = ward.signs(with_ibuprofen())
    assert (again.says, again.kept_quiet) == ([], SAID)


def test_the_record_holds_what_was_remembered(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first)
    (remembered,) = ward.signs(with_ibuprofen()).record.memory.told
    assert (remembered.rule, remembered.decision_id) == (RULE, first.record.decision_id)
    # 600 mg three times a day; warfarin 5 mg once a day
    assert remembered.doses["5640 daily mg/d"] == 1800
    assert remembered.doses["11289 daily mg/d"] == 5


def test_nothing_was_decided_before_the_first_card(ward: Ward) -> None:
    assert ward.knows(bleeding()).signs(with_ibuprofen()).record.memory.told == ()


def test_it_stays_quiet_until_the_last_hour_of_the_rules_snooze(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    ward.waits(30 * DAY - HOUR)
    assert ward.signs(with_ibuprofen()).kept_quiet == SAID


def test_it_stays_quiet_when_the_chart_is_opened_later(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    taken = ON_WARFARIN.taking("197806", "ibuprofen", id="ibuprofen", dose=1, per_day=3)
    assert ward.opens(taken).kept_quiet == SAID


def test_it_stays_quiet_under_another_id_of_the_order(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    assert ward.signs(with_ibuprofen(id="another")).kept_quiet == SAID


def test_a_lower_dose_stays_quiet(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    assert ward.signs(with_ibuprofen(per_day=2)).kept_quiet == SAID


def test_a_value_that_got_better_stays_quiet(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen(with_inr(ON_WARFARIN, 4.6))))
    assert ward.signs(with_ibuprofen(with_inr(ON_WARFARIN, 2.4))).kept_quiet == SAID


def test_a_value_that_moved_between_the_same_thresholds_stays_quiet(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen(with_inr(ON_WARFARIN, 3.1))))
    assert ward.signs(with_ibuprofen(with_inr(ON_WARFARIN, 3.9))).kept_quiet == SAID


def test_a_value_that_was_never_known_stays_quiet(ward: Ward) -> None:
    unread = ON_WARFARIN.without("labs", "conditions")
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen(unread)))
    assert ward.signs(with_ibuprofen(unread)).kept_quiet == SAID


def test_a_reason_whose_system_the_client_names_counts_too(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    reason = {"code": "benefit-outweighs-risk", "system": first.cards[0]["overrideReasons"][0]["system"]}
    ward.overrides(first, None, overrideReason={"reason": reason, "userComment": "three days only"})
    assert ward.signs(with_ibuprofen()).kept_quiet == SAID


def test_an_override_while_picking_counts_when_the_written_order_is_signed(ward: Ward) -> None:
    picked = ward.knows(bleeding()).picks(with_ibuprofen(dosageInstruction=[]))
    assert picked.says == [RULE]
    ward.overrides(picked)
    assert ward.signs(with_ibuprofen()).kept_quiet == SAID


def test_a_report_that_comes_late_and_adds_its_reason_counts(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first, None)
    assert ward.signs(with_ibuprofen()).says == [RULE]
    ward.overrides(first)
    assert ward.signs(with_ibuprofen()).kept_quiet == SAID


def test_findings_of_one_card_that_were_overridden_one_by_one_stay_quiet_together(ward: Ward) -> None:
    patient = with_ibuprofen(ON_WARFARIN.with_condition(ULCER, "Peptic ulcer"))
    ward.overrides(ward.knows(bleeding()).signs(patient))
    ward.overrides(ward.knows(ulcer_and_nsaid()).signs(patient))
    both = ward.knows(bleeding(), ulcer_and_nsaid()).signs(patient)
    assert (both.says, both.kept_quiet) == ([], {RULE: OVERRIDDEN, "ulcer-nsaid": OVERRIDDEN})


def test_a_corrected_text_of_the_rule_does_not_ask_again(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    assert ward.knows(bleeding(version="1.0.1")).signs(with_ibuprofen()).kept_quiet == SAID


def test_where_the_site_says_so_an_override_counts_for_everybody(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).remembering_for("patient").signs(with_ibuprofen()))
    ward.user = BEN
    assert ward.signs(with_ibuprofen()).kept_quiet == SAID


def test_a_test_that_was_accepted_and_is_being_ordered_is_not_asked_for_again(ward: Ward) -> None:
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    again = ward.signs(with_ibuprofen().drafting(first.order(DUE)))
    assert (again.says, again.kept_quiet) == ([], {DUE: ACTED_ON})


def test_a_test_that_was_due_and_ordered_is_not_named_when_the_chart_is_opened_again(ward: Ward) -> None:
    first = ward.knows(inr_due()).opens(ON_BOTH)
    ward.accepts(first, DUE, "INR")
    again = ward.opens(ON_BOTH)
    assert (again.says, again.kept_quiet) == ([], {DUE: ACTED_ON})


def test_with_the_shipped_rules_an_overdue_inr_that_was_ordered_is_not_named_again(ward: Ward) -> None:
    since_spring = a_patient("P1").taking("855332", "warfarin", dose=1, per_day=1, authoredOn="2026-03-01")
    overdue = "monitoring-overdue-narrow.warfarin-inr"
    first = ward.opens(with_inr(since_spring, 2.2, "2026-01-01"))
    ward.accepts(first, overdue, "INR")
    assert ward.opens(with_inr(since_spring, 2.2, "2026-01-01")).kept_quiet[overdue] == ACTED_ON


def test_a_test_that_two_rules_of_a_card_ask_for_answers_both(ward: Ward) -> None:
    other = inr_due("inr-with-antibiotic")
    first = ward.knows(inr_due(), other).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    again = ward.signs(with_ibuprofen().drafting(first.order(DUE)))
    assert (again.says, again.kept_quiet) == ([], {DUE: ACTED_ON, "inr-with-antibiotic": ACTED_ON})


def test_a_client_that_asks_for_it_is_not_told_at_signing_what_it_was_told_while_picking(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", select_to_sign=True)
    assert ward.picks(with_ibuprofen(dosageInstruction=[])).says == [RULE]
    assert ward.signs(with_ibuprofen()).kept_quiet == {RULE: SEEN}


@pytest.mark.parametrize(("then", "now"), [(3.5, 3.5), (2.5, 2.5), (2.5, 1.8), (1.8, 1.8), (4.6, 3.5)])
def test_what_was_overridden_does_not_come_back_because_its_severity_was_lowered(
    ward: Ward, then: float, now: float
) -> None:
    """Under a lower severity a grade that made the finding milder, here an INR below 2, is no milder any more."""
    rule = bleeding(grades=(*bleeding().grades, a_grade(a_line("inr", "below", 2.0, unit="{INR}"), "info", "Low INR.")))
    ward.overrides(ward.knows(rule).signs(with_ibuprofen(with_inr(ON_WARFARIN, then))))
    assert ward.knows(lowered(rule)).signs(with_ibuprofen(with_inr(ON_WARFARIN, now))).kept_quiet == SAID


def test_what_was_quiet_is_quiet_too_where_a_lower_severity_is_tried_on_the_record(ward: Ward) -> None:
    rule = bleeding(grades=(a_grade(a_line("inr", "below", 2.0, unit="{INR}"), "info", "Low INR."),))
    patient = with_ibuprofen(with_inr(ON_WARFARIN, 1.8))
    ward.overrides(ward.knows(rule).signs(patient))
    kept = read_record(ward.store.read(ward.signs(patient).record.decision_id))
    milder = ward.knows(lowered(rule)).application.release
    assert show(milder, chart_of(kept), kept).alerts == {}


def test_a_quiet_finding_takes_no_room_of_the_others(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", most_cards={"order-sign": 1})
    ward.overrides(ward.signs(with_ibuprofen()))
    dose = bleeding("dose", problem="dose-too-high", severity=Severity.MINOR)
    assert ward.knows(bleeding(), dose).signs(with_ibuprofen()).says == ["dose"]


def test_a_dosage_written_in_other_words_is_the_same_dose(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()))
    every_eight_hours = dosage(1, 1)
    every_eight_hours["timing"] = {"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}
    assert ward.signs(with_ibuprofen(dosageInstruction=[every_eight_hours])).kept_quiet == SAID
