"""Every way in which it must not stay quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from cds_service.call import Call
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Indicator, Severity
from cds_service.knowledge.suggestions import Suggestion, Verb
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.store.retention import remove_older
from cds_service.store.ring import rotate_key
from cds_service.store.tables import DECISIONS
from tests.quieting.rules import (
    ON_BOTH,
    ON_WARFARIN,
    ORDER_INR,
    PANTOPRAZOLE,
    STOP,
    ULCER,
    antiplatelet_and_nsaid,
    bleeding,
    contraindicated,
    inr_due,
    lowered,
    ulcer_and_nsaid,
    with_ibuprofen,
    with_inr,
)
from tests.support.charts import a_line, ingredient_set
from tests.support.requests import PatientCase, a_patient
from tests.support.ward import BEN, DAY, HOUR, REASON, Ward

RULE, DUE = "warfarin-nsaid", "inr-due"


def overridden(ward: Ward, patient: PatientCase | None = None, **rule: Any) -> Ward:
    """A ward in which the finding was said at signing and overridden with a coded reason."""
    first = ward.knows(bleeding(**rule)).signs(patient or with_ibuprofen())
    assert first.says == [RULE]
    ward.overrides(first)
    return ward


# What is no decision.


def test_an_ignored_card_is_no_decision(ward: Ward) -> None:
    ward.knows(bleeding()).signs(with_ibuprofen())
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_an_override_without_a_reason_is_asked_again(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()), None)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_words_alone_are_no_coded_reason(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first, None, overrideReason={"userComment": "she is fine"})
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_code_that_no_card_offers_is_no_reason(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen()), "dismissed")
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_code_of_another_system_is_no_reason(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first, None, overrideReason={"reason": {"code": REASON, "system": "https://ehr.example.org/why"}})
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_an_override_of_the_card_that_only_counts_more_findings_decides_none_of_them(ward: Ward) -> None:
    other = bleeding("renal", problem="renal-dosing", severity=Severity.MODERATE)
    ward = ward.knows(bleeding(), other).at("general", most_cards={"order-sign": 1})
    first = ward.signs(with_ibuprofen())
    assert first.kept_quiet == {"renal": "over the cap"}
    ward.overrides(first)
    assert ward.signs(with_ibuprofen()).says == ["renal"]


def test_an_override_of_a_card_nobody_was_shown_decides_nothing(ward: Ward) -> None:
    ward.knows(bleeding()).signs(with_ibuprofen())
    ward.reports(
        {
            "card": "6fc9e1f9-93a4-5dc5-b2a6-8a9a2a3cbe58",
            "outcome": "overridden",
            "overrideReason": {"reason": {"code": REASON}},
        }
    )
    assert ward.signs(with_ibuprofen()).says == [RULE]


# For whom.


def test_another_user_is_told(ward: Ward) -> None:
    overridden(ward).user = BEN
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_another_patient_is_not_the_one_that_was_decided_about(ward: Ward) -> None:
    overridden(ward)
    other = a_patient("P2").taking("855332", "warfarin", id="warfarin", dose=1, per_day=1)
    assert ward.signs(with_ibuprofen(other)).says == [RULE]


def test_a_patient_of_another_tenant_with_the_same_id_is_another_patient(ward: Ward) -> None:
    overridden(ward)
    assert ward.at("general", tenant="general/west").signs(with_ibuprofen()).says == [RULE]
    assert ward.at("county").signs(with_ibuprofen()).says == [RULE]


def test_another_tenant_that_names_our_card_decides_nothing(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.at("county").overrides(first)
    assert ward.signs(with_ibuprofen()).says == [RULE]
    assert ward.at("county").signs(with_ibuprofen()).says == [RULE]


def test_where_it_counts_for_everybody_it_still_counts_for_one_patient_of_one_tenant(ward: Ward) -> None:
    overridden(ward).remembering_for("patient").user = BEN
    assert ward.signs(with_ibuprofen()).says == []
    assert ward.at("county").signs(with_ibuprofen()).says == [RULE]


# For how long.


def test_when_the_snooze_is_over_it_is_said_again(ward: Ward) -> None:
    overridden(ward).waits(30 * DAY)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_rule_without_a_snooze_is_always_said(ward: Ward) -> None:
    assert overridden(ward, snooze=None).signs(with_ibuprofen()).says == [RULE]


def test_a_clock_that_is_years_ahead_keeps_nothing_quiet_for_longer(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first, outcomeTimestamp="2031-01-01T00:00:00Z")
    assert ward.signs(with_ibuprofen()).says == []
    ward.waits(30 * DAY)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_an_override_of_last_year_that_is_reported_today_is_over(ward: Ward) -> None:
    first = ward.knows(bleeding()).signs(with_ibuprofen())
    ward.overrides(first, outcomeTimestamp="2025-11-20T12:00:00Z")
    assert ward.signs(with_ibuprofen()).says == [RULE]


# About what.


def test_a_contraindication_is_never_quiet(ward: Ward) -> None:
    first = ward.knows(contraindicated()).signs(with_ibuprofen())
    ward.overrides(first)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_rule_that_has_become_a_contraindication_is_said(ward: Ward) -> None:
    overridden(ward).knows(contraindicated())
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_another_drug_of_the_same_rule_is_another_finding(ward: Ward) -> None:
    overridden(ward)
    naproxen = ON_WARFARIN.ordering("198013", "naproxen", id="naproxen", dose=1, per_day=2)
    assert ward.signs(naproxen).says == [RULE]


def test_another_rule_about_the_same_drugs_is_another_finding(ward: Ward) -> None:
    overridden(ward).knows(bleeding("other-rule"))
    assert ward.signs(with_ibuprofen()).says == ["other-rule"]


# When it is worse.


def test_a_higher_dose_is_said(ward: Ward) -> None:
    assert overridden(ward).signs(with_ibuprofen(per_day=4)).says == [RULE]


def test_a_higher_single_dose_of_the_same_daily_dose_is_said(ward: Ward) -> None:
    twice = with_ibuprofen(dose=1, per_day=2)  # 600 mg twice a day, then 1200 mg once
    assert overridden(ward, twice).signs(with_ibuprofen(dose=2, per_day=1)).says == [RULE]


def test_a_higher_dose_of_the_other_drug_is_said(ward: Ward) -> None:
    more = a_patient("P1").taking("855332", "warfarin", id="warfarin", dose=2, per_day=1)
    assert overridden(ward).signs(with_ibuprofen(more)).says == [RULE]


def test_a_dose_that_is_no_longer_known_is_said(ward: Ward) -> None:
    assert overridden(ward).signs(with_ibuprofen(dosageInstruction=[{"text": "as told"}])).says == [RULE]


def test_a_dose_that_is_known_only_now_is_said(ward: Ward) -> None:
    unclear = a_patient("P1").taking("855332", "warfarin", id="warfarin")
    assert overridden(ward, with_ibuprofen(unclear)).signs(with_ibuprofen()).says == [RULE]


def test_a_second_product_of_the_same_ingredient_is_said(ward: Ward) -> None:
    both = with_ibuprofen(with_ibuprofen(id="first", dosageInstruction=[]), "310965", dosageInstruction=[])
    assert overridden(ward, with_ibuprofen(dosageInstruction=[])).signs(both).says == [RULE]


def test_a_more_urgent_indicator_is_said(ward: Ward) -> None:
    overridden(ward, with_ibuprofen(with_inr(ON_WARFARIN, 2.4)))
    worse = ward.signs(with_ibuprofen(with_inr(ON_WARFARIN, 4.6)))
    assert (worse.says, worse.cards[0]["indicator"]) == ([RULE], "critical")


def test_a_grade_that_did_not_hold_is_said_though_it_is_no_more_urgent(ward: Ward) -> None:
    overridden(ward)
    assert ward.signs(with_ibuprofen(ON_WARFARIN.with_condition(ULCER, "Peptic ulcer"))).says == [RULE]


def test_a_value_past_another_threshold_is_said_though_the_grade_held_before(ward: Ward) -> None:
    with_ulcer = ON_WARFARIN.with_condition(ULCER, "Peptic ulcer")
    overridden(ward, with_ibuprofen(with_inr(with_ulcer, 2.4)))
    assert ward.signs(with_ibuprofen(with_inr(with_ulcer, 3.4))).says == [RULE]


def test_a_severity_that_the_pharmacy_raised_is_said(ward: Ward) -> None:
    overridden(ward, severity=Severity.MODERATE, indicator=Indicator.INFO).knows(bleeding())
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_lower_severity_keeps_nothing_quiet_that_is_worse_since(ward: Ward) -> None:
    ward.overrides(ward.knows(bleeding()).signs(with_ibuprofen(with_inr(ON_WARFARIN, 2.5))))
    assert ward.knows(lowered(bleeding())).signs(with_ibuprofen(with_inr(ON_WARFARIN, 3.5))).says == [RULE]


def test_a_value_that_ruled_the_worst_out_and_is_no_longer_known_is_said(ward: Ward) -> None:
    overridden(ward, with_ibuprofen(with_inr(ON_WARFARIN, 2.4)))
    assert ward.signs(with_ibuprofen(ON_WARFARIN.without("labs"))).says == [RULE]


def test_a_new_finding_in_the_group_brings_the_others_back(ward: Ward) -> None:
    # The rule itself knows nothing of the ulcer here; only the other one speaks of it.
    overridden(ward, grades=()).knows(bleeding(grades=()), ulcer_and_nsaid())
    patient = with_ibuprofen(ON_WARFARIN.with_condition(ULCER, "Peptic ulcer"))
    assert ward.signs(patient).says == ["ulcer-nsaid", RULE]


def test_a_contraindication_in_the_group_brings_the_others_back(ward: Ward) -> None:
    overridden(ward).knows(bleeding(), contraindicated(id="never"))
    assert ward.signs(with_ibuprofen()).says == ["never", RULE]


def test_a_drug_that_was_renewed_unchanged_and_is_now_changed_is_said(ward: Ward) -> None:
    taking = ON_WARFARIN.taking("197806", "ibuprofen", id="ibuprofen", dose=1, per_day=2)
    overridden(ward, with_ibuprofen(taking, per_day=2))
    assert ward.signs(with_ibuprofen(taking, per_day=3)).says == [RULE]


# What was acted on.


def test_a_test_is_no_answer_to_what_interrupts(ward: Ward) -> None:
    ward.knows(bleeding(suggestions=(ORDER_INR,)), antiplatelet_and_nsaid())
    patient = with_ibuprofen(ON_WARFARIN.taking("309362", "clopidogrel", dose=1, per_day=1))
    first = ward.signs(patient)
    assert first.says == ["antiplatelet-nsaid", RULE]
    ward.accepts(first, RULE, "INR")
    again = ward.signs(patient.drafting(first.order(RULE)))
    assert (again.says, again.kept_quiet) == (["antiplatelet-nsaid", RULE], {})
    assert "Being ordered: INR" in again.card(RULE)["detail"]
    assert "suggestions" not in again.card(RULE)


def test_with_the_shipped_rules_checking_the_inr_leaves_the_bleeding_card(ward: Ward) -> None:
    both = ON_WARFARIN.taking("309362", "clopidogrel", dose=1, per_day=1)
    first = ward.signs(with_ibuprofen(both))
    assert {"antiplatelet-nsaid", RULE} <= set(first.says)
    ward.accepts(first, RULE, "Check the INR")
    checks = [each for each in first.card(RULE)["suggestions"] if each["label"] == "Check the INR"]
    again = ward.signs(with_ibuprofen(both).drafting({**checks[0]["actions"][0]["resource"], "id": "accepted"}))
    assert {"antiplatelet-nsaid", RULE} <= set(again.says)
    assert "Being ordered: INR" in again.card(RULE)["detail"]
    assert "Check the INR" not in [each["label"] for each in again.card(RULE)["suggestions"]]


def test_a_test_is_no_answer_to_a_finding_whose_rule_did_not_ask_for_it(ward: Ward) -> None:
    first = ward.knows(inr_due(), inr_due("stomach", suggestions=())).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    assert ward.signs(with_ibuprofen().drafting(first.order(DUE))).says == [DUE, "stomach"]


def test_a_test_that_the_rule_no_longer_asks_for_is_no_answer(ward: Ward) -> None:
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    ward.knows(inr_due(suggestions=()))
    assert ward.signs(with_ibuprofen().drafting(first.order(DUE))).says == [DUE]


def test_what_interrupts_since_a_test_was_ordered_is_said(ward: Ward) -> None:
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    ward.knows(inr_due(severity=Severity.MAJOR, indicator=Indicator.WARNING))
    assert ward.signs(with_ibuprofen().drafting(first.order(DUE))).says == [DUE]


def test_a_test_that_was_accepted_and_then_dropped_is_asked_for_again(ward: Ward) -> None:
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    assert ward.signs(with_ibuprofen()).says == [DUE]


def test_a_drug_that_was_added_and_is_not_on_the_list_is_suggested_again(ward: Ward) -> None:
    add = Suggestion(Verb.ADD_MEDICATION, "Add pantoprazole", orderable=PANTOPRAZOLE)
    taking = {"all": (a_line("all_drugs", "none_in", ingredient_set("ppi", "40790")),), "suggestions": (add,)}
    first = ward.knows(inr_due("stomach", **taking)).opens(ON_BOTH)
    ward.accepts(first, "stomach", "pantoprazole")
    assert ward.opens(ON_BOTH).says == ["stomach"]


def test_another_test_than_the_accepted_one_changes_nothing(ward: Ward) -> None:
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    potassium = {"resourceType": "ServiceRequest", "id": "k", "status": "draft", "code": {"text": "Potassium"}}
    assert ward.signs(with_ibuprofen().drafting(potassium)).says == [DUE]


def test_a_drug_that_was_stopped_by_a_suggestion_and_is_ordered_again_is_said(ward: Ward) -> None:
    first = ward.knows(bleeding(suggestions=(STOP,))).signs(with_ibuprofen())
    ward.accepts(first, RULE, "Stop")
    assert ward.signs(with_ibuprofen(id="again")).says == [RULE]


def test_a_test_that_was_accepted_does_not_quiet_what_is_worse_since(ward: Ward) -> None:
    twice = a_patient("P1").taking("855332", "warfarin", id="warfarin", dose=2, per_day=1)
    first = ward.knows(inr_due()).signs(with_ibuprofen())
    ward.accepts(first, DUE, "INR")
    assert ward.signs(with_ibuprofen(twice).drafting(first.order(DUE))).says == [DUE]


# From picking to signing.


def test_unless_the_client_asks_for_it_signing_repeats_what_picking_said(ward: Ward) -> None:
    assert ward.knows(bleeding()).picks(with_ibuprofen(dosageInstruction=[])).says == [RULE]
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_what_was_picked_more_than_an_hour_ago_is_said_at_signing(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", select_to_sign=True)
    ward.picks(with_ibuprofen(dosageInstruction=[]))
    ward.waits(HOUR)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_what_another_user_picked_is_said_to_who_signs(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", select_to_sign=True)
    ward.picks(with_ibuprofen(dosageInstruction=[]))
    ward.user = BEN
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_what_is_critical_is_said_at_signing_in_any_case(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", select_to_sign=True)
    patient = with_inr(ON_WARFARIN, 4.6)
    ward.picks(with_ibuprofen(patient, dosageInstruction=[]))
    assert ward.signs(with_ibuprofen(patient)).says == [RULE]


def test_picking_another_drug_says_it_again(ward: Ward) -> None:
    ward = ward.knows(bleeding()).at("general", select_to_sign=True)
    ward.picks(with_ibuprofen(dosageInstruction=[]))
    assert ward.picks(with_ibuprofen(dosageInstruction=[])).says == [RULE]


def test_what_was_not_shown_while_picking_is_said_at_signing(ward: Ward) -> None:
    silent_while_picking = bleeding(hooks=frozenset({"order-sign"}))
    ward = ward.knows(silent_while_picking).at("general", select_to_sign=True)
    ward.picks(with_ibuprofen(dosageInstruction=[]))
    assert ward.signs(with_ibuprofen()).says == [RULE]


# When the memory fails.


@contextmanager
def database_away(ward: Ward) -> Iterator[None]:
    def fail(*_: Any) -> None:
        raise OperationalError("SELECT", {}, OSError(28, "away"))

    event.listen(ward.store.database, "begin", fail)
    yield
    event.remove(ward.store.database, "begin", fail)


def test_while_the_database_is_away_everything_is_said(ward: Ward) -> None:
    overridden(ward)
    with database_away(ward):
        assert ward.signs(with_ibuprofen()).says == [RULE]
        assert ward.signs(with_ibuprofen()).says == [RULE]
    assert ward.told.about("memory away")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # a file answers or fails
def test_a_server_that_does_not_answer_is_not_waited_for(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Call, Release]] = []
    recall = ward.application.recall

    def listen(call: Call, release: Release) -> Memory:
        asked.append((call, release))
        return recall(call, release)

    ward.application = replace(ward.application, recall=listen)
    overridden(ward)
    assert ward.signs(with_ibuprofen()).says == []
    cut_off = Event()

    def wait(*_: Any) -> None:
        cut_off.wait(30)

    event.listen(ward.store.database, "checkout", wait)
    monkeypatch.setattr("cds_service.remembering.WITHIN_S", 0.01)
    try:
        assert recall(*asked[-1]) == NO_MEMORY
    finally:
        cut_off.set()
        event.remove(ward.store.database, "checkout", wait)
    assert ward.told.about("memory away") == ["TimeoutError"]


def test_while_records_wait_in_the_spool_nothing_is_remembered(ward: Ward) -> None:
    overridden(ward)
    assert ward.store.commits is not None
    ward.store.commits.away = "slow"
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_of_more_decisions_than_a_call_reads_the_oldest_are_said_again(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cds_service.remembering.MOST_OPENED", 1)
    other = bleeding("kidney", problem="renal-dosing")
    ward.overrides(ward.knows(other).signs(with_ibuprofen()))
    ward.waits(HOUR)
    overridden(ward).knows(bleeding(), other)
    assert ward.signs(with_ibuprofen()).says == ["kidney"]


def test_a_decision_whose_record_is_gone_is_not_remembered(ward: Ward) -> None:
    overridden(ward)
    remove_older(ward.store.database, ward.clock.now + DAY)
    assert ward.signs(with_ibuprofen()).says == [RULE]


def test_a_record_that_somebody_changed_is_not_remembered(ward: Ward) -> None:
    overridden(ward)
    with ward.store.database.begin() as connection:
        connection.execute(update(DECISIONS).values(role="somebody"))
    assert ward.signs(with_ibuprofen()).says == [RULE]
    assert ward.told.about("record not remembered")


@pytest.mark.parametrize("rotations", [1, 2])
def test_a_rotated_key_forgets_nothing(ward: Ward, rotations: int) -> None:
    overridden(ward)
    for number in range(rotations):
        rotate_key(ward.store.places.ring, "index", datetime.fromtimestamp(ward.clock.now + number + 1, UTC))
    ward.store.renew_ring()
    assert ward.signs(with_ibuprofen()).says == []
