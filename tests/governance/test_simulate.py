"""What another release would have said of recorded calls, counted by hand."""

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import insert, update

from cds_service.governance.many import ids_since
from cds_service.governance.simulate import compare_each, prepare
from cds_service.governance.simulation import Kind, Simulation, tally
from cds_service.knowledge.release import Release
from cds_service.record.decision import DecisionRecord
from cds_service.store.outcomes import read_outcomes
from cds_service.store.tables import DECISIONS, FEEDBACK
from tests.governance.conftest import RULE, SERVICE, Ward, bleeding, overdosed
from tests.support.requests import a_patient


def react(ward: Ward, record: DecisionRecord, outcome: str) -> None:
    """Feedback on the card of `RULE`, a minute later."""
    card = next(card for card in record.cards if RULE in str(card.extension))
    row: dict[str, Any] = {
        **{"feedback_key": sha256(card.uuid.encode()).hexdigest(), "tenant": "ward", "client": "ward"},
        **{"received": ward.clock.now + 60, "at": ward.clock.now + 60, "service": SERVICE, "card": card.uuid},
        **{"decision_id": record.decision_id, "outcome": outcome, "accepted": "[]"},
        **{"reason_code": "", "reason_system": ""},
    }
    with ward.store.database.begin() as connection:
        connection.execute(insert(FEEDBACK), row)


def simulate(ward: Ward, base: Release, other: Release) -> Simulation:
    store = ward.store
    trial = prepare(store.records, store.ring, read_outcomes(store.database, 0.0), base, other)
    return tally(compare_each(trial, ids_since(store.records, 0.0, repeats=False)))


def test_a_rule_made_silent_removes_its_alerts_and_says_what_had_become_of_them(ward: Ward, quieter: Release) -> None:
    # Four patients on warfarin are given ibuprofen: one accepts, two override, one says nothing. A fifth call and a
    # repeat of the first change nothing.
    for number, outcome in enumerate(("accepted", "overridden", "overridden", "")):
        record = ward.sign(bleeding(f"p{number}"))
        if outcome:
            react(ward, record, outcome)
    ward.sign(a_patient("p9").ordering("308191", "amoxicillin 500 MG"))
    ward.sign(bleeding("p3"))
    found = simulate(ward, ward.shipped, quieter)
    assert (found.decisions, found.alerts, found.touched) == (5, 4, 4)
    tallied = found.rules[RULE]
    assert (tallied.severity, tallied.added, tallied.removed, tallied.changed) == ("major", 0, 4, 0)
    assert (tallied.removed_accepted, tallied.removed_overridden) == (1, 2)
    assert found.severities["major"].removed == 4
    assert [(case.kind, case.was, case.now) for case in found.samples] == [(Kind.REMOVED, "warning", "")] * 3
    assert sorted(found.samples[0].drugs) == ["ibuprofen 600 mg", "warfarin 5 mg"]


def test_an_alert_that_would_come_back_repeats_an_override_only_where_one_stood(ward: Ward, quieter: Release) -> None:
    # p1 overrode the alert before the call that is looked at, p2 after it, p3 never.
    react(ward, ward.sign(bleeding("p1")), "overridden")
    ward.clock.now += 3600
    for patient in ("p1", "p2", "p3"):
        record = ward.sign(bleeding(patient))
        if patient == "p2":
            react(ward, record, "overridden")
    found = simulate(ward, quieter, ward.shipped)
    assert (found.rules[RULE].added, found.rules[RULE].added_repeats) == (4, 1)


def test_an_override_of_another_tenant_with_the_same_patient_id_does_not_count(ward: Ward, quieter: Release) -> None:
    react(ward, ward.sign(bleeding("p1"), tenant="north"), "overridden")
    ward.clock.now += 3600
    ward.sign(bleeding("p1"), tenant="south")
    found = simulate(ward, quieter, ward.shipped)
    assert (found.rules[RULE].added, found.rules[RULE].added_repeats) == (2, 0)


def test_an_alert_of_another_urgency_is_changed_not_added(ward: Ward, lesser: Release) -> None:
    ward.sign(overdosed())
    found = simulate(ward, ward.shipped, lesser)
    assert (found.rules[RULE].added, found.rules[RULE].removed, found.rules[RULE].changed) == (0, 0, 1)
    assert [(case.was, case.now, case.severity) for case in found.samples] == [("critical", "warning", "major")]


@pytest.mark.parametrize("which", ["shipped", "quieter"])
def test_a_release_against_itself_changes_nothing(ward: Ward, quieter: Release, which: str) -> None:
    ward.sign(bleeding())
    release = ward.shipped if which == "shipped" else quieter
    assert simulate(ward, release, release).rules == {}


def test_a_record_that_was_changed_is_named_and_holds_up_no_other(ward: Ward, quieter: Release) -> None:
    damaged = ward.sign(bleeding("p1"))
    ward.sign(bleeding("p2"))
    with ward.store.database.begin() as connection:
        rows = update(DECISIONS).where(DECISIONS.c.decision_id == damaged.decision_id)
        connection.execute(rows.values(ciphertext=bytes(64)))
    found = simulate(ward, ward.shipped, quieter)
    assert (found.decisions, found.rules[RULE].removed, found.unreadable) == (1, 1, [damaged.decision_id])
