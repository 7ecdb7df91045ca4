"""Every group of the duplicate therapy reference has a rule, or another rule that speaks in its place."""

import csv

import pytest

from cds_service.knowledge.rules import Status
from tests.rules.library import shipped
from tests.support.shared import SHARED, needs_shared

pytestmark = needs_shared

REFERENCE = SHARED / "data" / "drugs" / "knowledge_tables" / "duplicate_therapy.csv"

# Groups whose pairs an interaction or a dose rule already names: one pair, one card.
SPOKEN_FOR = {
    "Anticoagulant": ("ddi.two-anticoagulants", "ddi.doac-parenteral", "ddi.two-parenteral"),
    "K-sparing / MRA": ("ddi.two-potassium-sparing",),
    "Acetaminophen (ingredient)": ("acetaminophen-daily-total",),
}
# An order for the same content renews the old one; for the rest of this group nothing speaks but a sum of doses.
SAME_INGREDIENT = "Same ingredient"

RULES = {
    "Opioid, long-acting": ("two-long-acting-opioids", "methadone-with-long-acting-opioid"),
    "Opioid, short-acting": ("two-short-acting-opioids",),
    "Benzodiazepine": ("two-benzodiazepines",),
    "Benzodiazepine + Z-drug + orexin": ("two-hypnotics",),
    "NSAID": ("duplicate-therapy.nsaid",),
    "ACEI": ("duplicate-therapy.ace-inhibitor",),
    "ARB": ("duplicate-therapy.arb",),
    "RAAS cross-class": ("two-raas-blockers",),
    "Beta-blocker": ("duplicate-therapy-oral.beta-blocker",),
    "DHP CCB": ("duplicate-therapy-oral.dihydropyridine",),
    "Non-DHP CCB": ("duplicate-therapy.non-dihydropyridine",),
    "Statin": ("duplicate-therapy.statin",),
    "Fibrate": ("duplicate-therapy.fibrate",),
    "PPI": ("duplicate-therapy-oral.ppi",),
    "H2RA": ("duplicate-therapy-oral.h2-blocker",),
    "SSRI": ("duplicate-therapy.ssri",),
    "SNRI": ("duplicate-therapy.snri",),
    "SSRI + SNRI": ("duplicate-therapy.ssri-snri",),
    "TCA": ("duplicate-therapy.tca",),
    "Antipsychotic (2+)": ("two-antipsychotics", "quetiapine-with-antipsychotic"),
    "P2Y12": ("duplicate-therapy.p2y12-inhibitor",),
    "Loop": ("duplicate-therapy.loop-diuretic",),
    "Thiazide": ("duplicate-therapy.thiazide",),
    "Potassium supplements": ("duplicate-therapy-oral.potassium-supplement",),
    "Alpha-1 blocker": ("duplicate-therapy.alpha-1-blocker",),
    "Sulfonylurea / meglitinide": ("duplicate-therapy.insulin-secretagogue",),
    "DPP4": ("duplicate-therapy.dpp-4-inhibitor",),
    "GLP1": ("duplicate-therapy.glp-1-agonist",),
    "DPP4 + GLP1 (same axis)": ("duplicate-therapy.dpp-4-glp-1",),
    "SGLT2": ("duplicate-therapy.sglt2-inhibitor",),
    "Basal insulin": ("duplicate-therapy.basal-insulin",),
    "Rapid / short insulin": ("duplicate-therapy.rapid-insulin",),
    "Corticosteroid systemic": ("duplicate-therapy-oral.corticosteroid",),
    "Triptan": ("duplicate-therapy.triptan",),
    "Muscle relaxant": ("duplicate-therapy.muscle-relaxant",),
    "Gabapentinoid": ("duplicate-therapy.gabapentinoid",),
    "Bisphosphonate": ("duplicate-therapy.bisphosphonate",),
    "Anticholinergic (2+)": ("several-anticholinergics",),
    "PDE5": ("duplicate-therapy.pde5-inhibitor",),
    "Fluoroquinolone": ("duplicate-therapy-oral.fluoroquinolone",),
    "Azole (systemic)": ("duplicate-therapy-oral.azole-antifungal",),
    "LABA": ("duplicate-therapy.laba",),
    "LAMA": ("duplicate-therapy.lama",),
    "Setron": ("duplicate-therapy-oral.setron",),
    "Stimulant (ADHD)": ("duplicate-therapy.adhd-stimulant",),
    "Thyroid": ("duplicate-therapy.thyroid-hormone",),
}


def groups() -> dict[str, frozenset[str]]:
    """The ingredients of each group of the reference."""
    rows = csv.DictReader(REFERENCE.read_text("utf-8").splitlines())
    return {row["group"]: frozenset(row["rxcuis"].split(";")) for row in rows}


def test_no_group_of_the_reference_is_forgotten() -> None:
    assert set(groups()) == {*RULES, *SPOKEN_FOR, SAME_INGREDIENT}
    assert len(groups()) == 50


@pytest.mark.parametrize("group", [*RULES, *SPOKEN_FOR])
def test_the_rules_of_a_group_are_active(group: str) -> None:
    for id in RULES.get(group, SPOKEN_FOR.get(group, ())):
        assert shipped().release.rules[id].status is Status.ACTIVE


@pytest.mark.parametrize("group", RULES)
def test_the_rules_of_a_group_name_its_drugs_and_no_others(group: str) -> None:
    named = frozenset().union(*(side.ingredients for id in RULES[group] for side in shipped().release.rules[id].sides))
    assert named <= groups()[group]
