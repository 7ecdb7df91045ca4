"""Every recommendation of CPIC's table is put to the library: what asks for a change is said, what does not is not.

The table is one row for each combination of results; a result that is missing from a row is one that was not tested.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Known
from cds_service.chart.genomic_facts import PHENOTYPES, SCORED, allele_of, phenotype_of, score_of
from cds_service.knowledge.index import index_rules
from cds_service.reasoning.evaluate import evaluate
from cds_service.reasoning.findings import Finding, Outcome
from tests.rules.library import shipped
from tests.support.charts import ICD10CM, NOW, a_chart, a_dose, a_draft, a_drug, a_problem, number
from tests.support.shared import SHARED, needs_shared

FILE = SHARED / "data/drugs/cpic/cpic_recommendations_2024-05.csv"
NOT_TESTED = {"No Result", "n/a"}

# Activity scores of each phenotype, as CPIC's recommendations have it (restated in 08-pharmacogenomics.md).
HIGHEST_SCORE = {
    "CYP2C9": ((0.5, "Poor Metabolizer"), (1.5, "Intermediate Metabolizer"), (2.0, "Normal Metabolizer")),
    "CYP2D6": (
        (0.0, "Poor Metabolizer"),
        (1.0, "Intermediate Metabolizer"),
        (2.25, "Normal Metabolizer"),
        (99.0, "Ultrarapid Metabolizer"),
    ),
    "DPYD": ((0.5, "Poor Metabolizer"), (1.5, "Intermediate Metabolizer"), (2.0, "Normal Metabolizer")),
}

# What CPIC says of one use, one age, or after months of use, told apart by what the chart holds.
LONG, CHILD, ADULT, HIGH = 200, 12, 40, 10000
USES: Mapping[str, Problem] = {
    "CVI ACS PCI": a_problem("NSTEMI", (ICD10CM, "I21.4")),
    "CVI non-ACS non-PCI": a_problem("Atherosclerosis", (ICD10CM, "I70.2")),
    "NVI": a_problem("Stroke", (ICD10CM, "I63.9")),
}
# Whether there is another anticonvulsant for the patient is not on a chart.
UNKNOWABLE = {"CBZ-no alternatives"}

# With HLA-B*15:02 and months of use CPIC has no word on the dose; the result of CYP2C9 is as true as without.
BESIDE_THE_POINT = {"phenytoin", "fosphenytoin"}

# Dosing advice that is no reason to speak: how to raise the dose of a normal or rapid metabolizer.
TITRATION = ("If patient does not adequately respond", "Consider increasing dose by 50-100%", "after 3 days")

Row = dict[str, str]


@cache
def rows() -> tuple[Row, ...]:
    with FILE.open(encoding="utf-8") as file:
        return tuple(row for row in csv.DictReader(file) if row["population"] not in UNKNOWABLE and row["rxcui"])


def asks_for_a_change(row: Row) -> bool:
    flagged = "True" in (row["dosing_info"], row["alternate_drug"])
    return flagged and not any(words in row["recommendation"] for words in TITRATION)


def results_of(row: Row) -> dict[str, Any]:
    """The facts of the patient that a row is about."""
    facts: dict[str, Any] = {}
    for part in row["phenotype_lookup"].split("; "):
        gene, _, result = part.partition("=")
        if result not in NOT_TESTED:
            facts.update(facts_of(gene, result))
    return facts


def facts_of(gene: str, result: str) -> Iterator[tuple[str, Fact[Any]]]:
    if result.startswith("*"):
        yield allele_of(gene, result.split()[0]), Known(result)
    elif gene in SCORED and result != "Indeterminate":
        score = float(result.removeprefix("≥"))
        yield score_of(gene), number(score, "{score}", at_least=result.startswith("≥"))
        yield phenotype_of(gene), Known(next(word for most, word in HIGHEST_SCORE[gene] if score <= most))
    else:
        assert result in PHENOTYPES[gene], result
        yield phenotype_of(gene), Known(result)


def chart_of(row: Row) -> Chart:
    """The drug ordered at a high dose; renewed after months where the recommendation is about long use."""
    population, drug, rxcui = row["population"], row["drug"], row["rxcui"]
    long = ">3" in population or ">12 weeks" in row["recommendation"]
    renewed = {"continues": f"MedicationRequest/{drug}", "dose_change": "same"} if long else {}
    age = number(CHILD if population == "pediatrics" else ADULT, "a")
    before = a_drug(drug, rxcui, authored=NOW - timedelta(days=LONG))
    order = a_draft(drug, rxcui, dose=a_dose(rxcui, HIGH), authored=NOW, **renewed)
    uses = [USES[population]] if population in USES else []
    chart = a_chart(orders=[order], conditions=uses, age=age, **results_of(row))
    return replace(chart, continued={order.reference: before}) if long else chart


@cache
def index() -> Any:
    rules = shipped().release.rules.values()
    return index_rules(tuple(rule for rule in rules if rule.family == "genomics"))


def spoken(row: Row) -> list[Finding]:
    return [finding for finding in evaluate(index(), chart_of(row)) if finding.outcome is Outcome.FIRES]


def named(row: Row) -> str:
    return f"{row['drug']} ({row['population']}), {row['phenotype_lookup']}: {row['recommendation'][:60]}"


@needs_shared
@pytest.mark.shared
def test_the_table_is_whole() -> None:
    assert len({row["drug"] for row in rows()}) > 70
    assert len(rows()) > 1900


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("strength", ["Strong", "Moderate", "Optional"])
def test_what_asks_for_a_change_is_said(strength: str) -> None:
    asked = [row for row in rows() if row["strength"] == strength and asks_for_a_change(row)]
    assert asked
    assert [named(row) for row in asked if not spoken(row)] == []


@needs_shared
@pytest.mark.shared
def test_what_asks_for_no_change_is_not_said() -> None:
    others = [row for row in rows() if not asks_for_a_change(row) and "xN" not in row["phenotype_lookup"]]
    quiet = [row for row in others if row["drug"] not in BESIDE_THE_POINT or "positive" not in row["phenotype_lookup"]]
    assert [f"{named(row)}: {spoken(row)[0].rule.id}" for row in quiet if spoken(row)] == []
