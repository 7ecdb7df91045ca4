import json
import os
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Dose
from cds_service.chart.facts import Known, Reason, Source, Unknown
from cds_service.hooks.response import Card, CardSource, HookResponse
from cds_service.presenting.groups import Withheld
from cds_service.presenting.session import Session
from cds_service.reasoning.findings import Finding, Missing, Outcome
from cds_service.record.canonical import canonical_bytes
from cds_service.record.decision import DecisionRecord
from cds_service.record.trace import trace
from tests.presenting.findings import DECISION, a_finding, a_spoken_rule
from tests.support.charts import (
    NOW,
    SNOMED,
    a_chart,
    a_dose,
    a_draft,
    a_drug,
    a_grade,
    a_line,
    a_problem,
    an_allergy,
    not_sent,
    number,
)
from tests.support.schemas import problems

IBUPROFEN = a_draft("ibuprofen 600 MG Oral Tablet", "ibuprofen", dose=Dose(text="1 tablet 3 times daily"))
WARFARIN = a_drug("warfarin", dose=a_dose("warfarin", 5.0), authored=NOW - timedelta(days=30), original=b'{"id": "1"}')
GRADE = a_grade(a_line("inr", "above", 4.0), "critical", "INR above 4.")


def a_full_chart() -> Chart:
    chart = a_chart(
        orders=(IBUPROFEN,),
        medications=(WARFARIN,),
        allergies=(an_allergy("Penicillin V", codes=[(SNOMED, "91936005")]),),
        conditions=(a_problem("Asthma", (SNOMED, "195967001")),),
        unread=("procedures",),
        unrecognised={"medications": ["St John tea"]},
        weight=Known(Decimal("70.50"), "kg", (Source("Observation/1"),), NOW),
        inr=number(4.8, "{INR}", days_ago=3),
        pregnant=Known(False),
        creatinine=Unknown(Reason.TOO_OLD, "creatinine of 3 Mar 2020"),
    )
    return replace(chart, notes=("Observation/9 is dated after now",), continued={IBUPROFEN.reference: WARFARIN})


def a_record(*findings: Finding, **more: Any) -> DecisionRecord:
    fields: dict[str, Any] = {
        "decision_id": DECISION,
        "now": NOW,
        "client": "sandbox",
        "tenant": "sandbox",
        "service": "medication-order-sign",
        "hook": "order-sign",
        "hook_instance": "7a1b",
        "release_digest": "abc",
        "code_version": "0.1.0",
        "key_states": {"medications": "read, 1 item", "allergies": "read, 1 item", "procedures": "not sent"},
        "chart": a_full_chart(),
        "findings": findings,
        "withheld": (),
        "cards": (Card(uuid="1", summary="s", indicator="info", source=CardSource(label="l")),),
        "session": Session("P1"),
        **more,
    }
    return DecisionRecord(**fields)


FIRED = a_finding(
    a_spoken_rule(grades=(GRADE,)),
    IBUPROFEN,
    WARFARIN,
    grade=GRADE,
    used={"inr": number(4.8, "{INR}", days_ago=3)},
    missing=(Missing("value", "age", Reason.NOT_SENT),),
    skipped_grades=(GRADE,),
    assumed=("assumed: not comfort care",),
    lowered=True,
)
OPEN = a_finding(
    a_spoken_rule("metformin"),
    IBUPROFEN,
    outcome=Outcome.UNDETERMINED,
    missing=(Missing("value", "egfr", Reason.NOT_SENT, "x"),),
)


def test_equal_decisions_give_equal_bytes_whatever_the_order_of_their_maps() -> None:
    chart = a_full_chart()
    turned = replace(chart, values=dict(reversed(list(chart.values.items()))))
    states = a_record().key_states
    first = canonical_bytes(a_record(FIRED, OPEN))
    assert first == canonical_bytes(
        a_record(FIRED, OPEN, chart=turned, key_states=dict(reversed(list(states.items()))))
    )
    assert first != canonical_bytes(a_record(FIRED))


def test_the_bytes_do_not_depend_on_the_process() -> None:
    # Hash seeds change the order of sets and of nothing that may reach the bytes.
    program = (
        "from tests.record.test_record import *; import hashlib;"
        "print(hashlib.sha256(canonical_bytes(a_record(FIRED, OPEN))).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_record_names_rules_and_keeps_received_numbers() -> None:
    recorded = json.loads(canonical_bytes(a_record(FIRED, OPEN, withheld=(Withheld(FIRED, "over the cap"),))))
    assert recorded["chart"]["values"]["weight"]["value"] == "70.50"
    assert recorded["findings"][0]["rule"] == "warfarin-nsaid"
    assert recorded["findings"][0]["grade"] == 0
    assert recorded["findings"][0]["skipped_grades"] == [0]
    assert "grade" not in recorded["findings"][1]
    assert recorded["findings"][0]["bindings"]["b"] == {"drug": "MedicationRequest/warfarin", "ingredient": "warfarin"}
    assert recorded["withheld"] == [{"finding": FIRED.key, "reason": "over the cap"}]
    assert recorded["cards"][0]["summary"] == "s"
    assert recorded["now"] == "2026-11-20T12:00:00Z"


def test_a_silent_rule_is_kept_by_the_drugs_it_looked_at() -> None:
    silent = [
        a_finding(a_spoken_rule("both"), IBUPROFEN, WARFARIN, outcome=Outcome.SILENT),
        a_finding(a_spoken_rule("one"), IBUPROFEN, outcome=Outcome.SILENT),
        a_finding(a_spoken_rule("other"), IBUPROFEN, outcome=Outcome.SILENT),
    ]
    recorded = json.loads(canonical_bytes(a_record(*silent)))
    assert recorded["findings"] == []
    assert recorded["silent"] == {
        f"{IBUPROFEN.reference}|{WARFARIN.reference}": {"both": "1.0.0"},
        IBUPROFEN.reference: {"one": "1.0.0", "other": "1.0.0"},
    }


def told(*findings: Finding, **more: Any) -> dict[str, Any]:
    extension = trace(a_record(*findings, **more))
    assert list(extension) == ["org.cds-service"]
    return json.loads(json.dumps(extension))["org.cds-service"]  # type: ignore[no-any-return]


@pytest.mark.requirement("CH-206")
def test_a_trace_is_a_valid_extension_of_a_response() -> None:
    body = HookResponse(cards=(), extension=trace(a_record(FIRED, OPEN))).encode()
    assert problems("response", body) == []


def test_a_trace_shows_how_every_key_arrived_and_which_release_answered() -> None:
    shown = told()
    assert (shown["decision"], shown["release"], shown["codeVersion"]) == (DECISION, "abc", "0.1.0")
    assert shown["now"] == "2026-11-20T12:00:00+00:00"
    assert shown["prefetch"]["procedures"] == "not sent"
    assert shown["notes"] == ["Observation/9 is dated after now"]


def test_a_trace_shows_lists_with_what_was_not_read_on_them() -> None:
    chart = told()["chart"]
    assert chart["procedures"] == {"complete": False, "reason": "not sent"}
    assert chart["medications"]["complete"] is True
    assert chart["medications"]["unrecognised"] == [
        {"text": "St John tea", "reference": "MedicationRequest/St John tea"}
    ]
    assert chart["allergies"]["items"][0]["name"] == "Penicillin V"
    assert chart["continued"][IBUPROFEN.reference]["name"] == "warfarin"


def test_a_trace_shows_each_drug_as_it_was_understood() -> None:
    (drug,) = told()["chart"]["orders"]["items"]
    assert drug["ingredients"] == [{"rxcui": "ibuprofen", "name": "ibuprofen", "strength": None}]
    assert (drug["route"], drug["status"], drug["draft"]) == ("systemic", "draft", True)
    assert drug["recognisedBy"] == "recognised by code"
    assert drug["dose"]["text"] == "1 tablet 3 times daily"
    assert drug["dose"]["timesPerDay"] == {"unknown": "not recorded"}
    (active,) = told()["chart"]["medications"]["items"]
    assert active["dose"]["daily"]["warfarin"] == {"value": 5.0, "unit": "mg/d", "asOf": "2026-11-20T12:00:00+00:00"}
    assert "original" not in active


def test_a_trace_shows_values_with_unit_date_and_source_or_why_they_are_not_known() -> None:
    values = told()["chart"]["values"]
    assert list(values) == ["creatinine", "inr", "pregnant", "weight"]
    assert values["weight"] == {
        "value": "70.50",
        "unit": "kg",
        "asOf": "2026-11-20T12:00:00+00:00",
        "sources": ["Observation/1"],
    }
    assert values["pregnant"] == {"value": False}
    assert values["creatinine"] == {"unknown": "too old", "detail": "creatinine of 3 Mar 2020"}


def test_a_trace_shows_the_outcome_of_every_reached_rule() -> None:
    silent = a_finding(a_spoken_rule("quiet"), IBUPROFEN, outcome=Outcome.SILENT)
    crashed = a_finding(a_spoken_rule("crash"), outcome=Outcome.ERROR, error="ZeroDivisionError")
    outcomes = told(FIRED, OPEN, silent, crashed, withheld=(Withheld(FIRED, "over the cap"),))["outcomes"]
    assert [(each["rule"], each["outcome"]) for each in outcomes] == [
        ("crash", "error"),
        ("metformin", "undetermined"),
        ("quiet", "silent"),
        ("warfarin-nsaid", "fires"),
    ]
    assert outcomes[0]["error"] == "ZeroDivisionError"
    assert outcomes[1]["missing"] == [{"kind": "value", "subject": "egfr", "reason": "not sent", "detail": "x"}]
    assert "indicator" not in outcomes[2]
    fired = outcomes[3]
    assert fired["drugs"] == {"a": IBUPROFEN.reference, "b": WARFARIN.reference}
    assert (fired["indicator"], fired["grade"], fired["lowered"]) == ("warning", "INR above 4.", True)
    assert fired["used"]["inr"]["value"] == 4.8
    assert fired["assumed"] == ["assumed: not comfort care"]
    assert fired["withheld"] == "over the cap"


def test_a_value_that_was_not_sent_stays_unknown_in_the_trace() -> None:
    chart = replace(a_full_chart(), values={"inr": not_sent()})
    assert told(chart=chart)["chart"]["values"] == {"inr": {"unknown": "not sent"}}
