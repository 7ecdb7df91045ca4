"""The two worked examples of the HL7 PDDI-CDS implementation guide, row by row.

Warfarin with an NSAID: the logic table and Table 1 of the guide (page "Use cases") divide patients by topical
diclofenac, by stomach protection and by risk factors, with three recommended actions. Digoxin with cyclosporine: the
leaves of `DigoxinCyclosporineCDSLogic.cql`. The guide answers with several cards of their own indicators; we answer
with one card, as urgent as the loudest of them.

Two rows are decided otherwise, both by the restated guide (02-interactions.md, BL01 and 2b): a protected stomach
without a risk factor makes the finding passive although the guide's base card stays a warning; and no stomach
protection is a warning with the offer to add it, where the guide's second card is critical for everybody.
"""

from dataclasses import dataclass, field
from typing import Any

import pytest

from cds_service.chart.chart import Chart
from cds_service.folders import data_folder
from cds_service.hooks.response import Card
from cds_service.knowledge.example_items import Listed
from cds_service.knowledge.examples import build_chart
from cds_service.knowledge.page import Page
from cds_service.knowledge.rules import Indicator
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from cds_service.terminology.index import open_index
from tests.rules.library import shipped
from tests.support.offers import as_sent, cards_on

WARFARIN = "warfarin sodium 5 MG Oral Tablet, 1/day, started 400 days ago"
IBUPROFEN = "ibuprofen 600 MG Oral Tablet, 1, 3/day"
GEL = "diclofenac sodium 0.01 MG/MG Topical Gel"
OMEPRAZOLE = "omeprazole 20 MG Delayed Release Oral Capsule, 1/day"
MISOPROSTOL = "misoprostol 0.2 MG Oral Tablet, 1, 4/day"
PREDNISONE = "prednisone 10 MG Oral Tablet, 1/day"
SPIRONOLACTONE = "spironolactone 25 MG Oral Tablet, 1/day"
NAPROXEN = "naproxen 500 MG Oral Tablet, 1, 2/day"
ULCER = "K25.4"
DIGOXIN = "digoxin 0.125 MG Oral Tablet, 1/day"
CYCLOSPORINE = "cyclosporine 100 MG Oral Capsule, 1, 2/day"
FUROSEMIDE = "furosemide 20 MG Oral Tablet, 1/day"
DIGOXIN_TAKEN = f"{DIGOXIN}, started 400 days ago"
CYCLOSPORINE_TAKEN = f"{CYCLOSPORINE}, started 380 days ago"

# Recommended actions of the guide, as our cards begin.
NO_PRECAUTIONS, ASSESS, BENEFIT = "No special precautions", "Assess the risk", "Use only if the benefit outweighs"


def at_age(years: int, **more: Any) -> dict[str, Any]:
    inr = {"value": 2.4, "unit": "{INR}", "days_ago": 3}
    return {"age": {"value": years, "unit": "a"}, "inr": inr, **more}


@dataclass(frozen=True)
class Row:
    """One row: who, and what the guide has us say. `action` begins the reason on the card; empty: the rule's own."""

    name: str
    order: str
    drugs: tuple[str, ...]
    chart: dict[str, Any] = field(default_factory=dict)
    indicator: Indicator | None = Indicator.WARNING
    action: str = ""


YOUNG, OLD = at_age(50), at_age(66)
WARFARIN_ROWS = [
    # Table 1, factor 1
    Row("topical diclofenac", GEL, (WARFARIN,), YOUNG, Indicator.INFO, NO_PRECAUTIONS),
    Row("topical diclofenac at 66", GEL, (WARFARIN,), OLD, Indicator.INFO, NO_PRECAUTIONS),
    # logic table, ophthalmic addition: no special precautions, and nothing to say
    Row("diclofenac eye drops", "diclofenac sodium 1 MG/ML Ophthalmic Solution", (WARFARIN,), YOUNG, None),
    # Table 1, factor 2
    Row("proton pump inhibitor", IBUPROFEN, (WARFARIN, OMEPRAZOLE), YOUNG, Indicator.INFO, ASSESS),
    Row("misoprostol", IBUPROFEN, (WARFARIN, MISOPROSTOL), YOUNG, Indicator.INFO, ASSESS),
    # factor 2 with a risk factor: cards 3 and 4 are warnings, their label is to assess the risk
    Row("protected, 66 years old", IBUPROFEN, (WARFARIN, OMEPRAZOLE), OLD, action=ASSESS),
    Row(
        "protected, earlier ulcer",
        IBUPROFEN,
        (WARFARIN, OMEPRAZOLE),
        at_age(50, past_conditions=[ULCER]),
        action=ASSESS,
    ),
    Row("protected, corticosteroid", IBUPROFEN, (WARFARIN, OMEPRAZOLE, PREDNISONE), YOUNG, action=ASSESS),
    Row("protected, aldosterone antagonist", IBUPROFEN, (WARFARIN, OMEPRAZOLE, SPIRONOLACTONE), YOUNG, action=ASSESS),
    Row("protected, second NSAID", IBUPROFEN, (WARFARIN, OMEPRAZOLE, NAPROXEN), YOUNG, action=ASSESS),
    # not protected, no risk factor: the base card
    Row("nothing else", IBUPROFEN, (WARFARIN,), YOUNG),
    Row("65 years old", IBUPROFEN, (WARFARIN,), at_age(65)),
    # Table 1, factor 3, first line
    Row("66 years old", IBUPROFEN, (WARFARIN,), OLD, action=BENEFIT),
    Row("ulcer", IBUPROFEN, (WARFARIN,), at_age(50, conditions=[ULCER]), action=BENEFIT),
    Row("earlier ulcer", IBUPROFEN, (WARFARIN,), at_age(50, past_conditions=[ULCER]), action=BENEFIT),
    # Table 1, factor 3, second line
    Row("corticosteroid", IBUPROFEN, (WARFARIN, PREDNISONE), YOUNG, action=BENEFIT),
    Row("aldosterone antagonist", IBUPROFEN, (WARFARIN, SPIRONOLACTONE), YOUNG, action=BENEFIT),
    Row("second NSAID", IBUPROFEN, (WARFARIN, NAPROXEN), YOUNG, action=BENEFIT),
    # "Inclusion Criteria": both drugs
    Row("no warfarin", IBUPROFEN, (OMEPRAZOLE,), YOUNG, None),
]


def measured(level: float | None = 0.7, level_days: int = 10, **other: float) -> dict[str, Any]:
    """Everything normal as the guide has it, but for what is named."""
    units = {"potassium": "mmol/L", "magnesium": "mg/dL", "calcium": "mg/dL", "creatinine": "mg/dL"}
    values = {"potassium": 4.2, "magnesium": 2.1, "calcium": 9.2, "creatinine": 0.9, **other}
    facts: dict[str, Any] = {
        name: {"value": value, "unit": units[name], "days_ago": 10} for name, value in values.items()
    }
    if level is not None:
        facts["digoxin_level"] = {"value": level, "unit": "ng/mL", "days_ago": level_days}
    return facts


def without(name: str) -> dict[str, Any]:
    return {fact: value for fact, value in measured().items() if fact != name}


AGAIN = f"{DIGOXIN}, renewal, started 400 days ago"
INFO, CRITICAL = Indicator.INFO, Indicator.CRITICAL
DIGOXIN_ROWS = [
    # "Get Card 2 Indicator": a new order for cyclosporine
    Row("new cyclosporine, level normal", CYCLOSPORINE, (DIGOXIN_TAKEN,), measured()),
    Row("new cyclosporine, no level", CYCLOSPORINE, (DIGOXIN_TAKEN,), measured(None), CRITICAL, BENEFIT),
    Row("new cyclosporine, level 0.9", CYCLOSPORINE, (DIGOXIN_TAKEN,), measured(0.9), CRITICAL, BENEFIT),
    Row("new cyclosporine, level of 31 days", CYCLOSPORINE, (DIGOXIN_TAKEN,), measured(0.7, 31), CRITICAL, BENEFIT),
    Row("new cyclosporine, low potassium", CYCLOSPORINE, (DIGOXIN_TAKEN,), measured(potassium=3.4)),
    # "Get Base Indicator": a new order for digoxin
    Row("new digoxin, level normal", DIGOXIN, (CYCLOSPORINE_TAKEN,), measured()),
    Row("new digoxin, no level", DIGOXIN, (CYCLOSPORINE_TAKEN,), measured(None)),
    # "Get Base Indicator": a continuation, everything normal
    Row("continued, all normal", AGAIN, (CYCLOSPORINE_TAKEN,), measured(), INFO, "Both drugs are continued"),
    # the same, no normal level
    Row("continued, no level", AGAIN, (CYCLOSPORINE_TAKEN,), measured(None)),
    Row("continued, level 0.9", AGAIN, (CYCLOSPORINE_TAKEN,), measured(0.9)),
    Row("continued, level of 31 days", AGAIN, (CYCLOSPORINE_TAKEN,), measured(0.7, 31)),
    # the same, a diuretic
    Row("continued, loop diuretic", AGAIN, (CYCLOSPORINE_TAKEN, FUROSEMIDE), measured()),
    Row("continued, aldosterone antagonist", AGAIN, (CYCLOSPORINE_TAKEN, SPIRONOLACTONE), measured()),
    # "Get Card 3 Indicator": an electrolyte or creatinine out of range or missing
    Row("continued, potassium 3.5", AGAIN, (CYCLOSPORINE_TAKEN,), measured(potassium=3.5)),
    Row("continued, potassium 5.0", AGAIN, (CYCLOSPORINE_TAKEN,), measured(potassium=5.0)),
    Row("continued, magnesium 1.6", AGAIN, (CYCLOSPORINE_TAKEN,), measured(magnesium=1.6)),
    # 1.1 mmol/L times 2.43 = 2.67 mg/dL
    Row("continued, magnesium 2.7", AGAIN, (CYCLOSPORINE_TAKEN,), measured(magnesium=2.7)),
    Row("continued, calcium 8.4", AGAIN, (CYCLOSPORINE_TAKEN,), measured(calcium=8.4)),
    Row("continued, calcium 10.3", AGAIN, (CYCLOSPORINE_TAKEN,), measured(calcium=10.3)),
    Row("continued, creatinine 0.6", AGAIN, (CYCLOSPORINE_TAKEN,), measured(creatinine=0.6)),
    Row("continued, creatinine 1.2", AGAIN, (CYCLOSPORINE_TAKEN,), measured(creatinine=1.2)),
    *(
        Row(f"continued, no {name}", AGAIN, (CYCLOSPORINE_TAKEN,), without(name))
        for name in ("potassium", "magnesium", "calcium", "creatinine")
    ),
    # "Inclusion Criteria": both drugs
    Row("no cyclosporine", DIGOXIN, (FUROSEMIDE,), measured(), None),
]


def chart_of(row: Row) -> Chart:
    page = Page("row")
    terminology = open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite")
    document = {"order": [row.order], "drugs": list(row.drugs), "chart": row.chart}
    chart = build_chart(page, row.name, document, frozenset(), Listed({}), terminology)
    assert page.problems == []
    return chart


def finding_of(rule: str, row: Row) -> Finding | None:
    findings = evaluate(shipped().release.index, chart_of(row))
    said = [each for each in findings if each.rule.id == rule and each.outcome is Outcome.FIRES]
    return said[0] if said else None


def check(rule: str, row: Row) -> None:
    finding = finding_of(rule, row)
    assert (finding.indicator if finding else None) == row.indicator
    if finding and row.action:
        assert finding.grade is not None
        assert finding.grade.because.startswith(row.action)


@pytest.mark.parametrize("row", WARFARIN_ROWS, ids=lambda row: row.name)
def test_warfarin_with_an_nsaid_follows_the_decision_table(row: Row) -> None:
    check("warfarin-nsaid", row)


@pytest.mark.parametrize("row", DIGOXIN_ROWS, ids=lambda row: row.name)
def test_digoxin_with_cyclosporine_follows_the_decision_table(row: Row) -> None:
    check("digoxin-cyclosporine", row)


def card_of(name: str) -> Card:
    row = next(each for each in WARFARIN_ROWS if each.name == name)
    cards = cards_on(as_sent(chart_of(row)), shipped().release)
    return next(card for card in cards if "warfarin" in card.summary)


def test_acetaminophen_is_offered_in_place_of_the_nsaid() -> None:
    # "Get Base Label 2": Acetaminophen 500 MG Oral Tablet, RXCUI 198440
    offered = card_of("nothing else").suggestions or ()
    assert any("acetaminophen 500 mg" in each.label and b"198440" in created(each) for each in offered)


def test_stomach_protection_is_offered_to_whom_has_none() -> None:
    assert "protect the stomach" in labels_on("nothing else")
    assert "protect the stomach" not in labels_on("proton pump inhibitor")


def labels_on(name: str) -> str:
    return " ".join(each.label for each in card_of(name).suggestions or ())


def created(suggestion: Any) -> bytes:
    return b"".join(bytes(action.resource or b"") for action in suggestion.actions)


@pytest.mark.parametrize("rule", ["warfarin-nsaid", "digoxin-cyclosporine"])
def test_the_card_holds_the_minimum_information_of_an_interaction(rule: str) -> None:
    # drugs, consequences (title of the problem), seriousness, mechanism, recommended action, evidence
    shown = shipped().release.rules[rule]
    assert shown.mechanism
    assert shown.management
    assert shown.severity == "major"
    assert any("PDDI-CDS" in each.citation for each in shown.evidence)
