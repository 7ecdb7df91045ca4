"""The rules of the scenarios, and the patients they are about."""

from dataclasses import replace
from typing import Any

from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import CardText, Indicator, Rule, Severity
from cds_service.knowledge.suggestions import Orderable, Sig, Suggestion, Verb
from tests.presenting.findings import a_spoken_rule
from tests.support.charts import SNOMED, a_grade, a_line, a_side, any_line, code_set
from tests.support.requests import PatientCase, a_patient

WARFARIN, IBUPROFEN, NAPROXEN, CLOPIDOGREL = "11289", "5640", "7258", "32968"
ULCER = "13200003"
has_ulcer = a_line("conditions", "any_in", code_set("ulcer", (SNOMED, ULCER)))

ON_WARFARIN = a_patient("P1").taking("855332", "warfarin", id="warfarin", dose=1, per_day=1)
INR = Orderable("inr", "INR", "lab", "all", "LOINC", "verified", loinc="6301-6", product="INR", fact="inr")
ON_BOTH = ON_WARFARIN.taking("197806", "ibuprofen", id="ibuprofen", dose=1, per_day=3)
PANTOPRAZOLE = Orderable(
    *("pantoprazole-40", "pantoprazole 40 mg", "drug", "adults", "FDA pantoprazole label", "label-known"),
    rxcui="314200",
    product="pantoprazole 40 MG Delayed Release Oral Tablet",
    sig=Sig(1, "tablet", "oral", times_per_day=1),
)
ORDER_INR = Suggestion(Verb.ORDER_LAB, "Order an INR", orderable=INR)
STOP = Suggestion(Verb.STOP, "Stop {{ a.name }}", drug="a")


def with_ibuprofen(patient: PatientCase = ON_WARFARIN, rxcui: str = "197806", **members: Any) -> PatientCase:
    """Ibuprofen 600 mg three times a day is being ordered."""
    return patient.ordering(rxcui, "ibuprofen", **{"id": "ibuprofen", "dose": 1, "per_day": 3, **members})


def with_inr(patient: PatientCase, value: float, on: str = "2026-11-19", **members: Any) -> PatientCase:
    return patient.with_lab("6301-6", value, "{INR}", on, **members)


def bleeding(id: str = "warfarin-nsaid", **more: Any) -> Rule:
    """Warfarin with an NSAID: a warning, critical above an INR of 4; its card offers what `more` says."""
    fields: dict[str, Any] = {
        "sides": (a_side("a", IBUPROFEN, NAPROXEN), a_side("b", WARFARIN)),
        "grades": (
            a_grade(a_line("inr", "above", 4.0, unit="{INR}"), "critical", "The INR is above 4."),
            a_grade(
                any_line(a_line("inr", "above", 3.0, unit="{INR}"), has_ulcer), "warning", "INR above 3, or an ulcer."
            ),
        ),
        "snooze": "P30D",
        "facts": frozenset({"inr", "conditions"}),
        **more,
    }
    return a_spoken_rule(id, **fields)


def lowered(rule: Rule) -> Rule:
    """The rule after the pharmacy lowered its severity: by itself it interrupts nobody any more."""
    return replace(rule, severity=Severity.MINOR, indicator=Indicator.INFO)


def contraindicated(**more: Any) -> Rule:
    return bleeding(severity=Severity.CONTRAINDICATED, indicator=Indicator.CRITICAL, **more)


def inr_due(id: str = "inr-due", **more: Any) -> Rule:
    """The same drugs, worth a word and a test."""
    mild = {"severity": Severity.MINOR, "indicator": Indicator.INFO, "grades": (), "suggestions": (ORDER_INR,)}
    return bleeding(id, **{**mild, **more})


def antiplatelet_and_nsaid() -> Rule:
    """A rule of the same problem to which no test is an answer."""
    return bleeding("antiplatelet-nsaid", sides=(a_side("a", IBUPROFEN), a_side("b", CLOPIDOGREL)), grades=())


def ulcer_and_nsaid() -> Rule:
    """A rule of the same problem about the drug alone."""
    return a_spoken_rule(
        "ulcer-nsaid",
        sides=(a_side("this", IBUPROFEN),),
        all=(has_ulcer,),
        snooze="P30D",
        because="{{ this.name }} and an ulcer",
        card=CardText("{{ this.name }} and an ulcer", "Ulcer.", ("benefit-outweighs-risk",)),
        facts=frozenset({"conditions"}),
    )


def in_problem(release: Release, problem: str, group_by: str) -> Release:
    """The release with a problem grouped otherwise."""
    return replace(
        release, problems={**release.problems, problem: replace(release.problems[problem], group_by=group_by)}
    )
